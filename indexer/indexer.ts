import { decodeLog } from '../contracts/events.ts';
import type { Hex } from '../domain/types.ts';
import type { Deployment } from '../contracts/deployment.ts';
import { Refusal } from '../domain/refusal.ts';
import { commonAncestor } from './chain/ancestor.ts';
import { checkIdentity } from './chain/identity.ts';
import { createRangeSize } from './chain/range-size.ts';
import { createChainReader } from './chain/reader.ts';
import type { BlockRange, ChainReader, Header } from './chain/reader.ts';
import { advance, foldHistory, rowsOfNodes, takeBack } from './fold/history.ts';
import type { Ledger } from './fold/ledger.ts';
import { TablesMoved, openStore } from './store/store.ts';
import type { Store, StoredChainEvent } from './store/store.ts';

export interface IndexerOptions {
  rpcUrl: string;
  databaseUrl: string;
  deployment: Deployment;
}

export interface Indexer {
  /**
   * Brings the tables to the chain's state at block `target`, or at the head; returns the block they stand at. Steps of
   * one indexer run one after the other.
   *
   * @throws Refusal CHAIN_REPLACED; CHAIN_UNREACHABLE or NOT_READY, after which the same call may succeed
   */
  syncTo(target?: bigint): Promise<bigint>;
  /** The block the tables stand at. */
  position(): Header | null;
  close(): Promise<void>;
}

/** How often a step begins anew because the chain or another writer moved meanwhile. */
const ATTEMPTS = 100;

/** @throws Refusal CHAIN_REPLACED, CHAIN_UNREACHABLE, NOT_READY (the database) */
export async function createIndexer({ rpcUrl, databaseUrl, deployment }: IndexerOptions): Promise<Indexer> {
  const store = await openStore(databaseUrl);
  try {
    const reader = createChainReader(rpcUrl, deployment);
    await checkIdentity(store, reader, deployment);
    const steps = new Steps(store, reader, deployment);
    let last: Promise<unknown> = Promise.resolve();
    return {
      syncTo: (target) => {
        const step = last.then(() => steps.syncTo(target));
        last = step.catch(() => undefined);
        return step;
      },
      position: () => steps.cursor,
      close: async () => {
        await last;
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Fetch → decode → fold → store, with the ledger in memory between the steps. */
class Steps {
  cursor: Header | null = null;
  readonly #store: Store;
  readonly #reader: ChainReader;
  readonly #deployment: Deployment;
  readonly #range = createRangeSize();
  /** State at `cursor`; null while it is not known to be that. */
  #ledger: Ledger | null = null;

  constructor(store: Store, reader: ChainReader, deployment: Deployment) {
    this.#store = store;
    this.#reader = reader;
    this.#deployment = deployment;
  }

  async syncTo(target?: bigint): Promise<bigint> {
    for (let attempt = 1; ; attempt++) {
      try {
        // A block asked for by number costs no look at the head, unless it turns out that the chain lacks it.
        const end = target !== undefined && attempt === 1 ? target : least(target, await this.#settleHead());
        while ((await this.#next()) <= end) await this.#step(end);
        return this.cursor?.number ?? 0n;
      } catch (error) {
        const again = error instanceof TablesMoved || error instanceof ChainMoved;
        if (!again || attempt === ATTEMPTS) throw error;
        if (error instanceof ChainMoved) await this.#followFork();
      }
    }
  }

  /** The chain's head, once what we hold is sure to be below it. */
  async #settleHead(): Promise<bigint> {
    await this.#load();
    const head = await this.#reader.head();
    const ahead = this.cursor !== null && this.cursor.number >= head.number;
    if (ahead && this.cursor?.hash !== head.hash) throw new ChainMoved();
    return head.number;
  }

  async #next(): Promise<bigint> {
    await this.#load();
    return this.cursor === null ? BigInt(this.#deployment.deployBlock) : this.cursor.number + 1n;
  }

  async #step(end: bigint): Promise<void> {
    const ledger = await this.#load();
    const from = await this.#next();
    const range = await this.#fetch(from, least(end, from + this.#range.blocks - 1n));
    const first = range.headers[0];
    if (this.cursor !== null && first?.parentHash !== this.cursor.hash) throw new ChainMoved();
    const events = this.#decode(range);
    // Until the tables hold the same, memory is not to be built on.
    this.#ledger = null;
    const changes = advance(ledger, events);
    await this.#store.write({ after: this.cursor, headers: range.headers, events, changes });
    this.#ledger = ledger;
    this.cursor = range.headers.at(-1) ?? this.cursor;
  }

  async #fetch(from: bigint, to: bigint): Promise<BlockRange> {
    const began = performance.now();
    const full = to - from + 1n === this.#range.blocks;
    try {
      const range = await this.#reader.range(from, to);
      if (range === null) throw new ChainMoved();
      if (full) this.#range.worked(performance.now() - began);
      return range;
    } catch (error) {
      // A node may refuse a range for its size; it is not asked twice for a single block.
      if (!(error instanceof Refusal) || to === from || !this.#range.failed()) throw error;
      return await this.#fetch(
        from,
        from + this.#range.blocks - 1n < to ? from + this.#range.blocks - 1n : to,
      );
    }
  }

  #decode({ logs }: BlockRange): StoredChainEvent[] {
    return logs.flatMap((log) => {
      const event = decodeLog(this.#deployment, log);
      return event === null ? [] : { ...event, blockHash: log.blockHash, txHash: log.transactionHash };
    });
  }

  /** Takes back what the chain no longer has. */
  async #followFork(): Promise<void> {
    await checkIdentity(this.#store, this.#reader, this.#deployment);
    const ledger = await this.#load();
    const cursor = this.cursor;
    if (cursor === null) return;
    const ancestor = await commonAncestor(this.#store, this.#reader, cursor);
    if (ancestor.number === cursor.number) return;
    const undone = this.#store.events(ancestor.number, cursor.number);
    const kept = this.#store.events(undefined, ancestor.number);
    this.#ledger = null;
    const before = await takeBack(ledger, undone, kept, this.#market());
    const { changes } = before;
    await this.#store.write({ after: cursor, keepUpTo: ancestor.number, headers: [], events: [], changes });
    this.#ledger = before.ledger;
    this.cursor = ancestor;
  }

  #market(): { treasury: Hex; feeBps: number } {
    return { treasury: this.#deployment.treasury, feeBps: this.#deployment.parameters.feeBps };
  }

  /** Fills the table of identifiers when it is younger than the nodes. */
  async #identify(ledger: Ledger): Promise<void> {
    const nodes = await this.#store.unidentified();
    if (nodes.length === 0) return;
    const changes = rowsOfNodes(ledger, nodes);
    if (changes.identifier.upserts.length === 0) return;
    await this.#store.write({ after: this.cursor, headers: [], events: [], changes });
  }

  async #load(): Promise<Ledger> {
    if (this.#ledger !== null) return this.#ledger;
    this.cursor = await this.#store.cursor();
    const upTo = this.cursor?.number ?? -1n;
    const ledger = await foldHistory(this.#market(), this.#store.events(undefined, upTo));
    await this.#identify(ledger);
    this.#ledger = ledger;
    return ledger;
  }
}

function least(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b < a ? b : a;
}

/** The chain is not the one that the last answer was about. */
class ChainMoved extends Error {}
