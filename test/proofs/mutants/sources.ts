/** The Solidity sources by name, as the compiler wants them: contracts, their tests, and what they import of packages. */
import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { ROOT } from '../hardhat.ts';

export type Sources = Readonly<Record<string, string>>;

const IMPORT = /\bimport\s[^;]*?"([^"]+)"\s*;/g;

/** Gas differs without a difference in behaviour, so its snapshots kill nothing. */
const LEFT_OUT = 'test/contracts/Gas.t.sol';
const NOT_CORE = new Set(['contracts/TestStablecoin.sol']);

/** @returns every source of the contracts and their tests (gas apart), with all that they import */
export async function readSources(): Promise<Sources> {
  const sources: Record<string, string> = {};
  const waiting: string[] = [];
  for (const folder of ['contracts', 'test/contracts']) {
    for (const name of await readdir(join(ROOT, folder), { recursive: true })) {
      const path = posix.join(folder, name);
      if (path.endsWith('.sol') && path !== LEFT_OUT) waiting.push(path);
    }
  }
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (path in sources) continue;
    const source = await readFile(join(ROOT, path.startsWith('@') ? 'node_modules' : '', path), 'utf8');
    sources[path] = source;
    waiting.push(...importsOf(path, source));
  }
  // The order of sources numbers the nodes of the AST, so it is not left to the file system.
  return Object.fromEntries(Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @returns the sources that `roots` need */
export function closureOf(sources: Sources, roots: readonly string[]): Sources {
  const found = new Set<string>();
  const waiting = [...roots];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    waiting.push(...importsOf(path, sources[path] ?? ''));
  }
  return Object.fromEntries(Object.entries(sources).filter(([path]) => found.has(path)));
}

/** What is mutated: contracts and libraries; interfaces and types have no code of their own. */
export function isCore(path: string): boolean {
  return /^contracts\/(libraries\/)?\w+\.sol$/.test(path) && !NOT_CORE.has(path);
}

function importsOf(path: string, source: string): string[] {
  return [...source.matchAll(IMPORT)].map(([, target = '']) =>
    target.startsWith('.') ? posix.join(posix.dirname(path), target) : target,
  );
}
