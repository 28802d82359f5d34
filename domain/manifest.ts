import { bytesToHex, utf8, writeHex } from './hash.ts';
import { Refusal } from './refusal.ts';
import type { Hex } from './types.ts';

/** What a slot was made of: the ids of every receipted order and ask, each list strictly ascending. */
export interface Manifest {
  slot: bigint;
  orderIds: readonly Hex[];
  askIds: readonly Hex[];
}

const MAGIC = utf8('CHS1');

/** `"CHS1" ‖ slot 8 ‖ order count 4 ‖ order ids ‖ ask count 4 ‖ ask ids`; its keccak256 is the header's `inputsHash`. (ADR 0001, slot inputs) */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const { orderIds, askIds } = manifest;
  const bytes = new Uint8Array(20 + 32 * (orderIds.length + askIds.length));
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setBigUint64(4, manifest.slot);
  let at = 12;
  for (const ids of [orderIds, askIds]) {
    view.setUint32(at, ids.length);
    at += 4;
    for (const id of ids) {
      writeHex(bytes, at, id);
      at += 32;
    }
  }
  return bytes;
}

/** @throws Refusal `MALFORMED` unless the bytes are exactly what `encodeManifest` writes for strictly ascending ids */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 20 || MAGIC.some((byte, index) => bytes[index] !== byte))
    throw malformed(0, 'it does not begin with CHS1 and two lists');
  const orders = readIds(bytes, view, 12);
  const asks = readIds(bytes, view, orders.end);
  if (asks.end !== bytes.length) throw malformed(asks.end, 'bytes follow the asks');
  return { slot: view.getBigUint64(4), orderIds: orders.ids, askIds: asks.ids };
}

function readIds(bytes: Uint8Array, view: DataView, at: number): { ids: Hex[]; end: number } {
  if (at + 4 > bytes.length) throw malformed(at, 'a list is missing');
  const end = at + 4 + 32 * view.getUint32(at);
  if (end > bytes.length) throw malformed(at, 'a list is longer than the bytes');
  const ids: Hex[] = [];
  for (let from = at + 4; from < end; from += 32) {
    const id = bytesToHex(bytes.subarray(from, from + 32));
    const before = ids.at(-1);
    if (before !== undefined && before >= id) throw malformed(from, 'ids do not ascend');
    ids.push(id);
  }
  return { ids, end };
}

function malformed(at: number, why: string): Refusal {
  return new Refusal('MALFORMED', `The slot's manifest is malformed at byte ${at}: ${why}.`);
}
