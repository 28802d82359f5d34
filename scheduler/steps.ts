/**
 * Where a slot stands, in the order of its way. Between any two of them the scheduler may be killed; the next one goes on
 * from what the database and the chain hold.
 */
export const STEPS = [
  'clearing',
  'read',
  'cleared',
  'published',
  'committing',
  'reserved',
  'broadcast',
  'sent',
  'mined',
  'noted',
  'committed',
  'confirming',
  'confirmed',
  'settling',
  'settled',
] as const;

export type Step = (typeof STEPS)[number];

/** Told of each step as it is done; `slot` is null for what serves no one slot. */
export type StepListener = (step: Step, slot: bigint | null) => void;
