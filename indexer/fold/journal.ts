/**
 * What blocks changed, so that the newest ones can be taken back: maps and sets that note, while a block is open, what each entry
 * was before the block. An entry that is read counts as changed when it can be: folds write into the objects that they read.
 */

interface Before {
  of: KeptMap<unknown, unknown> | KeptSet<unknown>;
  key: unknown;
  had: boolean;
  value: unknown;
  /** What was in `value`, when that is an object. */
  content: unknown;
}

interface BlockRecord {
  number: bigint;
  before: Before[];
  /** Where they were. */
  maps: Set<Before['of']>;
  /** Plain fields of the objects that are kept whole. */
  fields: Record<string, unknown>[];
}

/** Keys that were changed, by the map that holds them. */
export type Undone = ReadonlyMap<object, ReadonlySet<unknown>>;

export class Journal {
  #records: BlockRecord[] = [];
  #open: BlockRecord | null = null;
  /** Number of the newest block that can't be taken back. */
  #floor = -1n;
  readonly #kept: Record<string, unknown>[] = [];

  /** @param whole its values are replaced, never changed in place */
  map<K, V>(whole = false): Map<K, V> {
    return new KeptMap<K, V>(this, whole);
  }

  set<K>(): Set<K> {
    return new KeptSet<K>(this);
  }

  /** Keeps the fields of an object that are plain values; its maps and sets are to be of this journal. */
  keep(object: object): void {
    this.#kept.push(object as Record<string, unknown>);
  }

  /** Notes what this block changes, until `close`; `number` ascends. */
  open(number: bigint): void {
    this.#open = { number, before: [], maps: new Set(), fields: this.#kept.map(plainFields) };
    this.#records.push(this.#open);
  }

  close(): void {
    for (const map of this.#open?.maps ?? []) map.seen.clear();
    this.#open?.maps.clear();
    this.#open = null;
  }

  /** A block changes something that is not noted: it, and what came before, can't be taken back. */
  skip(number: bigint): void {
    this.#records = [];
    this.#floor = number;
  }

  /** Whether all blocks after `number` can be taken back. Blocks that changed nothing need no record. */
  reaches(number: bigint): boolean {
    return this.#floor <= number;
  }

  /** Takes back all blocks after `number`, newest first. @throws Error unless `reaches(number)` */
  takeBack(number: bigint): Undone {
    if (!this.reaches(number)) throw new Error(`the journal does not reach back to block ${number}`);
    this.close();
    const undone = new Map<object, Set<unknown>>();
    for (
      let last = this.#records.at(-1);
      last !== undefined && last.number > number;
      last = this.#records.at(-1)
    ) {
      this.#records.pop();
      for (const before of last.before) {
        const keys = undone.get(before.of) ?? new Set();
        undone.set(before.of, keys.add(before.key));
        restore(before);
      }
      last.fields.forEach((fields, index) => Object.assign(this.#kept[index]!, fields));
    }
    return undone;
  }

  /** Drops what could take back block `upTo` and those before. */
  forget(upTo: bigint): void {
    if (upTo <= this.#floor) return;
    this.#floor = upTo;
    const first = this.#records.findIndex(({ number }) => number > upTo);
    if (first !== 0) this.#records = first === -1 ? [] : this.#records.slice(first);
  }

  /** Whether a first touch is to be noted. */
  get isOpen(): boolean {
    return this.#open !== null;
  }

  note(of: Before['of'], key: unknown, had: boolean, value: unknown, content: unknown): void {
    of.seen.add(key);
    this.#open!.maps.add(of);
    this.#open!.before.push({ of, key, had, value, content });
  }
}

class KeptMap<K, V> extends Map<K, V> {
  readonly seen = new Set<unknown>();
  readonly whole: boolean;
  readonly #journal: Journal;

  constructor(journal: Journal, whole: boolean) {
    super();
    this.#journal = journal;
    this.whole = whole;
  }

  override get(key: K): V | undefined {
    const value = super.get(key);
    if (typeof value === 'object' && !this.whole && this.#journal.isOpen && !this.seen.has(key))
      this.#journal.note(this, key, true, value, contentOf(value));
    return value;
  }

  override set(key: K, value: V): this {
    this.#note(key);
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    this.#note(key);
    return super.delete(key);
  }

  #note(key: K): void {
    if (!this.#journal.isOpen || this.seen.has(key)) return;
    const before = super.get(key);
    const had = before !== undefined || super.has(key);
    this.#journal.note(this, key, had, before, this.whole ? undefined : contentOf(before));
  }
}

class KeptSet<K> extends Set<K> {
  readonly seen = new Set<unknown>();
  readonly #journal: Journal;

  constructor(journal: Journal) {
    super();
    this.#journal = journal;
  }

  override add(key: K): this {
    this.#note(key);
    return super.add(key);
  }

  override delete(key: K): boolean {
    this.#note(key);
    return super.delete(key);
  }

  #note(key: K): void {
    if (!this.#journal.isOpen || this.seen.has(key)) return;
    this.#journal.note(this, key, super.has(key), undefined, undefined);
  }
}

/** A copy that later writes into the object, or into a list of its, do not reach. */
function contentOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return value.slice();
  const copy: Record<string, unknown> = { ...value };
  for (const name in copy) if (Array.isArray(copy[name])) copy[name] = (copy[name] as unknown[]).slice();
  return copy;
}

function restore({ of, key, had, value, content }: Before): void {
  if (!had) {
    of.delete(key);
    return;
  }
  if (of instanceof Set) {
    of.add(key);
    return;
  }
  // Others may hold the very object: it gets its content back, and its place. What is whole has none apart.
  if (content !== undefined) {
    if (Array.isArray(value)) value.splice(0, value.length, ...(content as unknown[]));
    else Object.assign(value as object, content);
  }
  of.set(key, value);
}

function plainFields(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => typeof value !== 'object'));
}
