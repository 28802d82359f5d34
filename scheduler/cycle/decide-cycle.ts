/** One decision: from the market as the database has it to proposals for the members, stored once however often it is tried. */
import type { Pool } from 'pg';
import { membersHash } from '../../domain/clusters.ts';
import { keccakText } from '../../domain/hash.ts';
import type { Parameters } from '../../domain/parameters.ts';
import type { Hex } from '../../domain/types.ts';
import type { Trust } from '../book/rows.ts';
import { decideClusters } from '../cluster/decide.ts';
import type { Proposer } from '../cluster/policy/propose.ts';
import type { ClusterRequest, Note } from '../cluster/request.ts';
import { tasksAt, worldOf, zonesOf } from '../cluster/world-of.ts';
import { agreeable, type Agreed } from './agreeable.ts';
import { cycleTimes, settlingSeconds, type CycleTimes } from './clock.ts';
import { requestOf } from './model.ts';
import { readScene, type Candidate } from './scene.ts';

interface CycleOptions {
  pool: Pool;
  trust: Trust;
  parameters: Parameters;
  cycleSeconds: bigint;
  /** Largest distance of two members, microseconds. */
  reachMicros: number;
  /** Milliseconds that a decision may take. */
  budgetMs: number;
  /** The trained policy; null goes without. */
  policy: Proposer | null;
  /** What is wrong with the policy; null when nothing is. */
  policyFault: string | null;
}

export interface CycleReport {
  /** `known`: it was decided before; `late`: too little of it is left. */
  state: 'decided' | 'known' | 'late';
  servers: number;
  tasks: number;
  proposed: number;
  notes: { code: string; sentence: string }[];
}

interface Proposal extends CycleTimes {
  id: Hex;
  kind: Candidate;
  members: { node: Hex; provider: Hex; power: bigint; cards: number; alone: bigint; together: bigint }[];
  widest: number;
}

/** @param now chain time, unix seconds */
export async function decideCycle(options: CycleOptions, cycle: bigint, now: bigint): Promise<CycleReport> {
  const { pool, parameters, cycleSeconds } = options;
  const report: CycleReport = { state: 'known', servers: 0, tasks: 0, proposed: 0, notes: [] };
  const { rowCount } = await pool.query('SELECT 1 FROM cluster_cycle WHERE cycle = $1', [cycle]);
  if (rowCount === 1) return report;
  const times = cycleTimes(cycle, cycleSeconds, now, parameters);
  if (times === null) return { ...report, state: 'late' };

  const started = performance.now();
  const spent = (): number => (performance.now() - started) / options.budgetMs;
  const last = now / BigInt(parameters.slotSeconds) - 1n;
  const slots = { first: last - cycleSeconds / BigInt(parameters.slotSeconds) + 1n, last };
  const scene = await readScene({
    ...{ pool, trust: options.trust, now, validFrom: times.validFrom, slots, cycle },
    settlingSeconds: settlingSeconds(parameters),
  });
  const request = requestOf(scene, {
    ...{ parameters, slots, reachMicros: options.reachMicros },
    // The search for what all agree to has the other half.
    budgetMs: options.budgetMs / 2,
    seed: Number(cycle % 0x7fffffffn),
  });
  const notes: CycleReport['notes'] = [];
  if (options.policyFault !== null) notes.push({ code: 'NO_POLICY', sentence: options.policyFault });
  const proposals = proposalOf(options.policy, request, notes);
  const decision = decideClusters({ ...request, proposals });
  notes.push(...decision.notes.map(({ code, sentence }: Note) => ({ code, sentence })));
  const agreed: Agreed =
    scene.candidates.length > 1 && request.tasks.count > 0
      ? agreeable(request, decision, spent)
      : { clusters: [], profit: 0, profitAlone: 0, dropped: 0 };
  if (agreed.dropped > 0)
    notes.push({
      code: 'MEMBERS_LOSE',
      sentence: `${agreed.dropped} of the clusters that would save most were left: some member would earn less than alone.`,
    });
  const made = agreed.clusters.map((cluster) => proposalFrom(cluster, scene.candidates, times, cycle));
  const isFirst = await store(options, cycle, {
    ...{ now, servers: scene.candidates.length, tasks: request.tasks.count, notes, made },
    ...{ profit: agreed.profit, profitAlone: agreed.profitAlone },
    milliseconds: Math.round(performance.now() - started),
  });
  if (!isFirst) return report;
  return {
    state: 'decided',
    servers: scene.candidates.length,
    tasks: request.tasks.count,
    proposed: made.length,
    notes,
  };
}

