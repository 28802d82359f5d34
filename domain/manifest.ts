/**
 * A slot's inputs as one file of canonical bytes, all that a replay needs beside the chain: the signed messages, and the order in which the
 * gateway receipted them. Its keccak256 is the header's `inputsHash`. One text per meaning: other bytes are refused. (ADR 0011)
 */
import { askId, orderId, TYPES } from './eip712.ts';
import { Reader } from './reader.ts';
import type { Ask, Hex, Order, SignedAsk, SignedOrder, SigningDomain } from './types.ts';
import { Writer } from './writer.ts';

/** "CHS2" */
const MAGIC: Hex = '0x43485332';

export interface Manifest {
  /** Chain and Auction that every message is signed for. */
  domain: SigningDomain;
  slot: bigint;
  /** Ascending by id; an id is the EIP-712 digest of its message. */
  orders: readonly { id: Hex; signed: SignedOrder }[];
  asks: readonly { id: Hex; signed: SignedAsk }[];
  receipts: SlotReceipts;
}

/** The receipts that the gateway gave for this slot. */
export interface SlotReceipts {
  /** Receipted items in ascending `seq` from 0; the heads follow from them. */
  items: readonly Hex[];
  /** The signature of the last receipt, whose head binds all before it; `0x` without a receipt. */
  signature: Hex;
}

export const NO_RECEIPTS: SlotReceipts = { items: [], signature: '0x' };

/** @throws RangeError when items do not ascend, a receipted item is none of them, or a value is too large. */
export function encodeManifest({ domain, slot, orders, asks, receipts }: Manifest): Uint8Array {
  ascending(orders);
  ascending(asks);
  const tables = tablesOf(orders, asks);
  const writer = new Writer();
  writer.hex(MAGIC);
  writer.uint(domain.chainId, 8);
  writer.hex(domain.auction);
  writer.uint(slot, 8);
  for (const table of [tables.address, tables.bytes32]) {
    writer.uint(table.list.length, 4);
    for (const entry of table.list) writer.hex(entry);
  }
  writer.uint(orders.length, 4);
  for (const { signed } of orders) {
    writeMessage(writer, ORDER, signed.order, tables);
    writer.uint(signed.classes.length, 1);
    for (const id of signed.classes) tables.bytes32.write(writer, id);
    writeSignature(writer, signed.signature);
  }
  writer.uint(asks.length, 4);
  for (const { signed } of asks) {
    writeMessage(writer, ASK, signed.ask, tables);
    writeSignature(writer, signed.signature);
  }
  writeReceipts(writer, receipts, [...orders, ...asks]);
  return writer.bytes();
}

