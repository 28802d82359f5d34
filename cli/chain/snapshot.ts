import { open, readFile, rename, rm } from 'node:fs/promises';
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
  await writeWhole(file, json);
  return performance.now() - started;
}

async function writeWhole(file: string, bytes: Buffer): Promise<void> {
  const unfinished = `${file}.new`;
  const handle = await open(unfinished, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}

/**
 * The file to start from: what anvil wrote at its end, if it is whole and newer, takes the snapshot's place. Undefined
 * when there is no state yet.
 * @throws Refusal DATA_BROKEN when there is state and none of it can be read
 */
export async function newestSnapshot(file: string, exitFile: string): Promise<string | undefined> {
  const [saved, atExit] = await Promise.all([readState(file), readState(exitFile)]);
  const newer = atExit.height !== null && (saved.height === null || atExit.height >= saved.height);
  const chosen = newer ? atExit : saved;
  if (chosen.height === null) {
    if (!saved.exists) return undefined;
    throw new Refusal(
      'DATA_BROKEN',
      `The chain's state in ${file} can't be read.`,
      'Restore it from a copy, or start over with: npm start -- --reset',
    );
  }
  const clean = withoutStrayGenesis(chosen.bytes);
  if (clean !== chosen.bytes) await writeWhole(file, clean);
  else if (newer) await rename(exitFile, file);
  await rm(exitFile, { force: true });
  return file;
}

interface StateFile {
  exists: boolean;
  bytes: Buffer;
  /** Number of the newest block; null when the file is not a whole state. */
  height: bigint | null;
}

/** States outgrow the longest text that JavaScript holds: they are read as bytes, in the layout of our anvil. */
const TAIL = '"historical_states":null}';
const HEIGHT = '"best_block_number":';

async function readState(file: string): Promise<StateFile> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return { exists: false, bytes: Buffer.alloc(0), height: null };
  const whole = bytes[0] === '{'.charCodeAt(0) && bytes.subarray(-TAIL.length).equals(Buffer.from(TAIL));
  const at = bytes.indexOf(HEIGHT);
  const digits = /^"?(0x[0-9a-f]+|\d+)/.exec(
    bytes.toString('latin1', at + HEIGHT.length, at + HEIGHT.length + 24),
  );
  const height = whole && at >= 0 && digits?.[1] !== undefined ? BigInt(digits[1]) : null;
  return { exists: true, bytes, height };
}

const GENESIS_START = `{"header":{"parentHash":"0x${'0'.repeat(64)}"`;
const GENESIS_END = '"withdrawals":null}';

/**
 * Every start of anvil makes a first block of its own before it loads a state, and its next state holds both: which of
 * them is block 0 after the next start is then left to chance. The oldest is the chain's.
 */
export function withoutStrayGenesis(json: Buffer): Buffer {
  const found: { start: number; end: number; timestamp: bigint }[] = [];
  for (let start = json.indexOf(GENESIS_START); start >= 0; start = json.indexOf(GENESIS_START, start + 1)) {
    const end = json.indexOf(GENESIS_END, start) + GENESIS_END.length;
    const timestamp = /"timestamp":"(0x[0-9a-f]+)"/.exec(json.toString('latin1', start, end))?.[1];
    if (timestamp !== undefined) found.push({ start, end, timestamp: BigInt(timestamp) });
  }
  const [first] = [...found].sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  const strays = found.filter((block) => block !== first);
  if (strays.length === 0) return json;
  const comma = ','.charCodeAt(0);
  const parts: Buffer[] = [];
  let from = 0;
  for (const { start, end } of strays) {
    parts.push(json.subarray(from, start));
    // One comma goes along: the one behind, or the one that is now last.
    from = json[end] === comma ? end + 1 : end;
    if (json[end] !== comma) dropLastComma(parts);
  }
  return Buffer.concat([...parts, json.subarray(from)]);
}

function dropLastComma(parts: Buffer[]): void {
  const last = parts.findLastIndex((part) => part.length > 0);
  const part = parts[last];
  if (part?.at(-1) === ','.charCodeAt(0)) parts[last] = part.subarray(0, -1);
}
