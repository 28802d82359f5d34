/** Fetch and decode → fold → store, with the ledger in memory between the steps. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from '../contracts/deployment.ts';
import { createAhead } from './chain/ahead.ts';
import { commonAncestor } from './chain/ancestor.ts';
import { unreachable } from './chain/endpoints.ts';
import { checkIdentity, replaced } from './chain/identity.ts';
import type { Header } from './chain/header.ts';
import type { ChainReader } from './chain/reader.ts';
import { standingOf } from './chain/standing.ts';
import { createSealing, type Sealing } from './sealing.ts';
import { advance, allRows, foldHistory, takeBack, takeBackDeep } from './fold/history.ts';
import type { Changes } from './fold/rows.ts';
import type { Ledger, MarketTerms } from './fold/ledger.ts';
import { foldVersion } from './fold/version.ts';
import type { Store } from './store/store.ts';
import { TABLES } from './store/tables.ts';
import { TablesMoved } from './store/write.ts';

/** How often a step begins anew because the chain or another writer moved meanwhile. */
const ATTEMPTS = 100;
/** Blocks that are taken back from memory; deeper reorganisations fold the stored events anew. */
const UNDO_BLOCKS = 256n;
/** Rows of each table that are remembered as new. */
const RECENT = 16;

interface StepOptions {
  deployment: Deployment;
  sealDepth?: number;
  patienceMs?: number;
}

export class Steps {
  cursor: Header | null = null;
  readonly counts = { reorganisations: 0, deepest: 0, events: 0 };
  readonly #store: Store;
  readonly #reader: ChainReader;
  readonly #deployment: Deployment;
  readonly #patienceMs: number;
  readonly #ahead;
  readonly #sealing: Sealing;
  /** State at `cursor`; null while it is not known to be that. */
  #ledger: Ledger | null = null;
  readonly #recent = new Map<string, string[]>();
  /** Since when no node has a block as high as ours; null while one has. */
  #shortSince: number | null = null;

  constructor(store: Store, reader: ChainReader, { deployment, sealDepth, patienceMs = 0 }: StepOptions) {
    this.#store = store;
    this.#reader = reader;
    this.#deployment = deployment;
    this.#patienceMs = patienceMs;
    this.#ahead = createAhead(reader);
    this.#sealing = createSealing(reader, deployment.chainId, sealDepth);
  }

  get sealed(): bigint {
    return this.#sealing.sealed;
  }

