import type { Seal } from '../../domain/seal.ts';
import type { Hex, SignedAsk, SignedListing, SignedOrder } from '../../domain/types.ts';
import type { Prisma } from '../../prisma/generated/client.ts';
import { toJson } from './wire.ts';
import { changePayload, LISTING_CHANNEL } from '../../prisma/listen.ts';
import { BOOK_LOCK } from '../../prisma/locks.ts';

type Tx = Prisma.TransactionClient;

/** A nonce of an account, as a key of sets. */
export type NonceKey = `${string}:${string}`;
export const nonceKey = (account: Hex, nonce: bigint): NonceKey => `${account}:${nonce}`;

/** Serialises everything that writes the book; the scheduler takes the same lock before it reads a closed slot. */
export async function lockBook(tx: Tx): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${BOOK_LOCK.space}::int, ${BOOK_LOCK.key}::int)`;
}

/** Nonces that are spent on-chain, or that another message of the book already carries. */
export async function takenNonces(
  tx: Tx,
  nonces: { account: Hex; nonce: bigint }[],
): Promise<{ spent: Set<NonceKey>; inBook: Set<NonceKey> }> {
  const accounts = nonces.map((item) => item.account);
  const values = nonces.map((item) => item.nonce.toString());
  const rows = await tx.$queryRaw<{ account: string; nonce: string; spent: boolean }[]>`
    WITH wanted AS (SELECT DISTINCT * FROM unnest(${accounts}::text[], ${values}::text[]) AS w(account, nonce))
    SELECT w.account, w.nonce, true AS spent FROM wanted w
      JOIN used_nonce u ON u.account = w.account AND u.nonce = w.nonce::numeric
    UNION ALL SELECT w.account, w.nonce, false FROM wanted w
      JOIN "order" o ON o.consumer = w.account AND o.message->'order'->>'nonce' = w.nonce
    UNION ALL SELECT w.account, w.nonce, false FROM wanted w
      JOIN ask a ON a.provider = w.account AND a.message->>'nonce' = w.nonce
    UNION ALL SELECT w.account, w.nonce, false FROM wanted w
      JOIN listing l ON l.provider = w.account AND l.message->>'nonce' = w.nonce`;
  const keysOf = (spent: boolean): Set<NonceKey> =>
    new Set(rows.filter((row) => row.spent === spent).map((row): NonceKey => `${row.account}:${row.nonce}`));
  return { spent: keysOf(true), inBook: keysOf(false) };
}

/**
 * Cards of each node that are promised: running, on asks or on listings. An expired ask counts until the last slot
 * that held it can no longer be committed, since that slot may still fill it.
 * @param now chain time, unix seconds
 * @param slotTail seconds from an ask's expiry to the commit deadline of its last slot
 */
export async function promisedCards(
  tx: Tx,
  nodes: Hex[],
  now: bigint,
  slotTail: bigint,
): Promise<Map<Hex, number>> {
  const askFloor = now - slotTail;
  const rows = await tx.$queryRaw<{ node: string; cards: bigint }[]>`
    WITH offered AS (
      SELECT id, node, provider, message, "validUntil" FROM ask
        WHERE node = ANY(${nodes}::text[]) AND "validUntil" >= ${askFloor}
      UNION ALL
      SELECT id, node, provider, message, "validUntil" FROM listing
        WHERE node = ANY(${nodes}::text[]) AND "validUntil" >= ${now}
    )
    SELECT node, sum(cards)::bigint AS cards FROM (
      SELECT o.node, (o.message->>'cards')::int - coalesce(f.filled, 0) AS cards
        FROM offered o JOIN node n ON n.id = o.node LEFT JOIN fill f ON f.id = o.id
        WHERE (o.message->>'nodeEpoch')::bigint = n.epoch
          AND NOT EXISTS (SELECT 1 FROM used_nonce u
            WHERE u.account = o.provider AND u.nonce = (o.message->>'nonce')::numeric)
      UNION ALL
      SELECT node, cards FROM lease WHERE node = ANY(${nodes}::text[]) AND "end" > ${now}
    ) promised GROUP BY node`;
  return new Map(rows.map((row) => [row.node as Hex, Number(row.cards)]));
}

/** Which of these workloads are stored. */
export async function storedWorkloads(tx: Tx, hashes: Hex[]): Promise<Set<Hex>> {
  const rows = await tx.workload.findMany({ where: { hash: { in: hashes } }, select: { hash: true } });
  return new Set(rows.map((row) => row.hash as Hex));
}

export async function insertWorkloads(tx: Tx, workloads: Map<Hex, string>): Promise<void> {
  if (workloads.size === 0) return;
  await tx.workload.createMany({
    data: [...workloads].map(([hash, body]) => ({ hash, body })),
    skipDuplicates: true,
  });
}

/** What the gateway found out about a message before it stores it. */
interface Checked {
  id: Hex;
  /** Recovered from the signature; null when it is no key's. */
  signer: Hex | null;
}

export async function insertOrders(
  tx: Tx,
  slot: bigint,
  items: (Checked & SignedOrder)[],
  seal: Seal,
): Promise<void> {
  if (items.length === 0) return;
  await tx.$executeRaw`
    INSERT INTO "order" (id, consumer, message, signature, signer, seal, slot, "validUntil")
    SELECT id, consumer, message::jsonb, signature, signer, seal, ${slot}, valid_until::bigint FROM unnest(
      ${items.map((item) => item.id)}::text[], ${items.map((item) => item.order.consumer)}::text[],
      ${items.map((item) => toJson({ order: item.order, classes: item.classes }))}::text[],
      ${items.map((item) => item.signature)}::text[], ${items.map((item) => item.signer)}::text[],
      ${items.map((item) => sealOf(item, seal))}::text[],
      ${items.map((item) => storedTime(item.order.validUntil))}::text[]
    ) AS t(id, consumer, message, signature, signer, seal, valid_until)`;
}

export async function insertAsks(
  tx: Tx,
  slot: bigint,
  items: (Checked & SignedAsk)[],
  seal: Seal,
): Promise<void> {
  if (items.length === 0) return;
  await tx.$executeRaw`
    INSERT INTO ask (id, provider, node, message, signature, signer, seal, slot, "validUntil")
    SELECT id, provider, node, message::jsonb, signature, signer, seal, ${slot}, valid_until::bigint FROM unnest(
      ${items.map((item) => item.id)}::text[], ${items.map((item) => item.ask.provider)}::text[],
      ${items.map((item) => item.ask.supply)}::text[], ${items.map((item) => toJson(item.ask))}::text[],
      ${items.map((item) => item.signature)}::text[], ${items.map((item) => item.signer)}::text[],
      ${items.map((item) => sealOf(item, seal))}::text[],
      ${items.map((item) => storedTime(item.ask.validUntil))}::text[]
    ) AS t(id, provider, node, message, signature, signer, seal, valid_until)`;
}

function sealOf({ id, signer, signature }: Checked & { signature: Hex }, seal: Seal): Hex | null {
  return signer === null ? null : seal(id, signer, signature);
}

export async function insertListings(tx: Tx, items: ({ id: Hex } & SignedListing)[]): Promise<void> {
  if (items.length === 0) return;
  await tx.listing.createMany({
    data: items.map(({ id, listing, signature }) => ({
      id,
      provider: listing.provider,
      node: listing.node,
      resourceClass: listing.resourceClass,
      message: JSON.parse(toJson(listing)) as Prisma.InputJsonObject,
      signature,
      price: listing.pricePerCardHour.toString(),
      cards: listing.cards,
      validUntil: BigInt(storedTime(listing.validUntil)),
    })),
  });
  const nodes = [...new Set(items.map(({ listing }) => listing.node))];
  await tx.$executeRaw`SELECT pg_notify(${LISTING_CHANNEL}, ${changePayload({ nodes, providers: [] })})`;
}

/** A 64-bit time as PostgreSQL's signed bigint can hold it; what lies beyond is as good as never. */
function storedTime(seconds: bigint): string {
  const largest = 2n ** 63n - 1n;
  return (seconds < largest ? seconds : largest).toString();
}
