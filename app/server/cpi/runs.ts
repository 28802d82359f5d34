/** Runs that agents reported, as the demand model takes them (document 001, section 3.3): those of one command, or of one kind of task. */
import { fp16Of } from '../../../domain/metrology/cards.ts';
import type { NodePerformance, Run } from '../../../domain/metrology/demand.ts';
import { KIND_VARIABLE, kindOf, type TaskKind } from '../../../domain/tasks/kind.ts';
import { canonicalWorkload, type Workload } from '../../../domain/workload.ts';
import type { Database } from '../../../prisma/client.ts';

/** Finished runs that are looked through, newest first. */
const NEWEST_RUNS = 5_000;

interface Row {
  className: string;
  cards: number;
  seconds: number;
}

/** Of all workloads with this command, whatever their environment. */
export async function runsOfCommand(db: Database, command: Workload['command']): Promise<Run[]> {
  // Canonical bytes begin with the command; what follows it is the environment or the end.
  const beginning = canonicalWorkload({ command }).slice(0, -1);
  const rows = await db.$queryRaw<Row[]>`
    SELECT n."className", l.cards, (r."endedAt" - r."startedAt")::int AS seconds
    FROM (
      SELECT "leaseId", "startedAt", "endedAt" FROM lease_report
      WHERE "exitCode" = 0 AND "endedAt" IS NOT NULL AND "startedAt" IS NOT NULL ORDER BY "leaseId" DESC LIMIT ${NEWEST_RUNS}
    ) r JOIN lease l ON l.id = r."leaseId" JOIN node n ON n.id = l.node JOIN workload w ON w.hash = l.workload
    WHERE starts_with(w.body, ${`${beginning},`}) OR w.body = ${`${beginning}}`}`;
  return rows.flatMap(runOf);
}

/** Of all tasks of a kind: what their workloads state, else what the length of their leases suggests. */
export async function runsOfKind(db: Database, kind: TaskKind): Promise<Run[]> {
  const rows = await db.$queryRaw<(Row & { stated: string | null; leased: number })[]>`
    SELECT n."className", l.cards, (r."endedAt" - r."startedAt")::int AS seconds,
           w.body::jsonb->'env'->>${KIND_VARIABLE} AS stated, l.duration::float8 AS leased
    FROM (
      SELECT "leaseId", "startedAt", "endedAt" FROM lease_report
      WHERE "exitCode" = 0 AND "endedAt" IS NOT NULL AND "startedAt" IS NOT NULL ORDER BY "leaseId" DESC LIMIT ${NEWEST_RUNS}
    ) r JOIN lease l ON l.id = r."leaseId" JOIN node n ON n.id = l.node JOIN workload w ON w.hash = l.workload`;
  return rows.filter(({ stated, leased }) => kindOf(stated, leased) === kind).flatMap(runOf);
}

function runOf({ className, cards, seconds }: Row): Run[] {
  const node = performanceOf(className, cards);
  return node === null ? [] : [{ node, gigabytes: 0, seconds }];
}

/**
 * F_w of so many cards of a class; storage and its rate are not measured yet. A lease has its cards for itself, so F_0 is 0.
 * Null for a class without a rate.
 */
export function performanceOf(className: string, cards: number): NodePerformance | null {
  const rate = fp16Of(className);
  if (rate === null) return null;
  return { computeGflops: rate.low * cards, computeUsed: 0, storageGb: 0, storageUsed: 0, ioGbPerSecond: 0 };
}
