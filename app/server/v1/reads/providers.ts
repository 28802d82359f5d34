/** Providers and nodes as the chain has them. */
import { scoreAt, type Outcomes } from '../../../../domain/reputation.ts';
import type { Database } from '../../../../prisma/client.ts';
import type { ServerContext } from '../../context.ts';

interface ProviderRow {
  address: string;
  payout: string;
  signer: string;
  metadata: string;
  stake: string;
  exitAt: string | null;
  outcomeDay: number | null;
  good: string;
  bad: string;
  newGood: string;
  newBad: string;
  nodes: number;
  cards: number;
}

const outcomesOf = (row: ProviderRow): Outcomes | undefined =>
  row.outcomeDay === null
    ? undefined
    : {
        day: row.outcomeDay,
        good: BigInt(row.good),
        bad: BigInt(row.bad),
        newGood: BigInt(row.newGood),
        newBad: BigInt(row.newBad),
      };

async function rowsFrom(
  db: Database,
  from: string,
  only: string | null,
  limit: number,
): Promise<ProviderRow[]> {
  return db.$queryRaw<ProviderRow[]>`
    SELECT p.address, p.payout, p.signer, p.metadata, p.stake::text AS stake, p."exitAt"::text AS "exitAt", p."outcomeDay",
           p.good::text AS good, p.bad::text AS bad, p."newGood"::text AS "newGood", p."newBad"::text AS "newBad",
           coalesce(n.nodes, 0)::int AS nodes, coalesce(n.cards, 0)::int AS cards
    FROM provider p LEFT JOIN LATERAL
      (SELECT count(*) AS nodes, sum(cards) AS cards FROM node WHERE provider = p.address) n ON true
    WHERE p.address > ${from} AND (${only}::text IS NULL OR p.address = ${only})
    ORDER BY p.address LIMIT ${limit}`;
}

type Market = Pick<ServerContext, 'db' | 'deployment'>;

const viewOf = ({ deployment }: Market, now: bigint, row: ProviderRow) => {
  const { outcomeDay: _day, good: _good, bad: _bad, newGood: _newGood, newBad: _newBad, ...rest } = row;
  return { ...rest, reputation: scoreAt(outcomesOf(row), now, deployment.parameters.minProviderStake) };
};

/** @param now chain time, unix seconds @param after address of the last of the page before */
export async function providersOf(market: Market, now: bigint, after: string, limit: number) {
  return (await rowsFrom(market.db, after, null, limit)).map((row) => viewOf(market, now, row));
}

export async function providerOf(market: Market, now: bigint, address: string) {
  const [row] = await rowsFrom(market.db, '', address, 1);
  return row === undefined ? null : viewOf(market, now, row);
}

export async function reputationOf(market: Market, now: bigint, address: string) {
  const [row] = await rowsFrom(market.db, '', address, 1);
  if (row === undefined) return null;
  const { reputation: score } = viewOf(market, now, row);
  return { score, day: row.outcomeDay, good: row.good, bad: row.bad };
}

interface NodeWish {
  provider?: string | undefined;
  class?: string | undefined;
  region?: string | undefined;
}

export async function nodesOf(db: Database, wish: NodeWish, after: string, limit: number) {
  const rows = await db.node.findMany({
    where: {
      id: { gt: after },
      ...(wish.provider === undefined ? {} : { provider: wish.provider }),
      ...(wish.class === undefined ? {} : { resourceClass: wish.class }),
      ...(wish.region === undefined ? {} : { region: wish.region }),
    },
    orderBy: { id: 'asc' },
    take: limit,
    select: {
      id: true,
      provider: true,
      className: true,
      region: true,
      cards: true,
      networkMbps: true,
      storageGb: true,
      epoch: true,
      tier: true,
      auditor: true,
    },
  });
  return rows;
}
