/** Small state files: written whole or not at all, so that a crash leaves the old text or the new one. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Bigints are written as `"123n"`, maps and sets are the caller's business.
 * @param durable also when the machine itself fails; that takes milliseconds, for which nothing else goes on
 */
export function writeState(path: string, value: unknown, { durable } = { durable: true }): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(
      file,
      JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)),
    );
    if (durable) fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

/** What `writeState` wrote; null when there is none, or a disk failure left it unreadable. */
export function readState<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'), (_key, part: unknown) =>
      typeof part === 'string' && /^\d+n$/.test(part) ? BigInt(part.slice(0, -1)) : part,
    ) as T;
  } catch {
    return null;
  }
}
