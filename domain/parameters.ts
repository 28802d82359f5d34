/**
 * The deployment's parameters, as `contracts/types/Parameters.sol` has them. Seconds, 1/10,000 (`Bps`), 10⁻¹⁸ (`Wad`) and
 * token base units (`minProviderStake`). (ADR 0001, parameters)
 */
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
}

export const DEFAULTS: Readonly<Parameters> = {
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
};

/** Least and most of each parameter, both allowed. */
export const BOUNDS: Readonly<Record<keyof Parameters, readonly [bigint, bigint]>> = {
  slotSeconds: [1n, 3_600n],
  commitDeadlineSeconds: [10n, 3_600n],
  gammaWad: [500_000_000_000_000_000n, 973_000_000_000_000_000n],
  feeBps: [0n, 1_000n],
  minLeaseSeconds: [1n, 86_400n],
  maxLeaseSeconds: [3_600n, 31_536_000n],
  minBillSeconds: [0n, 3_600n],
  settleLagSeconds: [0n, 86_400n],
  unbondSeconds: [60n, 7_776_000n],
  minProviderStake: [1n, 2n ** 128n - 1n],
};

/** Asks on an order's shortlist at most, `W`; fixed by the ADR. */
export const SHORTLIST = 16;

/** Matches in one page transaction; the scheduler's choice, 1 to 256. */
export const PAGE_MATCHES = 64;

/** Reputation of a provider without a record, of 10,000. */
export const NEWCOMER_REPUTATION = 5_000;

/** Attestation tier of a provider without an attestation. */
export const NEWCOMER_TIER = 0;

/** One sentence for each parameter that is out of its bounds; empty when all are within. */
export function checkParameters(parameters: Parameters): string[] {
  const names = Object.keys(BOUNDS) as (keyof Parameters)[];
  return names.flatMap((name) => {
    const [least, most] = BOUNDS[name];
    const value = parameters[name];
    const whole = typeof value === 'bigint' || Number.isSafeInteger(value);
    if (whole && BigInt(value) >= least && BigInt(value) <= most) return [];
    return [`${name} is ${value}, it must be a whole number from ${least} to ${most}.`];
  });
}
