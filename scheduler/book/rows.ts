import { askId, orderId } from '../../domain/eip712.ts';
import type { Seal } from '../../domain/seal.ts';
import { recoverSigner } from '../../domain/signature.ts';
import type { Ask, Hex, Order, SignedAsk, SignedOrder, SigningDomain } from '../../domain/types.ts';

/** A message as the gateway stored it: bigints are decimal strings. */
export interface StoredMessage {
  seq: string;
  id: string;
  slot: string;
  message: unknown;
  signature: string;
  signer: string | null;
  seal: string | null;
}

export interface Entry {
  id: Hex;
  /** Ascends as rows become visible. */
  seq: bigint;
  /** First slot that holds it. */
  slot: bigint;
  /** Who signed it; null when no key did, or the signature is malformed. */
  signer: Hex | null;
}
export interface BookOrder extends Entry {
  signed: SignedOrder;
}
export interface BookAsk extends Entry {
  signed: SignedAsk;
}

/** What a row is checked against. */
export interface Trust {
  domain: SigningDomain;
  /** Checks the gateway's seals; without it every signer is recovered. */
  seal?: Seal;
}

/** @throws Error when the row is not what its id says: then the database was tampered with, and no slot may use it. */
export function readOrder(row: StoredMessage, trust: Trust): BookOrder {
  const envelope = fieldsOf(row.message);
  const order = orderOf(fieldsOf(envelope['order']));
  const classes = envelope['classes'] ?? [];
  if (!Array.isArray(classes)) throw new Error('the classes of a stored order are no list');
  const entry = entryOf('order', row, orderId(trust.domain, order), trust);
  return { ...entry, signed: { order, classes: classes.map(hex), signature: row.signature as Hex } };
}

/** @throws Error as `readOrder` does */
export function readAsk(row: StoredMessage, trust: Trust): BookAsk {
  const ask = askOf(fieldsOf(row.message));
  const entry = entryOf('ask', row, askId(trust.domain, ask), trust);
  return { ...entry, signed: { ask, signature: row.signature as Hex } };
}

function entryOf(kind: string, row: StoredMessage, id: Hex, trust: Trust): Entry {
  if (row.id !== id) throw new Error(`${kind} ${row.id} has the digest ${id}`);
  return { id, seq: BigInt(row.seq), slot: BigInt(row.slot), signer: signerOf(row, id, trust) };
}

/** Whom the gateway found, when its seal says so; else the signer is recovered here. */
function signerOf(row: StoredMessage, id: Hex, { seal }: Trust): Hex | null {
  const signature = hex(row.signature);
  const { signer } = row;
  const isSealed =
    seal !== undefined &&
    row.seal !== null &&
    signer !== null &&
    ADDRESS.test(signer) &&
    signature.length === KEY_SIGNATURE &&
    seal(id, signer as Hex, signature) === row.seal;
  return isSealed ? (signer as Hex) : recoverSigner(id, signature);
}

const ADDRESS = /^0x[0-9a-f]{40}$/;
/** Characters of 65 bytes. */
const KEY_SIGNATURE = 132;

function orderOf(fields: Fields): Order {
  return {
    consumer: hex(fields['consumer']),
    requirement: hex(fields['requirement']),
    cards: count(fields['cards']),
    duration: count(fields['duration']),
    startPrice: integer(fields['startPrice']),
    taskCompute: count(fields['taskCompute']),
    taskNetwork: count(fields['taskNetwork']),
    taskStorage: count(fields['taskStorage']),
    region: hex(fields['region']),
    latestStart: integer(fields['latestStart']),
    validUntil: integer(fields['validUntil']),
    minReputation: count(fields['minReputation']),
    minTier: count(fields['minTier']),
    workload: hex(fields['workload']),
    nonce: integer(fields['nonce']),
  };
}

function askOf(fields: Fields): Ask {
  return {
    provider: hex(fields['provider']),
    supply: hex(fields['supply']),
    supplyKind: count(fields['supplyKind']),
    nodeEpoch: count(fields['nodeEpoch']),
    resourceClass: hex(fields['resourceClass']),
    region: hex(fields['region']),
    cards: count(fields['cards']),
    reservePrice: integer(fields['reservePrice']),
    validFrom: integer(fields['validFrom']),
    validUntil: integer(fields['validUntil']),
    nonce: integer(fields['nonce']),
  };
}

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw malformed(value);
  return value as Fields;
}

function hex(value: unknown): Hex {
  if (typeof value !== 'string' || !/^0x[0-9a-f]*$/.test(value)) throw malformed(value);
  return value as Hex;
}

/** At most 32 bits. */
function count(value: unknown): number {
  const number = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) throw malformed(value);
  return number;
}

function integer(value: unknown): bigint {
  if (typeof value === 'string' && DIGITS.test(value)) return BigInt(value);
  return BigInt(count(value));
}

const DIGITS = /^\d+$/;

function malformed(value: unknown): Error {
  return new Error(`a stored message holds ${JSON.stringify(value)}, which the gateway does not write`);
}
