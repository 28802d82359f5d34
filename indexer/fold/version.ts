import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** All that decides which rows events become: decoder, folds, rows, tables. Too much costs a rebuild, too little wrong rows. */
const SOURCES = [
  'domain',
  'indexer/fold',
  'indexer/store/tables.ts',
  'contracts/events.ts',
  'contracts/generated/abi.ts',
];

let known: string | undefined;

/** Names the code that folds events into rows, by the hash of its sources. */
export function foldVersion(): string {
  known ??= hashOf(SOURCES);
  return known;
}

function hashOf(sources: readonly string[]): string {
  const hash = createHash('sha256');
  for (const source of sources) {
    const files = source.endsWith('.ts')
      ? [source]
      : readdirSync(join(ROOT, source), { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.ts'))
          .map((name) => join(source, name));
    for (const file of files.sort()) hash.update(file).update(readFileSync(join(ROOT, file)));
  }
  return hash.digest('hex').slice(0, 32);
}
