import {
  computeAddress,
  Transaction,
  type InterfaceAbi,
  type JsonRpcProvider,
  type TransactionReceipt,
} from 'ethers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Hex } from '../../domain/types.ts';
import { createIntentStore, type Intent, type SignedBytes } from './intent-store.ts';
import { signTransaction, type Unsigned } from './raw-transaction.ts';
import { createRevertDecoder, rpcError, type Revert } from './revert.ts';

/** A transaction may use 2²⁴ gas (EIP-7825). */
export const MAX_TRANSACTION_GAS = 16_777_216n;

/** One effect on the chain. `effect` names it for ever: the same name is never signed for two nonces at once. */
export interface Call {
  effect: string;
  to: Hex;
  data: Hex;
  gasLimit: bigint;
}

export interface Mined {
  effect: string;
  hash: Hex;
  blockNumber: number;
  gasUsed: bigint;
  /** Fee per gas paid, in wei. */
  gasPrice: bigint;
  logs: readonly { address: string; topics: readonly string[]; data: string }[];
  /** Null when it succeeded. */
  reverted: Revert | null;
}

/** Not mined within the time given; sending again continues with the stored bytes. */
export class TransactionPending extends Error {
  readonly effects: string[];
  readonly retryable = true;
  constructor(effects: string[], cause?: unknown) {
    super(`not mined yet: ${effects.join(', ')}`, { cause });
    this.effects = effects;
  }
}

export interface TransactionManagerOptions {
  pool: Pool;
  provider: JsonRpcProvider;
  chainId: number;
  /** Hex private key of the one account that sends. */
  key: Hex;
  /** ABIs whose custom errors may come back. */
  errorAbis: readonly InterfaceAbi[];
  /** Called after each broadcast; a replay mines its block here. */
  onBroadcast?: (() => Promise<void>) | undefined;
  /** Milliseconds between looks for receipts. */
  pollMs?: number;
  /** Milliseconds without a receipt after which the fee is raised. */
  bumpAfterMs?: number;
  /** Milliseconds after which `send` gives up waiting with `TransactionPending`. */
  timeoutMs?: number;
}

/**
 * One account, many effects, at-least-once callers. Intent, nonce and signed bytes are stored before the
 * broadcast; the same bytes are sent again until they are mined; a stuck fee is raised by replacement.
 */
export interface TransactionManager {
  readonly address: Hex;
  /** Whether an effect has stored bytes. */
  has(effect: string): Promise<boolean>;
  /** Signs what is new with consecutive nonces, broadcasts all, waits for all. Results in the order of `calls`. */
  send(calls: readonly Call[]): Promise<Mined[]>;
  /** Sends unfinished intents again and those that a reorganisation took out of the chain; returns how many. */
  resume(): Promise<number>;
}

/** How many finished intents `resume` looks back for a reorganisation. */
const REORG_LOOKBACK = 64;

