import { Transaction, type InterfaceAbi, type JsonRpcProvider, type TransactionReceipt } from 'ethers';
import type { Hex } from '../../domain/types.ts';
import type { Intent } from './intent-store.ts';
import { createRevertDecoder, type Revert } from './revert.ts';

/** What became of an intent. */
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

/** Receipts of intents. */
export interface Outcomes {
  /** Of any bytes that were ever signed for the intent; one that succeeded before one that reverted. Null while the node knows none. */
  receiptOf(intent: Intent): Promise<TransactionReceipt | null>;
  minedFrom(intent: Intent, receipt: TransactionReceipt): Promise<Mined>;
}

/**
 * @param sender lower-case address of the account that sends
 * @param errorAbis ABIs whose custom errors may come back
 */
export function createOutcomes(
  provider: JsonRpcProvider,
  sender: Hex,
  errorAbis: readonly InterfaceAbi[],
): Outcomes {
  const decodeRevert = createRevertDecoder(provider, errorAbis);

  const revertOf = (intent: Intent, receipt: TransactionReceipt): Promise<Revert> => {
    const transaction = Transaction.from(intent.raw);
    return decodeRevert({
      hash: receipt.hash as Hex,
      from: sender,
      to: transaction.to as Hex,
      data: transaction.data as Hex,
      blockNumber: receipt.blockNumber,
      outOfGas: receipt.gasUsed >= transaction.gasLimit,
    });
  };

  return {
    async receiptOf(intent) {
      let reverted: TransactionReceipt | null = null;
      for (const hash of [intent.hash, ...intent.replaced]) {
        const receipt = await provider.getTransactionReceipt(hash);
        if (receipt?.status === 1) return receipt;
        reverted ??= receipt;
      }
      return reverted;
    },

    async minedFrom(intent, receipt) {
      const { blockNumber, gasUsed, gasPrice, logs } = receipt;
      const reverted = receipt.status === 1 ? null : await revertOf(intent, receipt);
      return {
        effect: intent.effect,
        hash: receipt.hash as Hex,
        blockNumber,
        gasUsed,
        gasPrice,
        logs,
        reverted,
      };
    },
  };
}
