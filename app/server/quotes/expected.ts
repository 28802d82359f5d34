/** What a quote says of the work itself: how long it is expected to run on each class that would do, and what that costs. A hint, not signed. */
import { expectedSeconds, fitDemand } from '../../../domain/metrology/demand.ts';
import { KIND_VARIABLE, kindOf, type TaskKind } from '../../../domain/tasks/kind.ts';
import { lockFor } from '../../../domain/units.ts';
import { parseWorkload } from '../../../domain/workload.ts';
import type { Database } from '../../../prisma/client.ts';
import { performanceOf, runsOfCommand, runsOfKind } from '../cpi/runs.ts';

export interface ExpectedRun {
  className: string;
  cards: number;
  kind: TaskKind;
  /** Of which runs the model is: this command's, or where they are too few, all of its kind. */
  from: 'command' | 'kind';
  runs: number;
  /** Seconds, and two standard deviations of the fit around them. */
  seconds: number;
  low: number;
  high: number;
  /** Base units with the fee at the quote's price: of the expected time, and of the longest. */
  cost: bigint;
  highCost: bigint;
  /** Whether even the longest ends within the lease. */
  fits: boolean;
}

/** What is asked for, at the quote's price in base units per card-hour. */
export interface QuotedWork {
  workload: string;
  classNames: readonly string[];
  cards: number;
  /** Of the lease, seconds. */
  duration: number;
  pricePerCardHour: bigint;
  feeBps: number;
}

/** Classes without a rate are left out; without enough runs there is nothing to say of any. */
export async function expectedRuns(db: Database, work: QuotedWork): Promise<ExpectedRun[]> {
  const stored = await db.workload.findUnique({ where: { hash: work.workload } });
  if (stored === null) return [];
  const { command, env } = parseWorkload(JSON.parse(stored.body));
  const { cards, duration, pricePerCardHour, feeBps } = work;
  const kind = kindOf(env?.[KIND_VARIABLE], duration);
  const own = fitDemand(await runsOfCommand(db, command));
  const model = own ?? fitDemand(await runsOfKind(db, kind));
  if (model === null) return [];
  const costOf = (seconds: number): bigint =>
    lockFor(cards, BigInt(Math.ceil(seconds)), pricePerCardHour, feeBps);
  return work.classNames.flatMap((className): ExpectedRun[] => {
    const node = performanceOf(className, cards);
    const hint = node === null ? null : expectedSeconds(model, { node, gigabytes: 0 });
    if (hint === null || hint.seconds < 0) return [];
    const { seconds, low, high } = hint;
    return [
      {
        ...{ className, cards, kind, from: own === null ? 'kind' : 'command', runs: model.runs },
        ...{ seconds: Math.round(seconds), low: Math.round(low), high: Math.round(high) },
        ...{ cost: costOf(seconds), highCost: costOf(high), fits: high <= duration },
      },
    ];
  });
}