/** The policy's clustering to start from; a policy that fails costs its proposal, not the cycle. */
function proposalOf(
  policy: Proposer | null,
  request: ClusterRequest,
  notes: CycleReport['notes'],
): ArrayLike<number>[] {
  if (policy === null || request.servers.length < 2 || request.tasks.count === 0) return [];
  try {
    const zones = zonesOf(request.tasks);
    const all = Array.from({ length: request.tasks.count }, (_, n) => n);
    const world = worldOf(
      request,
      request.servers.map((_, i) => i),
      zones,
    );
    return [policy.propose(world, tasksAt(request.tasks, all, zones))];
  } catch (error) {
    notes.push({ code: 'NO_POLICY', sentence: `The policy proposes nothing: ${(error as Error).message}` });
    return [];
  }
}

function proposalFrom(
  { members, widest }: Agreed['clusters'][number],
  candidates: readonly Candidate[],
  times: CycleTimes,
  cycle: bigint,
): Proposal {
  const sorted = members
    .map(({ server, alone, together }) => {
      const { id: node, provider, cards } = candidates[server]!;
      // Rounded against joining.
      return {
        ...{ node, provider, cards, power: BigInt(cards) },
        alone: BigInt(Math.ceil(alone)),
        together: BigInt(Math.floor(together)),
      };
    })
    .sort((a, b) => (a.node < b.node ? -1 : 1));
  const id = keccakText(`cluster of cycle ${cycle}: ${membersHash(sorted)}`);
  return { id, kind: candidates[members[0]!.server]!, members: sorted, widest: Math.round(widest), ...times };
}

interface Decided {
  now: bigint;
  servers: number;
  tasks: number;
  notes: CycleReport['notes'];
  made: Proposal[];
  profit: number;
  profitAlone: number;
  milliseconds: number;
}

/** All of it or nothing; false when the cycle was decided meanwhile. */
async function store({ pool }: CycleOptions, cycle: bigint, of: Decided): Promise<boolean> {
  const json = (value: unknown): string =>
    JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
  const rows = of.made.map(({ kind, ...proposal }) => ({
    ...proposal,
    resourceClass: kind.resourceClass,
    className: kind.className,
    region: kind.region,
  }));
  const { rowCount } = await pool.query(
    `WITH decided AS (
       INSERT INTO cluster_cycle (cycle, "decidedAt", servers, tasks, proposed, profit, "profitAlone", milliseconds, notes)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING cycle),
     made AS (
       INSERT INTO cluster_proposal
         (id, cycle, "resourceClass", "className", region, members, widest, "consentBy", "validFrom", "validUntil", state)
       SELECT p->>'id', d.cycle, p->>'resourceClass', p->>'className', p->>'region', p->'members', (p->>'widest')::int,
         (p->>'consentBy')::bigint, (p->>'validFrom')::bigint, (p->>'validUntil')::bigint, 'open'
       FROM decided d, jsonb_array_elements($10::jsonb) p)
     SELECT cycle FROM decided`,
    [
      ...[cycle, of.now, of.servers, of.tasks, rows.length],
      ...[BigInt(Math.round(of.profit)), BigInt(Math.round(of.profitAlone)), of.milliseconds],
      ...[json(of.notes), json(rows)],
    ],
  );
  return rowCount === 1;
}
