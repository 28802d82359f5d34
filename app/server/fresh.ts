/** Remembers an answer for a while, so that many readers cost one read. */
import { LRUCache } from 'lru-cache';

/** Bounded: readers choose what some keys say. */
const remembered = new LRUCache<string, { until: number; value: Promise<unknown> }>({ max: 2_000 });

/** @param key of the answer; it has to name everything that the answer depends on @param ms how long it may be repeated */
export function fresh<T>(key: string, ms: number, read: () => Promise<T>): Promise<T> {
  const known = remembered.get(key);
  if (known !== undefined && known.until > Date.now()) return known.value as Promise<T>;
  const value = read();
  remembered.set(key, { until: Date.now() + ms, value });
  value.catch(() => remembered.delete(key));
  return value;
}
