import { setTimeout as sleep } from 'node:timers/promises';
import type { Indexer } from '../../indexer/indexer.ts';
import type { TestChain } from '../support/chain.ts';

/**
 * Real milliseconds of one second of the chain's time, which is one block: slow while no scheduler is at work, or it is behind. So a slow
 * machine's starts don't use up the commit deadline, and the slots at hand are mostly young enough for a reorganisation to change them.
 */
const BLOCK_MS = { quick: 150, behind: 500, alone: 1_000 };
/** Share of the blocks at which the chain takes another branch instead, while a scheduler is at work. */
const REORGANISATIONS = 0.06;
/** The same, of the blocks at which that would change the seed of a slot that is cleared. */
const AIMED = 0.2;
const DEEPEST = 5;
/** The chain's time goes on, the indexer follows, and now and then the chain takes another branch. */
export interface Clock {
  /** Unix seconds of the newest block. */
  now(): bigint;
  reorganisations(): number;
  /** Whether a scheduler is at work. */
  hurry(on: boolean): void;
  /** No more reorganisations. */
  calm(): void;
  /** @throws Error that broke the chain or the indexer meanwhile */
  stop(): Promise<void>;
}

export interface SchedulerStanding {
  /** A slot that closed is not at its end. */
  isBehind: boolean;
  /** Closing block of the newest slot that was cleared. */
  closeBlock: bigint | null;
}

export interface ClockOptions {
  chain: TestChain;
  indexer: Indexer;
  scheduler: () => Promise<SchedulerStanding>;
  random: () => number;
}

interface Head {
  number: string;
  timestamp: string;
}

export async function startClock({ chain, indexer, scheduler, random }: ClockOptions): Promise<Clock> {
  const head = (): Promise<Head> => chain.rpc<Head>('eth_getBlockByNumber', ['latest', false]);
  let now = BigInt((await head()).timestamp);
  let height = BigInt((await head()).number);
  let reorganisations = 0;
  let isCalm = false;
  let stopped = false;
  let atWork = false;

  const mine = async (): Promise<void> => {
    now += 1n;
    await chain.mine(now);
    height += 1n;
  };

  /** What the blocks from `first` on hold, as it was signed. */
  const bytesFrom = async (first: bigint): Promise<string[]> => {
    const bytes: string[] = [];
    for (let number = first; number <= height; number += 1n) {
      const { transactions } = await chain.rpc<{ transactions: string[] }>('eth_getBlockByNumber', [
        `0x${number.toString(16)}`,
        false,
      ]);
      for (const hash of transactions)
        bytes.push(await chain.rpc<string>('eth_getRawTransactionByHash', [hash]));
    }
    return bytes;
  };

  /**
   * The chain loses `lost` blocks and gets as many others, and one more: another branch of the same times, whose blocks have
   * other hashes. What the lost blocks held is gone half of the times (a node that never had it), and waits to be mined again
   * otherwise. Half of the times somebody looks while the chain is short.
   */
  const branch = async (lost: number): Promise<void> => {
    const bytes = await bytesFrom(height - BigInt(lost) + 1n);
    await chain.rpc('anvil_rollback', [lost]);
    await chain.rpc('anvil_setCoinbase', [
      `0x${Math.floor(random() * 2 ** 48)
        .toString(16)
        .padStart(40, '0')}`,
    ]);
    const { number, timestamp } = await head();
    height = BigInt(number);
    now = BigInt(timestamp);
    if (random() < 0.5) await chain.rpc('anvil_dropAllTransactions');
    else for (const raw of bytes) await chain.rpc('eth_sendRawTransaction', [raw]).catch(() => undefined);
    if (random() < 0.5) await indexer.syncTo();
    for (let block = 0; block <= lost; block += 1) await mine();
    reorganisations += 1;
  };

  /** How many blocks the chain loses now. @param aim depth at which the newest cleared slot loses its seed */
  const lostNow = (aim: number): number => {
    if (aim >= 1 && aim <= DEEPEST && random() < AIMED) return aim;
    return random() < REORGANISATIONS ? 1 + Math.floor(random() * DEEPEST) : 0;
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      const started = performance.now();
      const { isBehind, closeBlock } = await scheduler();
      const depth =
        isCalm || !atWork ? 0 : lostNow(closeBlock === null ? Infinity : Number(height - closeBlock));
      await (depth > 0 ? branch(depth) : mine());
      await indexer.syncTo();
      const pace = isBehind ? BLOCK_MS.behind : BLOCK_MS.quick;
      // A slow pace ends as soon as somebody is there.
      do await sleep(20);
      while (!stopped && performance.now() - started < (atWork ? pace : BLOCK_MS.alone));
    }
  };
  const running = run();
  running.catch(() => undefined);

  return {
    now: () => now,
    reorganisations: () => reorganisations,
    hurry(on) {
      atWork = on;
    },
    calm() {
      isCalm = true;
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}
