/** A slot's inputs as canonical bytes: which orders and asks, each list ascending by id (ADR 0001, "Slot inputs"). */
import { bytesToHex, concat, uintBytes, writeHex, writeUint } from './hash.ts';
import type { Hex } from './types.ts';

const MAGIC = Uint8Array.of(0x43, 0x48, 0x53, 0x31); // "CHS1"

export interface Manifest {
  slot: bigint;
  orders: Hex[];
  asks: Hex[];
}

/** @throws RangeError unless both lists ascend strictly. */
export function encodeManifest({ slot, orders, asks }: Manifest): Uint8Array {
  return concat(MAGIC, uintBytes(slot, 8), encodeIds(orders), encodeIds(asks));
}

/** @throws RangeError on bytes that `encodeManifest` would not have made. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 20 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw new RangeError('not a slot manifest (CHS1)');
  const slot = view.getBigUint64(4);
  let at = 12;
  const readIds = (): Hex[] => {
    if (at + 4 > bytes.length) throw new RangeError('the manifest is cut short');
    const count = view.getUint32(at);
    at += 4;
    if (at + count * 32 > bytes.length) throw new RangeError('the manifest is cut short');
    const ids: Hex[] = [];
    for (let i = 0; i < count; i++, at += 32) ids.push(bytesToHex(bytes.subarray(at, at + 32)));
    ascending(ids);
    return ids;
  };
  const orders = readIds();
  const asks = readIds();
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes follow the manifest`);
  return { slot, orders, asks };
}

function encodeIds(ids: readonly Hex[]): Uint8Array {
  ascending(ids);
  const bytes = new Uint8Array(4 + 32 * ids.length);
  writeUint(bytes, 0, 4, ids.length);
  ids.forEach((id, place) => writeHex(bytes, 4 + 32 * place, id));
  return bytes;
}

function ascending(ids: readonly Hex[]): void {
  for (let i = 1; i < ids.length; i++)
    if (ids[i - 1]! >= ids[i]!) throw new RangeError(`ids ${i - 1} and ${i} do not ascend`);
}
