/**
 * Statuses in memory, as exact as the tables: what the indexer or the gateway changes is dropped when its transaction
 * commits, what the clock changes is dropped when the chain's time gets there, and heartbeats are a second old at most.
 * While nobody can be heard, nothing is kept.
 */
import { LRUCache } from 'lru-cache';
import { listenForChanges, type Change } from '../../../prisma/listen.ts';
import type { StatusAnswer } from './status.ts';

/** A status and what was made of it, under the node's id; `null`: there is no such node. */
interface Entry {
  answer: StatusAnswer | null;
  /** What a reader adds once and keeps as long as the status stands. */
  made?: unknown;
}

export interface StatusCache {
  /** Statuses of nodes, from memory where it holds them. */
  get(nodes: readonly string[]): Promise<Map<string, Entry>>;
  /** Lookups that memory answered, and those that it did not. */
  counts(): { hits: number; misses: number };
  close(): Promise<void>;
}

export interface CacheOptions {
  databaseUrl: string;
  read: (nodes: readonly string[]) => Promise<Map<string, StatusAnswer>>;
  /** Most statuses that are kept. */
  capacity: number;
}

const BEAT_MS = 1_000;

export function createStatusCache({ databaseUrl, read, capacity }: CacheOptions): StatusCache {
  const entries = new LRUCache<string, Entry>({ max: capacity });
  /** Reads under way, by node: what changes meanwhile must not be kept. */
  const reading = new Map<string, object>();
  let now = 0n;
  let [hits, misses] = [0, 0];

  const onChange = ({ nodes, providers, time }: Change): void => {
    if (time !== undefined) now = BigInt(time);
    if (nodes === null) {
      entries.clear();
      reading.clear();
      return;
    }
    for (const node of nodes) {
      entries.delete(node);
      reading.delete(node);
    }
    if (providers.length === 0) return;
    const changed = new Set(providers);
    for (const [node, { answer }] of entries.entries())
      if (answer !== null && changed.has(answer.status.provider)) entries.delete(node);
    // Whose node is being read is not known yet.
    reading.clear();
  };
  const listener = listenForChanges(databaseUrl, onChange);

  const kept = (node: string): Entry | undefined => {
    const entry = entries.get(node);
    if (entry?.answer == null || entry.answer.until > now) return entry;
    entries.delete(node);
    return undefined;
  };

  const load = async (nodes: readonly string[]): Promise<Map<string, Entry>> => {
    const token = {};
    const heard = listener.listening();
    for (const node of nodes) reading.set(node, token);
    let found: Map<string, StatusAnswer>;
    try {
      found = await read(nodes);
    } catch (error) {
      for (const node of nodes) if (reading.get(node) === token) reading.delete(node);
      throw error;
    }
    const loaded = new Map<string, Entry>();
    for (const node of nodes) {
      const entry: Entry = { answer: found.get(node) ?? null };
      if (entry.answer !== null && BigInt(entry.answer.status.asOf) > now)
        now = BigInt(entry.answer.status.asOf);
      loaded.set(node, entry);
      if (reading.get(node) !== token) continue;
      reading.delete(node);
      if (heard) entries.set(node, entry, entry.answer?.beating === true ? { ttl: BEAT_MS } : {});
    }
    return loaded;
  };

  return {
    async get(nodes) {
      const found = new Map<string, Entry>();
      const missing: string[] = [];
      for (const node of nodes) {
        const entry = kept(node);
        if (entry === undefined) missing.push(node);
        else found.set(node, entry);
      }
      hits += found.size;
      misses += missing.length;
      if (missing.length === 0) return found;
      for (const [node, entry] of await load(missing)) found.set(node, entry);
      return found;
    },
    counts: () => ({ hits, misses }),
    close: () => listener.close(),
  };
}
