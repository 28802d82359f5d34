/** Transactions of the demo accounts. */
import { createPublicClient, http, type Abi, type Account, type Hex as ViemHex } from 'viem';
import { encodeFunctionData } from 'viem';
import { testStablecoinAbi, vaultAbi } from '../../contracts/generated/abi.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { untilMined } from '../../contracts/receipt.ts';
import type { Hex } from '../../domain/types.ts';

export interface Call {
  to: Hex;
  data: ViemHex;
}

export interface Balances {
  /** Base units. */
  available: bigint;
  bidding: bigint;
}

export interface ChainClient {
  read: ReturnType<typeof createPublicClient>;
  /**
   * Sends the calls in this order, all at once, and waits until the last is mined.
   * @throws Error that names the first call that reverted
   */
  send(
    account: Account & { signTransaction: NonNullable<Account['signTransaction']> },
    calls: Call[],
  ): Promise<void>;
  balancesOf(account: Hex): Promise<Balances>;
  /** Chain time, unix seconds. */
  now(): Promise<bigint>;
}

/** Later calls of a batch build on earlier ones that are not mined yet, so that nothing can be estimated. */
const GAS_LIMIT = 2_000_000n;
const RECEIPT_MS = 60_000;

export function createChainClient(rpcUrl: string, deployment: Deployment): ChainClient {
  const read = createPublicClient({ transport: http(rpcUrl), pollingInterval: 250, cacheTime: 0 });
  return {
    read,
    async send(account, calls) {
      if (calls.length === 0) return;
      const [nonce, fees] = await Promise.all([
        read.getTransactionCount({ address: account.address, blockTag: 'pending' }),
        read.estimateFeesPerGas(),
      ]);
      const hashes: ViemHex[] = [];
      for (const [index, call] of calls.entries()) {
        const serializedTransaction = await account.signTransaction({
          type: 'eip1559',
          chainId: deployment.chainId,
          nonce: nonce + index,
          gas: GAS_LIMIT,
          maxFeePerGas: fees.maxFeePerGas * 2n,
          maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
          ...call,
        });
        hashes.push(await read.sendRawTransaction({ serializedTransaction }));
      }
      for (const [index, hash] of hashes.entries()) {
        const ask = () => read.request({ method: 'eth_getTransactionReceipt', params: [hash] });
        const receipt = await untilMined(ask, RECEIPT_MS);
        if (receipt.status !== '0x1')
          throw new Error(`call ${index + 1} of ${calls.length} reverted (${hash})`);
      }
    },
    async balancesOf(account) {
      const [available, bidding] = await read.readContract({
        address: deployment.vault,
        abi: vaultAbi,
        functionName: 'balanceOf',
        args: [account],
      });
      return { available, bidding };
    },
    now: async () => (await read.getBlock()).timestamp,
  };
}

/** Makes test money, and puts it into the account's vault balance. */
export function depositCalls(deployment: Deployment, account: Hex, amount: bigint): Call[] {
  const { token, vault } = deployment;
  return [
    callOf(token, testStablecoinAbi, 'mint', [account, amount]),
    callOf(token, testStablecoinAbi, 'approve', [vault, amount]),
    callOf(vault, vaultAbi, 'deposit', [amount]),
  ];
}

export function callOf(to: Hex, abi: Abi, functionName: string, args: readonly unknown[]): Call {
  return { to, data: encodeFunctionData({ abi, functionName, args }) };
}
