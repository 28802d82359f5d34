/** Bytes on disk below a folder: what is allocated, for a sparse file is no burden. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** More entries than this count as full: a tree of empty files is a burden too. */
const MOST_ENTRIES = 1_000_000;

export function bytesBelow(folder: string): number {
  let bytes = 0;
  let entries = 0;
  const open = [folder];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const entry of list(at)) {
      if (++entries > MOST_ENTRIES) return Number.MAX_SAFE_INTEGER;
      const path = join(at, entry.name);
      if (entry.isDirectory()) open.push(path);
      else bytes += 512 * (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0);
    }
  }
  return bytes;
}

/** A folder that went, or that its user closed, counts nothing. */
function list(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
