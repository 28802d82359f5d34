/** What a task is (002, section 3.2): training comes rarely and runs long, inference comes often and runs short, rendering lies between. */
import type { Workload } from '../workload.ts';

export const TASK_KINDS = ['training', 'inference', 'rendering'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** The workload's environment entry that says it; the workload's hash is on-chain, so nobody changes it later. */
export const KIND_VARIABLE = 'CARDHOUR_TASK_KIND';

const MINUTE = 60;
const HOUR = 3600;
/** Where the durations of document 002's three kinds part, seconds: taken for what does not say its kind. */
const INFERENCE_BELOW = 30 * MINUTE;
const TRAINING_FROM = 6 * HOUR;

export function isTaskKind(value: unknown): value is TaskKind {
  return TASK_KINDS.some((kind) => kind === value);
}

/** The stated kind, or the one that so many seconds suggest. */
export function kindOf(workload: Workload | null, seconds: number): TaskKind {
  const stated = workload?.env?.[KIND_VARIABLE];
  if (isTaskKind(stated)) return stated;
  if (seconds < INFERENCE_BELOW) return 'inference';
  return seconds < TRAINING_FROM ? 'rendering' : 'training';
}
