/** Capacity of a pool of chips by kind (document 001, section III, Eq. 1 and Table 3). Operations a second, integers. */
import { Refusal } from '../refusal.ts';

/** Logical in operations (CPUs), parallel (GPUs) and neural (NPUs, TPUs) in floating-point operations a second. */
export type CapacityKind = 'logical' | 'parallel' | 'neural';

/** α, β and γ of Eq. (1) are in millionths. */
export const UNIT_SCALE = 1_000_000n;

/** Like chips of a pool. */
export interface ChipGroup {
  kind: CapacityKind;
  chips: number;
  /** f(a) of Eq. (1): what one chip does, operations a second. */
  rate: bigint;
  /** The mapping's scaling coefficient in millionths; one when absent. */
  scale?: bigint;
}

export interface Capacity {
  /** Σ αᵢ f(aᵢ), rounded down once; operations a second. */
  sum: bigint;
  /** q: the historical average peak less the sum; 0 without history. */
  redundant: bigint;
  /** What Eq. (1) gives. */
  total: bigint;
}

/**
 * Peak rate of a chip from its data sheet: operations of a core in a cycle × cores × cycles a second.
 * `peakRate(2, 1536, 1_006_000_000n)` is the GTX 680's 3.09 TFLOPS (document 001, section 3.2).
 */
export function peakRate(operationsPerCycle: number, cores: number, hertz: bigint): bigint {
  return BigInt(operationsPerCycle) * BigInt(cores) * hertz;
}

/**
 * Document 001, Eq. (1), for each kind by itself: kinds don't add up.
 * @param averagePeaks H of each kind with a history, operations a second
 * @throws Refusal MALFORMED on a count or rate below zero
 */
export function poolCapacity(
  groups: readonly ChipGroup[],
  averagePeaks: Partial<Record<CapacityKind, bigint>> = {},
): Record<CapacityKind, Capacity> {
  const sums: Record<CapacityKind, bigint> = { logical: 0n, parallel: 0n, neural: 0n };
  for (const { kind, chips, rate, scale = UNIT_SCALE } of groups) {
    if (!Number.isSafeInteger(chips) || chips < 0 || rate < 0n || scale < 0n)
      throw new Refusal(
        'MALFORMED',
        `A group of ${chips} ${kind} chips at ${rate} operations a second is no group.`,
        'Give whole numbers from 0.',
      );
    sums[kind] += BigInt(chips) * rate * scale;
  }
  const capacityOf = (kind: CapacityKind): Capacity => {
    const sum = sums[kind] / UNIT_SCALE;
    const redundant = (averagePeaks[kind] ?? sum) - sum;
    return { sum, redundant, total: sum + redundant };
  };
  return {
    logical: capacityOf('logical'),
    parallel: capacityOf('parallel'),
    neural: capacityOf('neural'),
  };
}

/** Grades of computing power (document 001, section 3.4), by floating-point operations a second. */
export type Grade = 'super' | 'large' | 'medium' | 'small';

const GIGA = 1_000_000_000n;
const LEAST_OF_GRADE: readonly [Grade, bigint][] = [
  ['super', 1_000_000n * GIGA],
  ['large', 10_000n * GIGA],
  ['medium', 500n * GIGA],
];

export function gradeOf(flops: bigint): Grade {
  return LEAST_OF_GRADE.find(([, least]) => flops >= least)?.[0] ?? 'small';
}
