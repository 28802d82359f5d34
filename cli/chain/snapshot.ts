import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Refusal } from '../../domain/refusal.ts';
import type { Rpc } from '../rpc.ts';

const inflate = promisify(gunzip);

/**
 * Writes the chain's whole state beside `file` and renames it over it: at any moment a complete state is there.
 * anvil's own `--state` truncates the file and writes in place; killed meanwhile, it leaves half a JSON and no chain.
 *
 * @returns milliseconds it took
 */
export async function saveSnapshot(rpc: Rpc, file: string): Promise<number> {
  const started = performance.now();
  const packed = await rpc.call<string>('anvil_dumpState');
  const json = await inflate(Buffer.from(packed.slice(2), 'hex'));
  const unfinished = `${file}.new`;
  const handle = await open(unfinished, 'w');
  try {
    await handle.writeFile(json);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
  return performance.now() - started;
}

/**
 * The file to start from: what anvil wrote at its end, if it is whole and newer, takes the snapshot's place. Undefined
 * when there is no state yet.
 * @throws Refusal DATA_BROKEN when there is state and none of it can be read
 */
export async function newestSnapshot(file: string, exitFile: string): Promise<string | undefined> {
  const [saved, atExit] = await Promise.all([heightOf(file), heightOf(exitFile)]);
  if (typeof atExit === 'bigint' && (typeof saved !== 'bigint' || atExit >= saved)) {
    await rename(exitFile, file);
    return file;
  }
  await rm(exitFile, { force: true });
  if (typeof saved === 'bigint') return file;
  if (saved === 'absent') return undefined;
  throw new Refusal(
    'DATA_BROKEN',
    `The chain's state in ${file} can't be read.`,
    'Restore it from a copy, or start over with: npm start -- --reset',
  );
}

async function heightOf(file: string): Promise<bigint | 'absent' | 'broken'> {
  const size = await stat(file).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined) return 'absent';
  try {
    const state = JSON.parse(await readFile(file, 'utf8')) as { best_block_number?: string | number };
    return BigInt(state.best_block_number ?? 'none');
  } catch {
    return 'broken';
  }
}
