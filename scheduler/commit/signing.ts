import { computeAddress, Transaction, type JsonRpcProvider } from 'ethers';
import type { Hex } from '../../domain/types.ts';
import type { Intent, SignedBytes } from './intent-store.ts';
import { signTransaction, type Unsigned } from './raw-transaction.ts';

/** A transaction may use 2²⁴ gas (EIP-7825). */
export const MAX_TRANSACTION_GAS = 16_777_216n;
/** What the least transaction uses. */
const NOTHING_GAS = 21_000n;
const TIP_WEI = 1_000_000_000n;

/** One effect on the chain. `effect` names it for ever: the same name is never signed for two nonces at once. */
export interface Call {
  effect: string;
  to: Hex;
  data: Hex;
  gasLimit: bigint;
}

/** Wei per gas. */
export interface Fee {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

/** One account's signatures under transactions. */
export interface TransactionSigner {
  readonly address: Hex;
  /** Twice the base fee outlasts six full blocks; the tip is a gwei. */
  price(): Promise<Fee>;
  /** @throws Error when the call asks for more gas than a transaction may use */
  call(call: Call, nonce: number, fee: Fee): SignedBytes;
  /** The same call and nonce for more: a quarter satisfies every node's replacement rule (a tenth), and never less than `fee`. */
  dearer(intent: Intent, fee: Fee): SignedBytes;
  /** The same call under another nonce. */
  moved(intent: Intent, nonce: number, fee: Fee): SignedBytes;
  /** A transaction that does nothing but use up its nonce. */
  nothing(nonce: number, fee: Fee): SignedBytes;
}

const FILL = 'fill:';

/** Whether the intent is for its nonce alone. */
export const isFill = (intent: { effect: string }): boolean => intent.effect.startsWith(FILL);

export function createTransactionSigner(
  provider: JsonRpcProvider,
  chainId: number,
  key: Hex,
): TransactionSigner {
  const address = computeAddress(key).toLowerCase() as Hex;

  const sign = (effect: string, transaction: Omit<Unsigned, 'chainId'>): SignedBytes => ({
    effect,
    ...signTransaction(key, { chainId, ...transaction }),
  });

  const callOf = ({ to, data, gasLimit }: Transaction): Pick<Unsigned, 'to' | 'data' | 'gasLimit'> => ({
    to: to as Hex,
    data: data as Hex,
    gasLimit,
  });

  const raised = (old: bigint | null, current: bigint): bigint => {
    const dearer = ((old ?? 0n) * 5n) / 4n + 1n;
    return dearer > current ? dearer : current;
  };

  return {
    address,

    async price() {
      const block = await provider.getBlock('latest');
      return {
        maxFeePerGas: (block?.baseFeePerGas ?? 0n) * 2n + TIP_WEI,
        maxPriorityFeePerGas: TIP_WEI,
      };
    },

    call({ effect, to, data, gasLimit }, nonce, fee) {
      if (gasLimit > MAX_TRANSACTION_GAS)
        throw new Error(`${effect} asks for ${gasLimit} gas, more than a transaction may use`);
      return sign(effect, { to, data, gasLimit, nonce, ...fee });
    },

    dearer(intent, fee) {
      const before = Transaction.from(intent.raw);
      return sign(intent.effect, {
        ...callOf(before),
        nonce: before.nonce,
        maxFeePerGas: raised(before.maxFeePerGas, fee.maxFeePerGas),
        maxPriorityFeePerGas: raised(before.maxPriorityFeePerGas, fee.maxPriorityFeePerGas),
      });
    },

    moved(intent, nonce, fee) {
      return sign(intent.effect, { ...callOf(Transaction.from(intent.raw)), nonce, ...fee });
    },

    nothing(nonce, fee) {
      return sign(`${FILL}${nonce}`, { to: address, data: '0x', gasLimit: NOTHING_GAS, nonce, ...fee });
    },
  };
}
