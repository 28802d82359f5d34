/** How long a workload takes, fitted from the runs that agents reported: `GET /api/cpi/demand`. */
import { z } from 'zod';
import { fp16Of } from '../../../domain/metrology/cards.ts';
import {
  expectedSeconds,
  fitDemand,
  LEAST_RUNS,
  type NodePerformance,
  type Run,
} from '../../../domain/metrology/demand.ts';
import { canonicalWorkload, parseWorkload } from '../../../domain/workload.ts';
import type { Database } from '../../../prisma/client.ts';
import type { WorkloadDemandView } from '../../cpi-views.ts';
import { notFound } from '../http.ts';
import { parse } from '../parse.ts';
import { hash } from '../wire.ts';

/** Finished runs that are looked through, newest first. */
const NEWEST_RUNS = 5_000;

const demandSchema = z.strictObject({
  workload: hash,
  /** Class and cards for which a duration is wanted. */
  class: z.string().max(64).optional(),
  cards: z.coerce.number().int().min(1).max(65_535).default(1),
});

/**
 * The model of all runs with the workload's command, whatever its environment: a lease has its cards for itself, so F_0 is 0.
 * @throws Refusal MALFORMED; NOT_FOUND for a workload that nobody put here
 */
export async function workloadDemandOf(db: Database, query: URLSearchParams): Promise<WorkloadDemandView> {
  const { workload, class: className, cards } = parse(demandSchema, Object.fromEntries(query));
  const stored = await db.workload.findUnique({ where: { hash: workload } });
  if (stored === null) throw notFound(`Workload ${workload}`, 'Put it to /api/workloads first.');
  const { command } = parseWorkload(JSON.parse(stored.body));
  // Canonical bytes begin with the command; what follows it is the environment or the end.
  const beginning = canonicalWorkload({ command }).slice(0, -1);
  const rows = await db.$queryRaw<{ className: string; cards: number; seconds: number }[]>`
    SELECT n."className", l.cards, (r."endedAt" - r."startedAt")::int AS seconds
    FROM (
      SELECT "leaseId", "startedAt", "endedAt" FROM lease_report
      WHERE "exitCode" = 0 AND "endedAt" IS NOT NULL AND "startedAt" IS NOT NULL ORDER BY "leaseId" DESC LIMIT ${NEWEST_RUNS}
    ) r JOIN lease l ON l.id = r."leaseId" JOIN node n ON n.id = l.node JOIN workload w ON w.hash = l.workload
    WHERE starts_with(w.body, ${`${beginning},`}) OR w.body = ${`${beginning}}`}`;
  const runs = rows.flatMap((row): Run[] => {
    const node = performanceOf(row.className, row.cards);
    return node === null ? [] : [{ node, gigabytes: 0, seconds: row.seconds }];
  });
  const model = fitDemand(runs);
  const node = className === undefined ? null : performanceOf(className, cards);
  return {
    runs: runs.length,
    needed: LEAST_RUNS,
    model,
    expected: model === null || node === null ? null : expectedSeconds(model, { node, gigabytes: 0 }),
  };
}

/** F_w of so many cards of a class; storage and its rate are not measured yet. Null for a class without a rate. */
function performanceOf(className: string, cards: number): NodePerformance | null {
  const rate = fp16Of(className);
  if (rate === null) return null;
  return { computeGflops: rate.low * cards, computeUsed: 0, storageGb: 0, storageUsed: 0, ioGbPerSecond: 0 };
}
