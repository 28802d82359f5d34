/** What `GET /metrics` says: the API's own counts, and the market's by the database. */
import type { ServerContext } from '../context.ts';
import { fresh } from '../fresh.ts';
import { healthOf } from '../health.ts';
import { entropyOf } from '../reads/entropy.ts';
import { statsOf } from '../reads/stats.ts';
import { metricsOf } from './metrics.ts';

export async function metricsText(server: ServerContext): Promise<string> {
  const market = await fresh('v1 metrics', 10_000, () => marketLines(server));
  return `${metricsOf(server).text()}${market}`;
}

async function marketLines(server: ServerContext): Promise<string> {
  const { db, deployment } = server;
  const { slotSeconds } = deployment.parameters;
  const now = await server.recentNow();
  const [health, stats, entropy, cycle, [told], [slots]] = await Promise.all([
    healthOf(server),
    statsOf(db, now, slotSeconds),
    fresh('entropy', 10_000, () => entropyOf(db, now)),
    db.clusterCycle.findFirst({ orderBy: { cycle: 'desc' } }),
    db.$queryRaw<{ waiting: number; givenUp: number }[]>`
      SELECT count(*) FILTER (WHERE state = 'waiting')::int AS waiting, count(*) FILTER (WHERE state = 'given up')::int AS "givenUp"
      FROM webhook_delivery`,
    db.$queryRaw<{ matched: number; unmatched: number; newest: string | null }[]>`
      SELECT coalesce(sum(matched), 0)::int AS matched, coalesce(sum(unmatched), 0)::int AS unmatched,
             max(slot) FILTER (WHERE state = 'committed')::text AS newest
      FROM slot_run WHERE slot >= ${(now - 86_400n) / BigInt(slotSeconds)}`,
  ]);
  const lag =
    health.block === null || health.indexed === null ? null : BigInt(health.block) - BigInt(health.indexed);
  const judged = (slots?.matched ?? 0) + (slots?.unmatched ?? 0);
  const lines: [string, string, number | bigint | null][] = [
    ['cardhour_ready', 'Database, chain and indexer work', health.ready ? 1 : 0],
    ['cardhour_indexer_lag_blocks', 'Blocks of the chain that are not indexed', lag],
    [
      'cardhour_commit_lag_slots',
      'Slots since the newest committed one',
      slots?.newest == null ? null : now / BigInt(slotSeconds) - BigInt(slots.newest),
    ],
    [
      'cardhour_matched_share_day',
      'Share of the orders of the last day’s slots that were matched',
      judged === 0 ? null : (slots?.matched ?? 0) / judged,
    ],
    ['cardhour_cards', 'Cards of all nodes', stats.cards],
    [
      'cardhour_utilisation',
      'Share of all cards that leases hold',
      stats.cards === 0 ? null : stats.leasedCards / stats.cards,
    ],
    ['cardhour_leases_open', 'Leases that hold money', stats.leases.open],
    ['cardhour_leases_running', 'Leases whose agent says that they run', stats.leases.running],
    ['cardhour_orders_waiting', 'Orders that a slot may still match', stats.orders.waiting],
    [
      'cardhour_network_entropy_bits',
      'How the nodes spread over the values of their entropies (002, Eq. 4)',
      (entropy.network.at(-1)?.microBits ?? 0) / 1_000_000,
    ],
    [
      'cardhour_clustering_gain_base_units',
      'What the newest clustering earns more than its nodes alone, by the decision’s model',
      cycle === null ? null : BigInt(cycle.profit.minus(cycle.profitAlone).toFixed(0)),
    ],
    ['cardhour_webhooks_waiting', 'Messages to webhooks that are not taken yet', told?.waiting ?? 0],
    ['cardhour_webhooks_given_up', 'Messages of the last month that no target took', told?.givenUp ?? 0],
    ['cardhour_escrow_base_units', 'Money that leases hold', BigInt(stats.escrow)],
  ];
  return lines
    .filter(([, , value]) => value !== null)
    .map(([name, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`)
    .join('');
}
