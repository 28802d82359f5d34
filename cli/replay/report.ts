/** The figures of a replay, read back from its database and its chain. */
import type pg from 'pg';
import { createPublicClient, http } from 'viem';
import { testStablecoinAbi, vaultAbi } from '../../contracts/generated/abi.ts';
import type { PriceList } from './prices.ts';
import type { ReplayWorld } from './setup.ts';
import type { TraceNode } from './trace.ts';

/** How many inputs each code refused. */
export type Refused = Record<string, number>;

export interface ReplayReport {
  orders: number;
  matched: number;
  /** Orders per reason. */
  unmatched: Record<string, number>;
  slots: number;
  settled: number;
  /** Slots of which every rule passed. */
  verified: number;
  gasPerMatch: number;
  /** Token units (dollars) per card-hour. */
  clearingPriceMedian: Record<string, string>;
  /** From the first block of the trace to the last. */
  traceSeconds: number;
  wallSeconds: number;
  refused: Refused;
  passedOver: { nodes: number; pods: number };
  nodes: number;
  cardHours: string;
  escrow: string;
  /** What the vault holds less what its accounts add up to; "0" when every unit is accounted for. */
  unaccounted: string;
  pricedByRatio: Record<string, number>;
  pricedByAssumption: Record<string, number>;
  ok: boolean;
}

export interface Figures {
  world: ReplayWorld;
  pool: pg.Pool;
  orders: number;
  refused: Refused;
  slots: readonly bigint[];
  gas: bigint;
  verified: number;
  nodes: readonly TraceNode[];
  prices: PriceList;
  passedOver: { nodes: number; pods: number };
  wallSeconds: number;
}

export async function reportOf(figures: Figures): Promise<ReplayReport> {
  const { world, pool, orders, slots, verified } = figures;
  const leases = await one<{ matched: number; settled: number; hours: string }>(
    pool,
    `SELECT count(*)::int AS matched, count(*) FILTER (WHERE settled)::int AS settled,
            round(coalesce(sum(cards * duration), 0) / 3600.0, 2)::text AS hours FROM lease`,
  );
  const { escrow, fees, held } = await vaultOf(world);
  const { sum } = await one<{ sum: string }>(
    pool,
    'SELECT coalesce(sum(available + bidding + unbidding + staked), 0)::text AS sum FROM account',
  );
  const unmatched = await reasons(pool);
  const turnedAway = orders - leases.matched - Object.values(unmatched).reduce((a, b) => a + b, 0);
  if (turnedAway > 0) unmatched.REFUSED = turnedAway;
  const unaccounted = held - BigInt(sum) - escrow - fees;
  const { matched, settled } = leases;
  const isWhole = escrow === 0n && unaccounted === 0n && turnedAway >= 0;
  return {
    orders,
    matched,
    unmatched,
    slots: slots.length,
    settled,
    verified,
    gasPerMatch: matched === 0 ? 0 : Number(figures.gas / BigInt(matched)),
    clearingPriceMedian: await clearingPrices(pool),
    traceSeconds: await traceSeconds(pool, world),
    wallSeconds: Math.round(figures.wallSeconds * 10) / 10,
    refused: Object.fromEntries(Object.entries(figures.refused).filter(([, count]) => count > 0)),
    passedOver: figures.passedOver,
    nodes: figures.nodes.length,
    cardHours: leases.hours,
    escrow: escrow.toString(),
    unaccounted: unaccounted.toString(),
    pricedByRatio: nodesPriced(figures, 'ratio'),
    pricedByAssumption: nodesPriced(figures, 'assumption'),
    ok: isWhole && matched > 0 && settled === matched && verified === slots.length,
  };
}

/** Escrow, fees not collected yet and tokens of the vault as the contracts say, base units. */
async function vaultOf({
  rpcUrl,
  deployment,
}: ReplayWorld): Promise<{ escrow: bigint; fees: bigint; held: bigint }> {
  const client = createPublicClient({ transport: http(rpcUrl) });
  const { vault, token } = deployment;
  const [escrow, fees] = await client.readContract({ address: vault, abi: vaultAbi, functionName: 'totals' });
  const held = await client.readContract({
    address: token,
    abi: testStablecoinAbi,
    functionName: 'balanceOf',
    args: [vault],
  });
  return { escrow, fees, held };
}

/** Why orders got nothing: the last word on each. */
async function reasons(pool: pg.Pool): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ code: string; count: number }>(
    `SELECT code, count(*)::int AS count FROM (
       SELECT DISTINCT ON (o.id) o.id, coalesce(r.code, 'NEVER_CLEARED') AS code
       FROM "order" o LEFT JOIN order_outcome r ON r."orderId" = o.id ORDER BY o.id, r.slot DESC
     ) last WHERE NOT EXISTS (SELECT 1 FROM lease WHERE "sourceId" = last.id) GROUP BY code ORDER BY code`,
  );
  return Object.fromEntries(rows.map((row) => [row.code, row.count]));
}

async function clearingPrices(pool: pg.Pool): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ name: string; price: string }>(
    `SELECT n."className" AS name, (percentile_disc(0.5) WITHIN GROUP (ORDER BY l.rate) / 1e6)::numeric(20, 6)::text AS price
     FROM lease l JOIN node n ON n.id = l.node GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.price]));
}

async function traceSeconds(pool: pg.Pool, { clock }: ReplayWorld): Promise<number> {
  const { start } = await one<{ start: string }>(
    pool,
    'SELECT coalesce(min(start), 0)::text AS start FROM lease',
  );
  return start === '0' ? 0 : Number(clock.now - BigInt(start));
}

/** Nodes per model whose price has that origin. */
function nodesPriced({ nodes, prices }: Figures, origin: 'ratio' | 'assumption'): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { model } of nodes)
    if (prices.referenceOf(model).origin === origin) counts[model] = (counts[model] ?? 0) + 1;
  return counts;
}

async function one<T extends pg.QueryResultRow>(pool: pg.Pool, sql: string): Promise<T> {
  const { rows } = await pool.query<T>(sql);
  return rows[0]!;
}