/** @throws RangeError on bytes that `encodeManifest` would not have made. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const reader = new Reader(bytes);
  if (bytes.length < 4 || reader.hex(4) !== MAGIC)
    throw new RangeError("these are not a slot's inputs: they do not begin with CHS2");
  const domain = { chainId: Number(reader.big(8)), auction: reader.hex(20) };
  if (!Number.isSafeInteger(domain.chainId))
    throw new RangeError(`chain ${domain.chainId} is beyond any chain's id`);
  const slot = reader.big(8);
  const tables = { address: readTable(reader, 20), bytes32: readTable(reader, 32) };
  const orders = reader.list(reader.int(4), () => {
    const order = readMessage(reader, ORDER, tables) as unknown as Order;
    const classes = reader.list(reader.int(1), () => tables.bytes32.read(reader));
    return { id: orderId(domain, order), signed: { order, classes, signature: readSignature(reader) } };
  });
  const asks = reader.list(reader.int(4), () => {
    const ask = readMessage(reader, ASK, tables) as unknown as Ask;
    return { id: askId(domain, ask), signed: { ask, signature: readSignature(reader) } };
  });
  ascending(orders);
  ascending(asks);
  const receipts = readReceipts(reader, [...orders, ...asks]);
  for (const table of Object.values(tables)) table.end();
  reader.end();
  return { domain, slot, orders, asks, receipts };
}

interface Field {
  name: string;
  kind: 'address' | 'bytes32' | 'uint';
  bits: number;
}

const ORDER = fieldsOf(TYPES.Order);
const ASK = fieldsOf(TYPES.Ask);

function fieldsOf(fields: readonly { name: string; type: string }[]): Field[] {
  return fields.map(({ name, type }) =>
    type.startsWith('uint')
      ? { name, kind: 'uint', bits: Number(type.slice(4)) }
      : { name, kind: type as 'address' | 'bytes32', bits: 0 },
  );
}

function writeMessage(writer: Writer, fields: readonly Field[], message: object, tables: Tables): void {
  const values = message as Record<string, Hex | bigint | number>;
  for (const { name, kind, bits } of fields) {
    const value = values[name]!;
    if (kind === 'uint') writer.short(value as bigint | number, bits / 8);
    else tables[kind].write(writer, value as Hex);
  }
}

function readMessage(
  reader: Reader,
  fields: readonly Field[],
  tables: Record<Field['kind'] & keyof Tables, ReadTable>,
): Record<string, Hex | bigint | number> {
  const message: Record<string, Hex | bigint | number> = {};
  for (const { name, kind, bits } of fields) {
    if (kind === 'uint') message[name] = bits > 32 ? reader.shortBig(bits / 8) : reader.shortInt(bits / 8);
    else message[name] = tables[kind].read(reader);
  }
  return message;
}

function writeSignature(writer: Writer, signature: Hex): void {
  writer.uint((signature.length - 2) / 2, 1);
  writer.hex(signature);
}

function readSignature(reader: Reader): Hex {
  return reader.hex(reader.int(1));
}

function writeReceipts(
  writer: Writer,
  { items, signature }: SlotReceipts,
  all: readonly { id: Hex }[],
): void {
  const places = new Map(all.map(({ id }, place) => [id, place]));
  writer.uint(items.length, 4);
  for (const item of items) {
    const place = places.get(item);
    if (place === undefined)
      throw new RangeError(`the receipted item ${item} is not among the slot's, or receipted twice`);
    places.delete(item);
    writer.uint(place, widthOf(all.length));
  }
  if (items.length > 0) writeSignature(writer, signature);
}

function readReceipts(reader: Reader, all: readonly { id: Hex }[]): SlotReceipts {
  const seen = new Set<number>();
  const items = reader.list(reader.int(4), () => {
    const place = reader.int(widthOf(all.length));
    if (place >= all.length || seen.has(place))
      throw new RangeError(`a receipt names item ${place} of ${all.length}, beyond the end or a second time`);
    seen.add(place);
    return all[place]!.id;
  });
  return items.length === 0 ? NO_RECEIPTS : { items, signature: readSignature(reader) };
}

interface Table {
  list: readonly Hex[];
  write: (writer: Writer, entry: Hex) => void;
}
interface Tables {
  address: Table;
  bytes32: Table;
}

/** Every address and every word that the messages name, once, ascending. */
function tablesOf(orders: Manifest['orders'], asks: Manifest['asks']): Tables {
  const [address, bytes32] = [new Set<Hex>(), new Set<Hex>()];
  for (const { signed } of orders) {
    const { consumer, requirement, region, workload } = signed.order;
    address.add(consumer);
    bytes32.add(requirement).add(region).add(workload);
    for (const id of signed.classes) bytes32.add(id);
  }
  for (const { signed } of asks) {
    const { provider, supply, resourceClass, region } = signed.ask;
    address.add(provider);
    bytes32.add(supply).add(resourceClass).add(region);
  }
  return { address: tableOf(address), bytes32: tableOf(bytes32) };
}

function tableOf(entries: ReadonlySet<Hex>): Table {
  const list = [...entries].sort();
  const places = new Map(list.map((entry, place) => [entry, place]));
  const width = widthOf(list.length);
  return { list, write: (writer, entry) => writer.uint(places.get(entry)!, width) };
}

interface ReadTable {
  read: (reader: Reader) => Hex;
  /** @throws RangeError when no message named one of the entries. */
  end: () => void;
}

function readTable(reader: Reader, size: number): ReadTable {
  const list = reader.list(reader.int(4), () => reader.hex(size));
  list.forEach((entry, i) => {
    if (i > 0 && list[i - 1]! >= entry) throw new RangeError(`${entry} does not ascend in its table`);
  });
  const used = new Uint8Array(list.length);
  const width = widthOf(list.length);
  return {
    read: (from) => {
      const place = from.int(width);
      const entry = list[place];
      if (entry === undefined) throw new RangeError(`entry ${place} of a table of ${list.length} is named`);
      used[place] = 1;
      return entry;
    },
    end: () => {
      const idle = used.indexOf(0);
      if (idle >= 0) throw new RangeError(`no message names ${list[idle]}, which stands in a table`);
    },
  };
}

/** Bytes of a place in a list of `length`: as few as hold the last one. */
function widthOf(length: number): number {
  let width = 1;
  while (256 ** width < length) width++;
  return width;
}

function ascending(items: readonly { id: Hex }[]): void {
  for (let i = 1; i < items.length; i++)
    if (items[i - 1]!.id >= items[i]!.id) throw new RangeError(`items ${i - 1} and ${i} do not ascend`);
}
