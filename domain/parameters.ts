/** Protocol parameters: units, defaults and bounds of ADR 0001 and 0007. The contracts check the same bounds at construction. */
export interface Parameters {
  slotSeconds: number;
  commitDeadlineSeconds: number;
  gammaWad: bigint;
  feeBps: number;
  minLeaseSeconds: number;
  maxLeaseSeconds: number;
  minBillSeconds: number;
  settleLagSeconds: number;
  unbondSeconds: number;
  minProviderStake: bigint;
  /** Between a provider's close and the end. */
  noticeSeconds: number;
  /** Most of a stake that one slash takes, 1/10,000. */
  slashBps: number;
  /** From a lease's start, with nothing running: a no-show. */
  noShowGraceSeconds: number;
  /** Outages beyond this end a lease. */
  faultOutageSeconds: number;
  monitorBond: bigint;
  /** Monitors that must agree. */
  monitorQuorum: number;
  /** After a slot's end: how long it can be claimed against. */
  claimWindowSeconds: number;
  /** How long the scheduler may answer. */
  answerSeconds: number;
  claimDeposit: bigint;
  claimPenalty: bigint;
  /** For each skipped match. */
  skipPenalty: bigint;
  /** Longest life of an order at a firm quote. */
  quoteSeconds: number;
  /** The consumer's part of what lies between its quote and the clearing price, 1/10,000. */
  surplusShareBps: number;
}

export const DEFAULTS: Parameters = {
  slotSeconds: 10,
  commitDeadlineSeconds: 60,
  gammaWad: 800_000_000_000_000_000n,
  feeBps: 200,
  minLeaseSeconds: 60,
  maxLeaseSeconds: 31_536_000,
  minBillSeconds: 900,
  settleLagSeconds: 300,
  unbondSeconds: 604_800,
  minProviderStake: 100_000_000n,
  noticeSeconds: 3_600,
  slashBps: 1_000,
  noShowGraceSeconds: 120,
  faultOutageSeconds: 3_600,
  monitorBond: 1_000_000_000n,
  monitorQuorum: 2,
  claimWindowSeconds: 86_400,
  answerSeconds: 3_600,
  claimDeposit: 50_000_000n,
  claimPenalty: 1_000_000_000n,
  skipPenalty: 10_000_000n,
  quoteSeconds: 600,
  surplusShareBps: 5_000,
};

/** Lowest and highest value of each parameter, both allowed. */
export const BOUNDS: { [K in keyof Parameters]: readonly [Parameters[K], Parameters[K]] } = {
  slotSeconds: [1, 3_600],
  commitDeadlineSeconds: [10, 3_600],
  gammaWad: [500_000_000_000_000_000n, 973_000_000_000_000_000n],
  feeBps: [0, 1_000],
  minLeaseSeconds: [1, 86_400],
  maxLeaseSeconds: [3_600, 31_536_000],
  minBillSeconds: [0, 3_600],
  settleLagSeconds: [0, 86_400],
  unbondSeconds: [60, 7_776_000],
  minProviderStake: [1n, 2n ** 96n - 1n],
  noticeSeconds: [0, 604_800],
  slashBps: [0, 5_000],
  noShowGraceSeconds: [1, 3_600],
  faultOutageSeconds: [60, 604_800],
  monitorBond: [1n, 2n ** 96n - 1n],
  monitorQuorum: [1, 16],
  claimWindowSeconds: [60, 604_800],
  answerSeconds: [60, 86_400],
  claimDeposit: [1n, 2n ** 96n - 1n],
  claimPenalty: [4n, 2n ** 96n - 1n],
  skipPenalty: [1n, 2n ** 96n - 1n],
  quoteSeconds: [60, 86_400],
  surplusShareBps: [0, 10_000],
};

export const SHORTLIST_WIDTH = 16;
export const PAGE_MATCHES = 100;

/** The first bound that `parameters` break, in a sentence; null when they keep all. */
export function brokenBound(parameters: Parameters): string | null {
  for (const name of Object.keys(BOUNDS) as (keyof Parameters)[]) {
    const [low, high] = BOUNDS[name];
    const value = parameters[name];
    if (value < low || value > high) return `${name} is ${value}, outside ${low} to ${high}`;
  }
  const settling = parameters.slotSeconds + parameters.commitDeadlineSeconds;
  if (parameters.unbondSeconds < settling)
    return `unbondSeconds is ${parameters.unbondSeconds}, below slotSeconds + commitDeadlineSeconds, which is ${settling}`;
  if (parameters.settleLagSeconds < parameters.noShowGraceSeconds)
    return `settleLagSeconds is ${parameters.settleLagSeconds}, below noShowGraceSeconds, which is ${parameters.noShowGraceSeconds}`;
  if (parameters.minLeaseSeconds > parameters.maxLeaseSeconds)
    return `minLeaseSeconds is ${parameters.minLeaseSeconds}, above maxLeaseSeconds, which is ${parameters.maxLeaseSeconds}`;
  return null;
}

export function slotEnd(slot: bigint, parameters: Pick<Parameters, 'slotSeconds'>): bigint {
  return (slot + 1n) * BigInt(parameters.slotSeconds);
}

export function slotAt(seconds: bigint, parameters: Pick<Parameters, 'slotSeconds'>): bigint {
  return seconds / BigInt(parameters.slotSeconds);
}
