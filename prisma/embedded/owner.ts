import { readFile, writeFile } from 'node:fs/promises';
import { startOf } from './process.ts';

interface Owner {
  pid: number;
  started: string | undefined;
}

/**
 * The process that started the server, if it still lives: its data folder is then not ours to touch. A number that was
 * given to another process since does not count.
 */
export async function livingOwner(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let owner: Owner;
  try {
    owner = JSON.parse(text) as Owner;
  } catch {
    return undefined;
  }
  if (!Number.isInteger(owner.pid) || owner.pid === process.pid) return undefined;
  return startOf(owner.pid) === owner.started && owner.started !== undefined ? owner.pid : undefined;
}

export async function takeOwnership(file: string): Promise<void> {
  const owner: Owner = { pid: process.pid, started: startOf(process.pid) };
  await writeFile(file, JSON.stringify(owner));
}
