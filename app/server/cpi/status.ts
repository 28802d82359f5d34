/** What the tables say of nodes at this moment: who runs them, how much is free, for how much, and when they were last heard of. */
import type { Database } from '../../../prisma/client.ts';
import { scoreAt } from '../../../domain/reputation.ts';
import type { NodeStatusView } from '../../cpi-views.ts';
import { mustAgree } from '../must-agree.ts';
import { outcomesOf, type RecordRow } from '../outcomes.ts';

/** With the segments as they stand on-chain; `y` is Y and Y′: `Y/S`. */
export interface NodeStatus extends NodeStatusView {
  x: string;
  y: string;
  z: string;
}

export interface StatusAnswer {
  status: NodeStatus;
  /** Chain time from which on the same rows mean something else: a lease ends, a listing begins or ends, a day turns. */
  until: bigint;
  /** A lease runs, so heartbeats come at any moment. */
  beating: boolean;
}

interface Row extends RecordRow {
  id: string;
  provider: string;
  x: string;
  y: string;
  z: string;
  className: string;
  region: string;
  cards: number;
  tier: number;
  exitAt: bigint | null;
  now: bigint;
  leased: number;
  nextEnd: bigint | null;
  price: string | null;
  nextListing: bigint | null;
  cleared: string | null;
  beat: Date | null;
}

/** Leases of a node that are looked at for its last heartbeat and price: those that end last. */
const NEWEST_LEASES = 64;
const NEVER = 2n ** 63n;
const DAY = 86_400n;

/**
 * Status of registered nodes; others are not in the answer.
 * @param prior the least stake of a provider, base units
 */
export async function readStatuses(
  db: Database,
  nodes: readonly string[],
  prior: bigint,
): Promise<Map<string, StatusAnswer>> {
  await mustAgree(db, 'node', 'provider', 'lease');
  const rows = await db.$queryRaw<Row[]>`
    WITH head AS (SELECT coalesce(max(timestamp), 0)::bigint AS now FROM (SELECT timestamp FROM block ORDER BY number DESC LIMIT 1) b)
    SELECT n.id, n.provider, n.x, n.y, n.z, n."className", n.region, n.cards, n.tier, p."exitAt", p."outcomeDay",
           p.good::text AS good, p.bad::text AS bad, p."newGood"::text AS "newGood", p."newBad"::text AS "newBad",
           head.now, l.leased, l."nextEnd", o.price, o."nextListing", h.cleared, h.beat
    FROM node n CROSS JOIN head JOIN provider p ON p.address = n.provider
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(cards), 0)::int AS leased, min("end") AS "nextEnd" FROM lease WHERE node = n.id AND "end" > head.now
      ) l
      CROSS JOIN LATERAL (
        SELECT (min(i.price) FILTER (WHERE (i.message->>'validFrom')::numeric <= head.now))::text AS price,
               min(CASE WHEN (i.message->>'validFrom')::numeric > head.now THEN (i.message->>'validFrom')::bigint
                        ELSE i."validUntil" + (i."validUntil" < 9223372036854775807)::int END) AS "nextListing"
        FROM listing i LEFT JOIN fill f ON f.id = i.id
        WHERE i.node = n.id AND i.provider = n.provider AND (i.message->>'nodeEpoch')::bigint = n.epoch
          AND i."validUntil" >= head.now AND i.cards > coalesce(f.filled, 0) AND p."exitAt" IS NULL
          AND (i.message->>'validFrom')::numeric < 9223372036854775807
          AND NOT EXISTS (SELECT 1 FROM used_nonce u
            WHERE u.kind = 'listing' AND u.account = i.provider AND u.nonce = (i.message->>'nonce')::numeric)
      ) o
      CROSS JOIN LATERAL (
        SELECT (array_agg(m.rate::text ORDER BY m.id DESC) FILTER (WHERE m.slot IS NOT NULL))[1] AS cleared, max(r."lastBeatAt") AS beat
        FROM (SELECT id, slot, rate FROM lease WHERE node = n.id ORDER BY "end" DESC LIMIT ${NEWEST_LEASES}) m
          LEFT JOIN lease_report r ON r."leaseId" = m.id
      ) h
    WHERE n.id = ANY(${nodes as string[]}::text[])`;
  return new Map(rows.map((row) => [row.id, answerOf(row, prior)]));
}

function answerOf(row: Row, prior: bigint): StatusAnswer {
  const { now } = row;
  const changes = [row.nextEnd, row.nextListing, (now / DAY + 1n) * DAY].map((time) => time ?? NEVER);
  return {
    status: {
      node: row.id,
      provider: row.provider,
      x: row.x,
      y: row.y,
      z: row.z,
      className: row.className,
      region: row.region,
      cards: row.cards,
      freeCards: Math.max(0, row.cards - row.leased),
      price: row.price,
      lastCleared: row.cleared,
      reputation: scoreAt(outcomesOf(row), now, prior),
      tier: row.tier,
      leaving: row.exitAt !== null,
      lastHeartbeat: row.beat?.toISOString() ?? null,
      asOf: now.toString(),
    },
    until: changes.reduce((least, time) => (time < least ? time : least)),
    beating: row.nextEnd !== null,
  };
}
