import { gradeOf } from '../../../domain/metrology/capacity.ts';
import { fp16Of } from '../../../domain/metrology/cards.ts';
import type { Database } from '../../../prisma/client.ts';
import type { ClassView, ListingView } from '../../views.ts';
import { mustAgree } from '../must-agree.ts';

export interface ListingWish {
  class?: string | undefined;
  provider?: string | undefined;
  /** Its name. */
  region?: string | undefined;
  /** At least so many left. */
  cards?: number | undefined;
  /** Base units per card-hour. */
  maxPrice?: bigint | undefined;
}

/** Listings that can be bought now, cheapest first; a node in a cluster has none. */
export async function openListings(
  db: Database,
  now: bigint,
  wish: ListingWish,
  limit = 200,
  /** Where the page before ended. */
  after: { price: string; id: string } | null = null,
): Promise<ListingView[]> {
  await mustAgree(db, 'node', 'provider', 'lease');
  const { class: resourceClass = null, provider = null, region = null, cards = 1, maxPrice = null } = wish;
  return db.$queryRaw<ListingView[]>`
    SELECT l.id, l.provider, l.node, l.message, l.signature, l.price::text AS price, l."validUntil"::text AS "validUntil",
           n."className", n.region, l.cards - coalesce(f.filled, 0) AS "left"
    FROM listing l
      JOIN node n ON n.id = l.node AND n.provider = l.provider AND n.epoch = (l.message->>'nodeEpoch')::bigint
        AND n."clusteredUntil" < ${now}
      JOIN provider p ON p.address = l.provider AND p."exitAt" IS NULL
      LEFT JOIN fill f ON f.id = l.id
    WHERE l."validUntil" >= ${now} AND (l.message->>'validFrom')::numeric <= ${now}
      AND l.cards >= coalesce(f.filled, 0) + ${cards}::int
      AND (${region}::text IS NULL OR n.region = ${region}) AND (${maxPrice}::numeric IS NULL OR l.price <= ${maxPrice}::numeric)
      AND (${resourceClass}::text IS NULL OR l."resourceClass" = ${resourceClass})
      AND (${provider}::text IS NULL OR l.provider = ${provider})
      AND (${after === null} OR (l.price, l.id) > (${after?.price ?? '0'}::numeric, ${after?.id ?? ''}))
      AND NOT EXISTS (SELECT 1 FROM used_nonce u
        WHERE u.kind = 'listing' AND u.account = l.provider AND u.nonce = (l.message->>'nonce')::numeric)
    ORDER BY l.price, l.id LIMIT ${limit}`;
}

/** The resource classes of the network with what is free, what it last cost, and what is listed. */
export async function classesOf(db: Database, now: bigint): Promise<ClassView[]> {
  await mustAgree(db, 'node', 'provider', 'lease');
  const classes = await db.$queryRaw<
    { id: string; name: string; nodes: number; cards: number; leased: number; regions: string[] }[]
  >`
    SELECT n."resourceClass" AS id, n."className" AS name, count(*)::int AS nodes, sum(n.cards)::int AS cards,
           coalesce(sum(l.cards), 0)::int AS leased, array_agg(DISTINCT n.region) AS regions
    FROM node n LEFT JOIN (SELECT node, sum(cards) AS cards FROM lease WHERE "end" > ${now} GROUP BY node) l ON l.node = n.id
    GROUP BY 1, 2 ORDER BY 2`;
  const prices = await clearingPrices(db);
  const listings = await openListings(db, now, {});
  const asked = await cardsOnAsks(db, now);
  return classes.map(({ leased, ...row }) => ({
    ...row,
    freeCards: Math.max(0, row.cards - leased),
    askedCards: asked.get(row.id) ?? 0,
    compute: computeOf(row.name),
    prices: prices.get(row.id) ?? [],
    listings: listings.filter((listing) => listing.className === row.name),
  }));
}

function computeOf(className: string): ClassView['compute'] {
  const rate = fp16Of(className);
  if (rate === null) return null;
  const { low, high } = rate;
  return { low, high, grade: gradeOf(BigInt(low) * 1_000_000_000n) };
}

/** The newest clearing prices of each class, newest first; committed slots only. */
async function clearingPrices(db: Database): Promise<Map<string, { slot: string; price: string }[]>> {
  const rows = await db.$queryRaw<{ id: string; slot: string; price: string }[]>`
    SELECT n."resourceClass" AS id, l.slot::text AS slot, l.rate::text AS price
    FROM (SELECT node, slot, rate, id FROM lease WHERE slot IS NOT NULL ORDER BY id DESC LIMIT 400) l
      JOIN node n ON n.id = l.node ORDER BY l.id DESC`;
  const prices = new Map<string, { slot: string; price: string }[]>();
  for (const { id, ...price } of rows) {
    const list = prices.get(id) ?? [];
    if (list.length < 40) list.push(price);
    prices.set(id, list);
  }
  return prices;
}

/** Cards that live asks still offer to the auction, by class; their reserves stay sealed. */
async function cardsOnAsks(db: Database, now: bigint): Promise<Map<string, number>> {
  const rows = await db.$queryRaw<{ id: string; cards: number }[]>`
    SELECT n."resourceClass" AS id, sum((a.message->>'cards')::int - coalesce(f.filled, 0))::int AS cards
    FROM ask a
      JOIN node n ON n.id = a.node AND n.epoch = (a.message->>'nodeEpoch')::bigint
      JOIN provider p ON p.address = a.provider AND p."exitAt" IS NULL
      LEFT JOIN fill f ON f.id = a.id
    WHERE a."validUntil" >= ${now}
      AND NOT EXISTS (SELECT 1 FROM used_nonce u
        WHERE u.kind = 'ask' AND u.account = a.provider AND u.nonce = (a.message->>'nonce')::numeric)
    GROUP BY 1`;
  return new Map(rows.map((row) => [row.id, row.cards]));
}
