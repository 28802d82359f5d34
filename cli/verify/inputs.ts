/** The published inputs of slots: from a market, from anybody's mirror of it, and into a mirror of one's own. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keccak } from '../../domain/hash.ts';
import { inputsFile } from '../../domain/inputs-file.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';

/** More than any slot needs: a server that sends without end is cut off here. */
const LARGEST = 256 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/** @returns the bytes, unchecked; null when they are not to be had */
export type ReadInputs = (slot: bigint, hash: Hex | null) => Promise<Uint8Array | null>;

/**
 * @param source a market's or a mirror's URL, or a folder
 * @param say tells once that the source does not answer
 */
export function openInputs(source: string, say: (sentence: string) => void): ReadInputs {
  if (/^https?:\/\//.test(source)) return fromUrl(source.replace(/\/+$/, ''), say);
  if (!existsSync(source))
    throw new Refusal('NOT_FOUND', `There is no folder ${source}.`, 'Pass --inputs URL or --inputs DIR.');
  return async (slot, hash) => {
    const file = join(source, inputsFile(slot, hash ?? '0x'));
    return hash !== null && existsSync(file) ? readFile(file) : null;
  };
}

/** A market answers by the slot's number; a mirror is a folder on any web server. */
function fromUrl(url: string, say: (sentence: string) => void): ReadInputs {
  let told = false;
  const read = async (path: string): Promise<Uint8Array | null> => {
    try {
      const response = await fetch(`${url}/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      const isPage = response.headers.get('content-type')?.startsWith('text/html') === true;
      return response.ok && !isPage ? await bodyOf(response) : null;
    } catch (error) {
      if (!told) say(`${url} does not answer (${String(error)}): pass --inputs URL or DIR of a mirror.`);
      told = true;
      return null;
    }
  };
  return async (slot, hash) =>
    (await read(`api/v1/slots/${slot}/inputs`)) ?? (hash === null ? null : read(inputsFile(slot, hash)));
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
    size += read.value.length;
    if (size > LARGEST) {
      await reader?.cancel();
      throw new Error(`it sends more than ${LARGEST} bytes`);
    }
    chunks.push(read.value);
  }
  return Buffer.concat(chunks);
}

/** Keeps the bytes under their own hash, whatever they claim to be: altered ones are evidence too. */
export async function saveInputs(dir: string, slot: bigint, bytes: Uint8Array): Promise<void> {
  await mkdir(dir, { recursive: true });
  const file = join(dir, inputsFile(slot, keccak(bytes)));
  if (existsSync(file)) return;
  await writeFile(`${file}.part`, bytes);
  await rename(`${file}.part`, file);
}
