import { z } from 'zod';
import { askId, orderId } from '../../domain/eip712.ts';
import { recoverSigner } from '../../domain/signature.ts';
import type { Hex, SignedAsk, SignedOrder, SigningDomain } from '../../domain/types.ts';

/** A message as the gateway stored it: bigints are decimal strings. */
export interface StoredMessage {
  id: string;
  slot: string;
  message: unknown;
  signature: string;
}

interface Entry {
  id: Hex;
  /** First slot that holds it. */
  slot: bigint;
  /** Recovered from the signature; null when that is malformed. */
  signer: Hex | null;
}
export interface BookOrder extends Entry {
  signed: SignedOrder;
}
export interface BookAsk extends Entry {
  signed: SignedAsk;
}

const hex = z
  .string()
  .regex(/^0x[0-9a-f]*$/)
  .transform((text) => text as Hex);
const integer = z
  .union([z.string().regex(/^\d+$/), z.number().int().nonnegative(), z.bigint()])
  .transform(BigInt);
const count = z.union([z.number().int().nonnegative(), z.string().regex(/^\d+$/)]).transform(Number);

const orderMessage = z.object({
  consumer: hex,
  requirement: hex,
  cards: count,
  duration: count,
  startPrice: integer,
  taskCompute: count,
  taskNetwork: count,
  taskStorage: count,
  region: hex,
  latestStart: integer,
  validUntil: integer,
  minReputation: count,
  minTier: count,
  workload: hex,
  nonce: integer,
});

const askMessage = z.object({
  provider: hex,
  supply: hex,
  supplyKind: count,
  nodeEpoch: count,
  resourceClass: hex,
  region: hex,
  cards: count,
  reservePrice: integer,
  validFrom: integer,
  validUntil: integer,
  nonce: integer,
});

/** @throws Error when the row is not what its id says: then the database was tampered with, and no slot may use it. */
function checkId(kind: string, id: string, computed: Hex): Hex {
  if (id !== computed) throw new Error(`${kind} ${id} has the digest ${computed}`);
  return computed;
}

export function readOrder(row: StoredMessage, domain: SigningDomain): BookOrder {
  const envelope = z.object({ order: z.unknown(), classes: z.array(hex).default([]) }).parse(row.message);
  const order = orderMessage.parse(envelope.order);
  const id = checkId('order', row.id, orderId(domain, order));
  const signature = hex.parse(row.signature);
  return {
    id,
    slot: BigInt(row.slot),
    signer: recoverSigner(id, signature),
    signed: { order, classes: envelope.classes, signature },
  };
}

export function readAsk(row: StoredMessage, domain: SigningDomain): BookAsk {
  const ask = askMessage.parse(row.message);
  const id = checkId('ask', row.id, askId(domain, ask));
  const signature = hex.parse(row.signature);
  return { id, slot: BigInt(row.slot), signer: recoverSigner(id, signature), signed: { ask, signature } };
}