  async syncTo(target?: bigint): Promise<bigint> {
    let stood = false;
    for (let attempt = 1; ; attempt++) {
      try {
        // A block asked for by number costs no look at the head, unless it turns out that the chain lacks it.
        const end = target !== undefined && attempt === 1 ? target : least(target, await this.#settleHead());
        while ((await this.#next()) <= end) await this.#step(end);
        return this.cursor?.number ?? 0n;
      } catch (error) {
        this.#ahead.forget();
        if (!(error instanceof TablesMoved || error instanceof ChainMoved)) throw error;
        if (attempt === ATTEMPTS) throw unreachable(['what it says changes from one answer to the next']);
        if (error instanceof TablesMoved) this.#ledger = null;
        else if (await this.#followFork()) stood = false;
        // Twice in a row: no node has more than we have.
        else if (stood) return this.cursor?.number ?? 0n;
        else stood = true;
        await sleep(Math.min(attempt - 1, 50));
      }
    }
  }

  /** Makes all state rows anew from the stored events, when other code made them. */
  async refold(): Promise<void> {
    if ((await this.#store.state()).fold === foldVersion()) return;
    this.#ledger = null;
    await this.#load();
  }

  /** Notes which nodes lag behind the others, contradict them, or are of another chain. */
  async compareNodes(): Promise<void> {
    await checkIdentity(this.#store, this.#reader, this.#deployment);
    if (this.cursor !== null) await standingOf(this.#reader, this.cursor);
  }

  /** The chain's head, once what we hold is sure to be below it. */
  async #settleHead(): Promise<bigint> {
    await this.#load();
    const head = await this.#reader.head();
    const { cursor } = this;
    if (cursor !== null && cursor.number >= head.number && cursor.hash !== head.hash) throw new ChainMoved();
    this.#shortSince = null;
    await this.#sealing.look(head.number);
    return head.number;
  }

  async #next(): Promise<bigint> {
    await this.#load();
    return this.cursor === null ? BigInt(this.#deployment.deployBlock) : this.cursor.number + 1n;
  }

  async #step(end: bigint): Promise<void> {
    const ledger = await this.#load();
    const range = await this.#ahead.next(await this.#next(), end);
    const first = range?.headers[0];
    if (range === null || (this.cursor !== null && first?.parentHash !== this.cursor.hash))
      throw new ChainMoved();
    const { events } = range;
    const last = range.headers.at(-1) ?? this.cursor;
    const sealed = this.#sealing.due(last?.number ?? 0n);
    // Until the tables hold the same, memory is not to be built on.
    this.#ledger = null;
    const changes = advance(ledger, events, end - UNDO_BLOCKS);
    await this.#store.write({ after: this.cursor, headers: range.headers, events, changes, sealed });
    if (sealed !== undefined) this.#sealing.done(sealed);
    ledger.journal.forget(end - UNDO_BLOCKS > this.sealed ? end - UNDO_BLOCKS : this.sealed);
    this.#ledger = ledger;
    this.cursor = last;
    this.counts.events += events.length;
    this.#remember(changes);
  }

  /** Keys of a table's rows that were written last. */
  recent(table: string): readonly string[] {
    return this.#recent.get(table) ?? [];
  }

  #remember(changes: Changes): void {
    for (const { name, key } of TABLES) {
      const rows = changes[name].upserts.slice(-RECENT);
      if (rows.length > 0)
        this.#recent.set(
          name,
          rows.map((row) => String(row[key[0]])),
        );
    }
  }

  /** Takes back what the chain no longer has. False when it still has all of it. */
  async #followFork(): Promise<boolean> {
    await checkIdentity(this.#store, this.#reader, this.#deployment);
    const ledger = await this.#load();
    const { cursor } = this;
    if (cursor === null) return false;
    const standing = await standingOf(this.#reader, cursor);
    if (standing === 'stands' || (standing === 'short' && this.#mayComeBack())) return false;
    const ancestor = await commonAncestor(this.#store, this.#reader, cursor);
    if (ancestor.number === cursor.number) return false;
    if (ancestor.number < this.sealed)
      throw replaced(`it left block ${ancestor.number + 1n}, and all up to ${this.sealed} were final`);
    await this.#takeBack(ledger, cursor, ancestor);
    this.#shortSince = null;
    this.counts.reorganisations++;
    this.counts.deepest = Math.max(this.counts.deepest, Number(cursor.number - ancestor.number));
    return true;
  }

  #mayComeBack(): boolean {
    this.#shortSince ??= performance.now();
    return performance.now() - this.#shortSince < this.#patienceMs;
  }

  async #takeBack(ledger: Ledger, cursor: Header, ancestor: Header): Promise<void> {
    this.#ledger = null;
    const { number } = ancestor;
    let [before, changes] = [ledger, takeBack(ledger, number)];
    if (changes === null) {
      const undone = this.#store.events(number, cursor.number);
      const kept = this.#store.events(-1n, number);
      const deep = await takeBackDeep(ledger, undone, kept, this.#terms(), number - UNDO_BLOCKS);
      before = deep.ledger;
      changes = deep.changes;
    }
    await this.#store.write({ after: cursor, keepUpTo: number, headers: [], events: [], changes });
    this.#ledger = before;
    this.cursor = ancestor;
  }

  #terms(): MarketTerms {
    return { treasury: this.#deployment.treasury, feeBps: this.#deployment.parameters.feeBps };
  }

  async #load(): Promise<Ledger> {
    if (this.#ledger !== null) return this.#ledger;
    const { fold, sealed } = await this.#store.state();
    this.#sealing.done(sealed);
    this.cursor = await this.#store.cursor();
    const upTo = this.cursor?.number ?? -1n;
    const ledger = await foldHistory(this.#terms(), this.#store.events(-1n, upTo), upTo - UNDO_BLOCKS);
    if (fold !== foldVersion()) {
      const [changes, rebuilt] = [allRows(ledger), foldVersion()];
      await this.#store.write({ after: this.cursor, headers: [], events: [], changes, rebuilt });
    }
    this.#ledger = ledger;
    return ledger;
  }
}

function least(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b < a ? b : a;
}

/** The chain is not the one that the last answer was about. */
class ChainMoved extends Error {}
