import { setTimeout as sleep } from 'node:timers/promises';
import type { Indexer } from '../../indexer/indexer.ts';
import type { TestChain } from '../support/chain.ts';

/** Real milliseconds of one second of the chain's time, which is one block. */
const BLOCK_MS = 200;
/** While no scheduler is up: a slow machine's starts must not use up the commit deadline. */
const SLOW_BLOCK_MS = 1_000;

/** The chain's time goes on, the indexer follows, and now and then the chain takes another branch. */
export interface Clock {
  /** Unix seconds of the newest block. */
  now(): bigint;
  reorganisations(): number;
  /** Whether somebody works. */
  hurry(on: boolean): void;
  /** The next time the chain moves, it loses `depth` blocks and gets as many others, and one more. */
  reorganise(depth: number): void;
  /** Waits for so many blocks. */
  blocks(count: number): Promise<void>;
  /** @throws Error that broke the chain or the indexer meanwhile */
  stop(): Promise<void>;
}

export interface ClockOptions {
  chain: TestChain;
  indexer: Indexer;
  random: () => number;
}

interface Head {
  number: string;
  timestamp: string;
}

export async function startClock({ chain, indexer, random }: ClockOptions): Promise<Clock> {
  const head = (): Promise<Head> => chain.rpc<Head>('eth_getBlockByNumber', ['latest', false]);
  let now = BigInt((await head()).timestamp);
  let height = BigInt((await head()).number);
  let reorganisations = 0;
  let depth = 0;
  let stopped = false;
  let blockMs = BLOCK_MS;

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
   * Another branch of the same times, whose blocks have other hashes. What the lost blocks held is gone half of the times (a node
   * that never had it), and waits to be mined again otherwise. Half of the times somebody looks while the chain is short.
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

  const run = async (): Promise<void> => {
    while (!stopped) {
      const started = performance.now();
      if (depth > 0) {
        const lost = depth;
        depth = 0;
        await branch(lost);
      } else await mine();
      await indexer.syncTo();
      // A slow pace ends as soon as somebody is there.
      do await sleep(20);
      while (!stopped && performance.now() - started < blockMs);
    }
  };
  const running = run();
  running.catch(() => undefined);

  return {
    now: () => now,
    reorganisations: () => reorganisations,
    hurry(on) {
      blockMs = on ? BLOCK_MS : SLOW_BLOCK_MS;
    },
    reorganise(blocks) {
      depth = blocks;
    },
    async blocks(count) {
      const until = height + BigInt(count);
      while (height < until) await Promise.race([running, sleep(BLOCK_MS)]);
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}
