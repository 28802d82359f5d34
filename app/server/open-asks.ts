/** What the auction has on offer at this moment. Reserves stay sealed but for the lowest that an answer names. */
import { regionId } from '../../domain/names.ts';
import { OnOffer, type OfferedAsk } from '../../domain/on-offer.ts';
import { scoreAt } from '../../domain/reputation.ts';
import type { Hex } from '../../domain/types.ts';
import { nodeResources } from '../../domain/vectors.ts';
import type { Database } from '../../prisma/client.ts';
import { openClusters } from './clusters/open.ts';
import { outcomesOf, type RecordRow } from './outcomes.ts';

/** An ask that the slot now open would count as eligible. */
export interface OpenAsk extends OfferedAsk {
  className: string;
  regionName: string;
}

/** Milliseconds for which an answer is repeated: what it says is advice, the slot decides. */
const FRESH_MS = 1_000;

/** What the slot that ends then (unix seconds) has on offer. */
export type OpenAsks = (slotEnd: bigint) => Promise<OnOffer<OpenAsk>>;

/** @param minProviderStake prior of a reputation, base units */
export function createOpenAsks(db: Database, minProviderStake: bigint): OpenAsks {
  let last: { slotEnd: bigint; at: number; read: ReturnType<OpenAsks> } | null = null;
  return (slotEnd) => {
    const now = Date.now();
    if (last?.slotEnd !== slotEnd || now - last.at > FRESH_MS) {
      const read = readAsks(db, slotEnd, minProviderStake).then((asks) => new OnOffer(asks));
      last = { slotEnd, at: now, read };
      read.catch(() => (last = null));
    }
    return last.read;
  };
}

interface AskRow extends RecordRow {
  resourceClass: Hex;
  className: string;
  region: string;
  reserve: string;
  /** Of the node: its cards, and those that no lease holds. */
  cards: number;
  idle: number;
  networkMbps: bigint;
  storageGb: bigint;
  /** Of the ask. */
  left: number;
  tier: number;
}

async function readAsks(db: Database, slotEnd: bigint, prior: bigint): Promise<OpenAsk[]> {
  const rows = await db.$queryRaw<AskRow[]>`
    SELECT n."resourceClass", n."className", n.region, a.message->>'reservePrice' AS reserve, n.tier, n.cards,
           n."networkMbps"::bigint AS "networkMbps", n."storageGb"::bigint AS "storageGb",
           greatest(0, n.cards - coalesce(l.cards, 0))::int AS idle, ((a.message->>'cards')::int - coalesce(f.filled, 0))::int AS left,
           p."outcomeDay", p.good::text AS good, p.bad::text AS bad, p."newGood"::text AS "newGood", p."newBad"::text AS "newBad"
    FROM ask a
      JOIN node n ON n.id = a.node AND n.provider = a.provider AND n.epoch = (a.message->>'nodeEpoch')::bigint
        AND n."clusteredUntil" < ${slotEnd}
      JOIN provider p ON p.address = a.provider AND p."exitAt" IS NULL
      LEFT JOIN fill f ON f.id = a.id
      LEFT JOIN (SELECT node, sum(cards) AS cards FROM lease WHERE "end" > ${slotEnd} GROUP BY node) l ON l.node = n.id
    WHERE a."validUntil" >= ${slotEnd} AND (a.message->>'validFrom')::numeric <= ${slotEnd}
      AND NOT EXISTS (SELECT 1 FROM used_nonce u
        WHERE u.kind = 'ask' AND u.account = a.provider AND u.nonce = (a.message->>'nonce')::numeric)`;
  const places = new Map([...new Set(rows.map((row) => row.region))].map((name) => [name, regionId(name)]));
  const clusters = await asksOfClusters(db, slotEnd, prior);
  const asks = rows.map((row) => ({
    resourceClass: row.resourceClass,
    className: row.className,
    region: places.get(row.region)!,
    regionName: row.region,
    reservePrice: BigInt(row.reserve),
    cardsLeft: Math.max(0, Math.min(row.left, row.idle)),
    tier: row.tier,
    reputation: scoreAt(outcomesOf(row), slotEnd, prior),
    state: nodeResources(row, row.idle),
  }));
  return [...asks, ...clusters];
}

/** A cluster's reputation is the least of its members'. */
async function asksOfClusters(db: Database, slotEnd: bigint, prior: bigint): Promise<OpenAsk[]> {
  const open = await openClusters(db, slotEnd);
  if (open.length === 0) return [];
  const providers = await db.$queryRaw<(RecordRow & { address: string })[]>`
    SELECT address, "outcomeDay", good::text AS good, bad::text AS bad, "newGood"::text AS "newGood", "newBad"::text AS "newBad"
    FROM provider WHERE address = ANY(${open.flatMap(({ members }) => members)})`;
  const scores = new Map(
    providers.map(({ address, ...record }) => [address, scoreAt(outcomesOf(record), slotEnd, prior)]),
  );
  return open.map(({ members, ...ask }) => ({
    ...ask,
    reputation: Math.min(...members.map((member) => scores.get(member) ?? 0)),
  }));
}