export function createTransactionManager(options: TransactionManagerOptions): TransactionManager {
  const { pool, provider, chainId } = options;
  const address = computeAddress(options.key).toLowerCase() as Hex;
  const store = createIntentStore(pool, address);
  const decodeRevert = createRevertDecoder(provider, options.errorAbis);
  const pollMs = options.pollMs ?? 100;
  const bumpAfterMs = options.bumpAfterMs ?? 30_000;
  const timeoutMs = options.timeoutMs ?? 120_000;

  const firstFree = (): Promise<number> => provider.getTransactionCount(address, 'latest');

  /** Twice the base fee outlasts six full blocks; the tip is a gwei, or the node's word when it is higher. */
  const fees = async (): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> => {
    const block = await provider.getBlock('latest');
    const maxPriorityFeePerGas = 1_000_000_000n;
    return { maxFeePerGas: (block?.baseFeePerGas ?? 0n) * 2n + maxPriorityFeePerGas, maxPriorityFeePerGas };
  };

  const signBytes = (effect: string, call: Omit<Unsigned, 'chainId'>): SignedBytes => ({
    effect,
    ...signTransaction(options.key, { chainId, ...call }),
  });

  const callOf = (intent: Intent): Pick<Unsigned, 'to' | 'data' | 'gasLimit'> => {
    const { to, data, gasLimit } = Transaction.from(intent.raw);
    return { to: to as Hex, data: data as Hex, gasLimit };
  };

  const receiptOf = async (intent: Intent): Promise<TransactionReceipt | null> => {
    for (const hash of [intent.hash, ...intent.replaced]) {
      const receipt = await provider.getTransactionReceipt(hash);
      if (receipt !== null) return receipt;
    }
    return null;
  };

  /** Sends the stored bytes; what the node already has is no error, a used nonce is for the caller to find out. */
  const broadcast = async (intent: Intent): Promise<void> => {
    try {
      await provider.send('eth_sendRawTransaction', [intent.raw]);
    } catch (error) {
      const { message } = rpcError(error);
      if (/already (known|imported)|nonce (is )?too low|nonce has already been used/i.test(message)) return;
      throw new Error(`broadcast of ${intent.effect} refused: ${message}`, { cause: error });
    }
  };

  const broadcastAll = async (intents: readonly Intent[]): Promise<void> => {
    if (intents.length === 0) return;
    await Promise.all(intents.map(broadcast));
    const fresh = intents.filter((intent) => intent.state === 'signed').map((intent) => intent.effect);
    await Promise.all([fresh.length > 0 ? store.mark(fresh, 'sent') : null, options.onBroadcast?.()]);
  };

  const revertOf = (intent: Intent, receipt: TransactionReceipt): Promise<Revert> => {
    const transaction = Transaction.from(intent.raw);
    return decodeRevert({
      hash: receipt.hash as Hex,
      from: address,
      to: transaction.to as Hex,
      data: transaction.data as Hex,
      blockNumber: receipt.blockNumber,
      outOfGas: receipt.gasUsed >= transaction.gasLimit,
    });
  };

  const minedFrom = async (intent: Intent, receipt: TransactionReceipt): Promise<Mined> => {
    const { blockNumber, gasUsed, gasPrice, logs } = receipt;
    const reverted = receipt.status === 1 ? null : await revertOf(intent, receipt);
    const hash = receipt.hash as Hex;
    return { effect: intent.effect, hash, blockNumber, gasUsed, gasPrice, logs, reverted };
  };

  /** A quarter more than before satisfies every node's replacement rule (a tenth), and never less than today's price. */
  const bump = async (intent: Intent): Promise<Intent> => {
    const transaction = Transaction.from(intent.raw);
    const now = await fees();
    const raised = (old: bigint | null, current: bigint): bigint => {
      const dearer = ((old ?? 0n) * 5n) / 4n + 1n;
      return dearer > current ? dearer : current;
    };
    const bytes = signBytes(intent.effect, {
      ...callOf(intent),
      nonce: intent.nonce,
      maxFeePerGas: raised(transaction.maxFeePerGas, now.maxFeePerGas),
      maxPriorityFeePerGas: raised(transaction.maxPriorityFeePerGas, now.maxPriorityFeePerGas),
    });
    return store.replace(intent, bytes);
  };

  /** The nonce went to a transaction that is not ours: the same call under a new nonce. */
  const renonce = async (intent: Intent): Promise<Intent> => {
    const [fee, free] = await Promise.all([fees(), firstFree()]);
    return store.renonce(intent, free, (effect, nonce) =>
      signBytes(effect, { ...callOf(intent), nonce, ...fee }),
    );
  };

  /** One look: what is mined is taken out of `waiting`. */
  const collect = async (waiting: Map<string, Intent>, mined: Map<string, Mined>): Promise<void> => {
    const look = async (intent: Intent): Promise<void> => {
      const receipt = await receiptOf(intent);
      if (receipt === null) return;
      mined.set(intent.effect, await minedFrom(intent, receipt));
      waiting.delete(intent.effect);
    };
    await Promise.all([...waiting.values()].map(look));
  };

  const settleStates = async (
    mined: readonly Mined[],
    before: ReadonlyMap<string, Intent>,
  ): Promise<void> => {
    for (const state of ['mined', 'failed'] as const) {
      const effects = mined
        .filter(
          (result) =>
            (result.reverted === null) === (state === 'mined') && before.get(result.effect)?.state !== state,
        )
        .map((result) => result.effect);
      if (effects.length > 0) await store.mark(effects, state);
    }
  };

  /** Waits until all are mined; raises fees and takes new nonces on the way. */
  const waitFor = async (intents: readonly Intent[]): Promise<Map<string, Mined>> => {
    const waiting = new Map(intents.map((intent) => [intent.effect, intent]));
    const before = new Map(waiting);
    const mined = new Map<string, Mined>();
    const started = Date.now();
    let lastMove = started;
    for (;;) {
      await collect(waiting, mined);
      if (waiting.size === 0) break;
      if (Date.now() - started > timeoutMs) {
        await settleStates([...mined.values()], before);
        throw new TransactionPending([...waiting.keys()]);
      }
      if (Date.now() - lastMove > bumpAfterMs) {
        lastMove = Date.now();
        const used = await firstFree();
        for (const intent of await store.unfinished(used))
          if (!waiting.has(intent.effect)) await broadcast(intent);
        for (const intent of [...waiting.values()]) {
          // Asked after the nonce count, so a receipt that came in between is not taken for a lost nonce.
          if (intent.nonce < used && (await receiptOf(intent)) !== null) continue;
          const next = intent.nonce < used ? await renonce(intent) : await bump(intent);
          waiting.set(intent.effect, next);
          await broadcast(next);
        }
        await options.onBroadcast?.();
      } else {
        await sleep(pollMs);
      }
    }
    await settleStates([...mined.values()], before);
    return mined;
  };

  return {
    address,

    async has(effect) {
      return (await store.find([effect])).length > 0;
    },

    async send(calls) {
      const byEffect = new Map(calls.map((call) => [call.effect, call]));
      const [fee, free] = await Promise.all([fees(), firstFree()]);
      const intents = await store.reserve([...byEffect.keys()], free, (effect, nonce) => {
        const call = byEffect.get(effect) as Call;
        if (call.gasLimit > MAX_TRANSACTION_GAS)
          throw new Error(`${effect} asks for ${call.gasLimit} gas, more than a transaction may use`);
        return signBytes(effect, {
          to: call.to,
          data: call.data,
          gasLimit: call.gasLimit,
          nonce,
          ...fee,
        });
      });
      const ours = new Set(intents.map((intent) => intent.effect));
      // Another caller's bytes that never left hold a lower nonce, and ours would wait for it for ever.
      const open = await store.unfinished(free);
      await broadcastAll(open.filter((intent) => intent.state === 'signed' || ours.has(intent.effect)));
      const mined = await waitFor(intents);
      return calls.map((call) => mined.get(call.effect) as Mined);
    },

    async resume() {
      const again = await store.unfinished(0);
      for (const intent of await store.recentlyMined(REORG_LOOKBACK)) {
        if ((await receiptOf(intent)) === null) again.push(intent);
      }
      if (again.length === 0) return 0;
      again.sort((a, b) => a.nonce - b.nonce);
      const open: Intent[] = [];
      const used = await firstFree();
      for (const intent of again) {
        const receipt = await receiptOf(intent);
        if (receipt !== null) await store.mark([intent.effect], receipt.status === 1 ? 'mined' : 'failed');
        else open.push(intent.nonce < used ? await renonce(intent) : intent);
      }
      await broadcastAll(open);
      return open.length;
    },
  };
}
