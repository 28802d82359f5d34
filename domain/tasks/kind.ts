/** What a task is (002, section 3.2): training comes rarely and runs long, inference comes often and runs short, rendering lies between. */
export const TASK_KINDS = ['training', 'inference', 'rendering'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** The workload's environment entry that says it; the workload's hash is on-chain, so nobody changes it later. */
export const KIND_VARIABLE = 'CARDHOUR_TASK_KIND';

/** Where the durations of document 002's three kinds part, seconds: taken for what does not say its kind. */
export const RENDERING_FROM = 1_800;
export const TRAINING_FROM = 21_600;

export function isTaskKind(value: unknown): value is TaskKind {
  return TASK_KINDS.some((kind) => kind === value);
}

/** The stated kind when it is one, else the one that so many seconds suggest. */
export function kindOf(stated: string | null | undefined, seconds: number): TaskKind {
  if (isTaskKind(stated)) return stated;
  if (seconds < RENDERING_FROM) return 'inference';
  return seconds < TRAINING_FROM ? 'rendering' : 'training';
}
