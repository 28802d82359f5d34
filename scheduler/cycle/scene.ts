/** What a cycle decides on, read from the database: who may be clustered, how far they are from each other, what was ordered. */
import type { Pool } from 'pg';
import { reviveEvent, type StoredEvent } from '../../contracts/events.ts';
import { runnerOf } from '../../domain/clusters.ts';
import { classesOf } from '../../domain/filters.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { distanceOf } from '../../domain/latency.ts';
import { regionId } from '../../domain/names.ts';
import type { Cluster } from '../../domain/market-state.ts';
import type { Hex, SignedOrder } from '../../domain/types.ts';
import { readOrder, type StoredMessage } from '../book/rows.ts';
import type { Trust } from '../book/rows.ts';

/** A node that may join a cluster. */
export interface Candidate {
  id: Hex;
  provider: Hex;
  resourceClass: Hex;
  className: string;
  region: string;
  /** Hash of the region. */
  place: Hex;
  /** Cards that no lease holds when the cycle starts. */
  cards: number;
  /** Of its newest ask, base units per card-hour. */
  reserve: bigint;
}

export interface Scene {
  candidates: Candidate[];
  /** Between two candidates, microseconds; infinite when it was not measured. */
  distance(a: Candidate, b: Candidate): number;
  /** Of the last cycle, by first slot. */
  orders: { slot: bigint; signed: SignedOrder }[];
  /** Clusters of the cycle before, by their members' nodes. */
  before: Hex[][];
}

/** Announcements and measurements that are older do not count, seconds of chain time. */
const ANNOUNCED_SECONDS = 600n;
const MEASURED_SECONDS = 900n;
/** Most orders that a decision simulates. */
const MOST_ORDERS = 5_000;

interface SceneOptions {
  pool: Pool;
  trust: Trust;
  /** Chain time, unix seconds. */
  now: bigint;
  /** When the clusters would begin. */
  validFrom: bigint;
  settlingSeconds: bigint;
  /** Slots whose orders count: from here to here. */
  slots: { first: bigint; last: bigint };
  cycle: bigint;
}

export async function readScene(options: SceneOptions): Promise<Scene> {
  const candidates = await readCandidates(options);
  const trips = await readTrips(options, candidates);
  return {
    candidates,
    distance: (a, b) =>
      a.resourceClass === b.resourceClass && a.place === b.place
        ? distanceOf(trips.get(a.id + b.id) ?? [], trips.get(b.id + a.id) ?? [])
        : Infinity,
    orders: await readOrders(options),
    before: await readBefore(options),
  };
}

/**
 * Nodes whose providers announced them, that sell, that are out of clusters for long enough, and that no open-ended lease may have to be
 * prolonged on: while it is in a cluster a node has no listing to prolong from.
 */
async function readCandidates({ pool, now, validFrom, settlingSeconds }: SceneOptions): Promise<Candidate[]> {
  const { rows } = await pool.query<Omit<Candidate, 'reserve' | 'place'> & { reserve: string }>(
    `SELECT n.id, n.provider, n."resourceClass", n."className", n.region,
       (n.cards - coalesce((SELECT sum(l.cards) FROM lease l WHERE l.node = n.id AND l."end" > $2), 0)
         - coalesce((SELECT sum(greatest(0, x.cards - coalesce(f.filled, 0))) FROM listing x LEFT JOIN fill f ON f.id = x.id
             WHERE x.node = n.id AND x.provider = n.provider AND x."validUntil" >= $2
               AND (x.message->>'nodeEpoch')::bigint = n.epoch AND NOT EXISTS (SELECT 1 FROM used_nonce u
                 WHERE u.kind = 'listing' AND u.account = x.provider AND u.nonce = (x.message->>'nonce')::numeric)), 0))::int AS cards,
       a.reserve
     FROM node_endpoint e
       JOIN node n ON n.id = e.node AND n.provider = e.provider
       JOIN provider p ON p.address = n.provider AND p."exitAt" IS NULL
       JOIN LATERAL (SELECT message->>'reservePrice' AS reserve FROM ask
         WHERE ask.node = n.id AND ask.provider = n.provider ORDER BY seq DESC LIMIT 1) a ON true
     WHERE e.at >= $1::bigint - ${ANNOUNCED_SECONDS}::bigint
       AND (n."clusteredUntil" = 0 OR n."clusteredUntil" + $3::bigint < $1::bigint)
       AND NOT EXISTS (SELECT 1 FROM renewal r JOIN lease l ON l.id = r."leaseId" AND NOT l.settled
         WHERE l.node = n.id AND r.until > l."end")
     ORDER BY n.id`,
    [now, validFrom, settlingSeconds],
  );
  const busy = await cardsOfClusters(pool, validFrom);
  return rows
    .map(({ reserve, ...row }) => ({
      ...row,
      cards: row.cards - (busy.get(row.id) ?? 0),
      place: regionId(row.region),
      reserve: BigInt(reserve),
    }))
    .filter(({ cards }) => cards > 0);
}

