/** How long a workload takes, fitted from the runs that agents reported: `GET /api/v1/cpi/demand`. */
import { z } from 'zod';
import { expectedSeconds, fitDemand, LEAST_RUNS } from '../../../domain/metrology/demand.ts';
import { parseWorkload } from '../../../domain/workload.ts';
import type { Database } from '../../../prisma/client.ts';
import type { WorkloadDemandView } from '../../cpi-views.ts';
import { notFound } from '../unknown.ts';
import { parse } from '../parse.ts';
import { hash } from '../wire.ts';
import { performanceOf, runsOfCommand } from './runs.ts';

const demandSchema = z.strictObject({
  workload: hash,
  /** Class and cards for which a duration is wanted. */
  class: z.string().max(64).optional(),
  cards: z.coerce.number().int().min(1).max(65_535).default(1),
});

/**
 * The model of all runs with the workload's command, whatever its environment.
 * @throws Refusal MALFORMED; NOT_FOUND for a workload that nobody put here
 */
export async function workloadDemandOf(db: Database, query: URLSearchParams): Promise<WorkloadDemandView> {
  const { workload, class: className, cards } = parse(demandSchema, Object.fromEntries(query));
  const stored = await db.workload.findUnique({ where: { hash: workload } });
  if (stored === null) throw notFound(`Workload ${workload}`, 'Put it to /api/v1/workloads first.');
  const { command } = parseWorkload(JSON.parse(stored.body));
  const runs = await runsOfCommand(db, command);
  const model = fitDemand(runs);
  const node = className === undefined ? null : performanceOf(className, cards);
  return {
    runs: runs.length,
    needed: LEAST_RUNS,
    model,
    expected: model === null || node === null ? null : expectedSeconds(model, { node, gigabytes: 0 }),
  };
}
