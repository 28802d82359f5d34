import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../../domain/refusal.ts';
import { startOf, waitForExit } from '../../prisma/embedded/process.ts';
import { killGroup } from './keeper.ts';

/** What a data folder of ours carries, so that `--reset` never empties another one. */
const MARKER = 'cardhour.json';
/** Raised when the contracts or formats change so that an older folder's chain is of no use. */
const VERSION = 6;
const LEFTOVER_TIMEOUT_MS = 25_000;

interface Entry {
  name: string;
  pid: number;
  started: string | undefined;
}

/** The processes that run on a data folder, on disk, so that the next start finds what a killed one left. */
export interface ProcessBook {
  add(name: string, pid: number): Promise<void>;
  remove(pid: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Takes the folder for this process, and ends what an earlier supervisor left running in it.
 * @throws Refusal DATA_BROKEN when the folder can't be ours: in use, unusable, or somebody else's
 */
export async function takeFolder(dir: string): Promise<ProcessBook> {
  await claim(dir);
  const file = join(dir, 'processes.json');
  const earlier = await readEntries(file);
  const running = earlier.find((entry) => entry.name === 'supervisor' && isAlive(entry));
  if (running !== undefined && running.pid !== process.pid) {
    throw new Refusal(
      'DATA_BROKEN',
      `Cardhour already runs on ${dir} (process ${running.pid}).`,
      `Use that one, stop it with Ctrl-C or "kill ${running.pid}", or name another folder with --data.`,
    );
  }
  await Promise.all(earlier.filter((entry) => entry.name !== 'supervisor').map(endLeftover));

  let entries: Entry[] = [{ name: 'supervisor', pid: process.pid, started: startOf(process.pid) }];
  let writing = Promise.resolve();
  const write = (): Promise<void> => {
    writing = writing.then(async () => {
      await writeFile(`${file}.new`, JSON.stringify(entries, null, 2) + '\n');
      await rename(`${file}.new`, file);
    });
    return writing;
  };
  await write();
  return {
    add: (name, pid) => {
      entries.push({ name, pid, started: startOf(pid) });
      return write();
    },
    remove: (pid) => {
      entries = entries.filter((entry) => entry.pid !== pid);
      return write();
    },
    close: async () => {
      await writing;
      await rm(file, { force: true });
    },
  };
}

/**
 * Empties a data folder of ours.
 * @throws Refusal DATA_BROKEN when it is not ours
 */
export async function emptyFolder(dir: string): Promise<void> {
  await claim(dir);
  for (const name of await readdir(dir)) {
    if (name !== MARKER) await rm(join(dir, name), { recursive: true, force: true });
  }
  await writeMarker(dir);
}

async function claim(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    const names = await readdir(dir);
    if (names.length > 0 && !names.includes(MARKER)) {
      throw new Refusal(
        'DATA_BROKEN',
        `${dir} holds other files than Cardhour's.`,
        'Name an empty or a new folder with --data.',
      );
    }
    if (names.length === 0) await writeMarker(dir);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const reason = await stat(dir).then(
      (found) => (found.isDirectory() ? 'it can’t be written' : 'it is not a folder'),
      () => 'it can’t be created',
    );
    throw new Refusal(
      'DATA_BROKEN',
      `The data folder ${dir} can't be used: ${reason}.`,
      'Mend that, or name another folder with --data.',
    );
  }
}

const writeMarker = (dir: string): Promise<void> =>
  writeFile(join(dir, MARKER), JSON.stringify({ version: VERSION }) + '\n');

/**
 * For a folder that was taken.
 * @throws Refusal DATA_BROKEN when it holds a chain whose contracts this version does not speak to
 */
export async function checkVersion(dir: string): Promise<void> {
  const found: unknown = await readFile(join(dir, MARKER), 'utf8')
    .then(JSON.parse)
    .catch(() => null);
  if ((found as { version?: unknown } | null)?.version === VERSION) return;
  throw new Refusal(
    'DATA_BROKEN',
    `The data folder ${dir} was made by another version of Cardhour, with other contracts.`,
    'Start with --reset to empty it, or name another folder with --data.',
  );
}

async function readEntries(file: string): Promise<Entry[]> {
  try {
    const entries = JSON.parse(await readFile(file, 'utf8')) as Entry[];
    return Array.isArray(entries)
      ? entries.filter((entry) => Number.isInteger(entry.pid) && entry.pid > 1)
      : [];
  } catch {
    return [];
  }
}

/** A number that was given to another process since does not count. */
function isAlive(entry: Entry): boolean {
  return entry.started !== undefined && startOf(entry.pid) === entry.started;
}

/** Leftovers mostly end by themselves (see `spawnKept`): they are given the time to, then made to. */
async function endLeftover(entry: Entry): Promise<void> {
  if (!isAlive(entry)) return;
  killGroup(entry.pid, 'SIGTERM');
  if (await waitForExit(entry.pid, LEFTOVER_TIMEOUT_MS)) return;
  killGroup(entry.pid);
  await waitForExit(entry.pid, LEFTOVER_TIMEOUT_MS);
}