/** Cards that leases of clusters still hold at a time, by the node that runs them. */
async function cardsOfClusters(pool: Pool, at: bigint): Promise<Map<Hex, number>> {
  const { rows } = await pool.query<StoredEvent & { lease: string; cards: number }>(
    `SELECT l.id AS lease, l.cards, c."blockNumber", c."logIndex", c.name, c.args FROM lease l
       JOIN chain_event c ON c.name = 'ClusterFormed' AND c.args->>'account' = l.provider WHERE l."end" > $1`,
    [at],
  );
  const busy = new Map<Hex, number>();
  for (const { lease, cards, ...event } of rows) {
    const { cluster: id, members } = reviveEvent(event).args as unknown as {
      cluster: Hex;
      members: Cluster['members'];
    };
    const { node } = runnerOf({ id, members }, BigInt(lease));
    busy.set(node, (busy.get(node) ?? 0) + cards);
  }
  return busy;
}

async function readTrips(
  { pool, now }: SceneOptions,
  candidates: readonly Candidate[],
): Promise<Map<string, number[]>> {
  const { rows } = await pool.query<{ from: string; to: string; micros: number[] }>(
    `SELECT "from", "to", array_agg(micros) AS micros FROM node_latency
     WHERE at >= $1 AND "from" = ANY($2) AND "to" = ANY($2) GROUP BY 1, 2`,
    [now - MEASURED_SECONDS, candidates.map(({ id }) => id)],
  );
  return new Map(rows.map(({ from, to, micros }) => [from + to, micros]));
}

async function readOrders({ pool, slots, trust }: SceneOptions): Promise<Scene['orders']> {
  const { rows } = await pool.query<StoredMessage>(
    `SELECT seq, id, slot, message, signature, signer, seal FROM "order" WHERE slot BETWEEN $1 AND $2
     ORDER BY slot DESC, seq DESC LIMIT ${MOST_ORDERS}`,
    [slots.first, slots.last],
  );
  return rows.reverse().map((row) => {
    const { slot, signed } = readOrder(row, trust);
    return { slot, signed };
  });
}

async function readBefore({ pool, cycle }: SceneOptions): Promise<Hex[][]> {
  const { rows } = await pool.query<{ members: { node: Hex }[] }>(
    `SELECT members FROM cluster_proposal WHERE state = 'formed' AND cycle = $1 ORDER BY id`,
    [cycle - 1n],
  );
  return rows.map(({ members }) => members.map(({ node }) => node));
}

/** Whether an order could be served by the node: class and region; cards and price are the simulation's. */
export function suits({ order, classes }: SignedOrder, node: Candidate): boolean {
  const wanted = classesOf({ order, classes });
  return (
    (wanted === null || wanted.includes(node.resourceClass)) &&
    (order.region === ZERO_HASH || order.region === node.place)
  );
}
