/** A challenger on its chain: reads, and transactions one after the other. */
import {
  createPublicClient,
  createWalletClient,
  decodeErrorResult,
  http,
  BaseError,
  type Abi,
  type Log,
  type PublicClient,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bondAbi,
  claimsAbi,
  oversoldAbi,
  receiptsAbi,
  testStablecoinAbi,
  vaultAbi,
} from '../../contracts/generated/abi.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';

const ERRORS: readonly Abi[] = [claimsAbi, receiptsAbi, oversoldAbi, bondAbi, vaultAbi, testStablecoinAbi];

/** How long a transaction may take. */
const PATIENCE_MS = 600_000;

export interface Wallet {
  client: PublicClient;
  address: Hex;
  account: PrivateKeyAccount;
  /** Sends and waits until it is mined. @throws Refused when the chain refuses it, with its reason */
  send(to: Hex, data: Hex): Promise<readonly Log[]>;
  /** Runs what looks at a balance and then stakes it: one after the other, whoever asks. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Unix seconds of the newest block. */
  now(): Promise<bigint>;
  /** Waits until the chain's time is past `time`. */
  past(time: bigint): Promise<void>;
}

/** The chain's own refusal of a call. */
export class Refused extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(`the chain refuses: ${reason}`);
    this.reason = reason;
  }
}

/** @param pollMs between looks at the chain */
export function openWallet(rpcUrl: string, account: PrivateKeyAccount, pollMs = 1_000): Wallet {
  const transport = http(rpcUrl);
  const client = createPublicClient({ transport, pollingInterval: pollMs, cacheTime: 0 });
  const sender = createWalletClient({ account, transport });
  const address = account.address.toLowerCase() as Hex;
  const minedOf = async (hash: Hex): Promise<TransactionReceipt> => {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const receipt = await client.getTransactionReceipt({ hash }).catch((error: unknown) => {
        if (error instanceof TransactionReceiptNotFoundError) return null;
        throw error;
      });
      if (receipt !== null) return receipt;
      if (Date.now() > until)
        throw new Refusal(
          'NOT_READY',
          `Transaction ${hash} is not mined yet.`,
          'Start again: it goes on where it is.',
        );
      await sleep(pollMs);
    }
  };
  const now = async (): Promise<bigint> => (await client.getBlock({ blockTag: 'latest' })).timestamp;
  const sendOne = async (to: Hex, data: Hex): Promise<readonly Log[]> => {
    try {
      // As in the next block: what is announced in the newest one can be told there.
      await client.call({ account, to, data, blockTag: 'pending' });
    } catch (error) {
      throw refused(error);
    }
    const hash = await sender.sendTransaction({ to, data, chain: null });
    const receipt = await minedOf(hash);
    if (receipt.status !== 'success') throw new Refused(`transaction ${hash} was mined and failed`);
    return receipt.logs;
  };
  return {
    client,
    account,
    address,
    now,
    // Each takes the account's next nonce.
    send: oneByOne(sendOne),
    inTurn: oneByOne((work: () => Promise<unknown>) => work()) as Wallet['inTurn'],
    async past(time) {
      while ((await now()) <= time) await sleep(pollMs);
    },
  };
}

function refused(error: unknown): Error {
  if (!(error instanceof BaseError)) return error as Error;
  const inner = error.walk((cause) => typeof (cause as { data?: unknown }).data === 'string');
  const data = (inner as { data?: Hex } | null)?.data;
  if (data === undefined) {
    if (/insufficient funds/i.test(error.message))
      return new Refusal(
        'ENVIRONMENT',
        'The challenger has no gas money.',
        'Send it some and start again: it goes on.',
      );
    return error;
  }
  for (const abi of ERRORS) {
    try {
      const { errorName, args } = decodeErrorResult({ abi, data });
      return new Refused(`${errorName}(${(args ?? []).map(String).join(', ')})`);
    } catch {
      continue;
    }
  }
  return new Refused(data);
}

/** The same, each call after the one before it has ended, however it ended. */
function oneByOne<A extends unknown[], R>(work: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return (...args) => {
    const result = last.then(() => work(...args));
    last = result.catch(() => undefined);
    return result;
  };
}
