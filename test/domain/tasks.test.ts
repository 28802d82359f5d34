import { describe, expect, test } from 'vitest';
import { regionId } from '../../domain/names.ts';
import { Refusal } from '../../domain/refusal.ts';
import { Demand } from '../../domain/tasks/demand.ts';
import { kindOf } from '../../domain/tasks/kind.ts';
import { studentT } from '../../domain/tasks/quantiles.ts';
import { parseTask, termsOf } from '../../domain/tasks/task.ts';
import { normal } from '../../bench/ioc/background.ts';
import { random } from '../../bench/bench.ts';

const HOUR = 3600;
const NOW = 1_790_000_000;

describe('estimates', () => {
  test.each([
    { kind: 'training', rate: 0.6, mean: 36_000, deviation: 9_000 },
    { kind: 'inference', rate: 40, mean: 1_800, deviation: 540 },
    { kind: 'rendering', rate: 6, mean: 7_200, deviation: 1_800 },
  ])('the 95% intervals of $kind hold λ, μ and σ about 95 times in 100', ({ rate, mean, deviation }) => {
    // So many that chance moves a share by less than half a hundredth.
    const runs = 2_000;
    const held = { rate: 0, mean: 0, deviation: 0, next: 0 };
    for (let seed = 0; seed < runs; seed++) {
      const { demand, following } = generated({ seed, rate, mean, deviation });
      const { perHour, meanSeconds, deviationSeconds, next } = demand.estimate(NOW, NOW - 23 * HOUR);
      if (holds(perHour, rate)) held.rate++;
      if (meanSeconds && holds(meanSeconds, mean)) held.mean++;
      if (deviationSeconds && holds(deviationSeconds, deviation)) held.deviation++;
      if (holds(next.arrivals, following)) held.next++;
    }
    expect(held.rate / runs).toBeGreaterThan(0.935);
    expect(held.mean / runs).toBeGreaterThan(0.935);
    expect(held.deviation / runs).toBeGreaterThan(0.935);
    expect(held.next / runs).toBeGreaterThan(0.935);
    // An interval that always holds says nothing.
    expect(held.mean / runs).toBeLessThan(0.965);
  });

  test('forecasts the card-hours of the next hour', () => {
    const demand = new Demand();
    for (let hour = 0; hour < 10; hour++)
      for (let i = 0; i < 4; i++) {
        const at = NOW - hour * HOUR - 60 * i;
        demand.arrived(at, 2);
        demand.served(at, 1800);
      }
    const { perHour, cards, next, deviationSeconds } = demand.estimate(NOW, NOW - 10 * HOUR);
    expect(perHour.value).toBeCloseTo(4);
    expect(cards).toBe(2);
    expect(next.cardHours).toBeCloseTo(4 * 2 * 0.5);
    expect(deviationSeconds?.value).toBe(0);
  });

  test('bursts widen the intervals', () => {
    const [steady, bursty] = [new Demand(), new Demand()];
    for (let hour = 1; hour <= 20; hour++)
      for (let i = 0; i < 10; i++) {
        steady.arrived(NOW - hour * HOUR, 1);
        // The same number, in every tenth hour.
        bursty.arrived(NOW - (hour <= 10 ? 5 : 15) * HOUR, 1);
      }
    const [calm, wild] = [steady, bursty].map((demand) => demand.estimate(NOW, NOW - 21 * HOUR));
    expect(wild!.perHour.value).toBeCloseTo(calm!.perHour.value);
    expect(wild!.dispersion).toBeGreaterThan(10);
    expect(wild!.perHour.high! - wild!.perHour.low).toBeGreaterThan(
      2 * (calm!.perHour.high! - calm!.perHour.low),
    );
  });

  test('what is older than its hours counts no more', () => {
    const demand = new Demand(2);
    demand.arrived(NOW - 3 * HOUR, 1);
    demand.arrived(NOW, 1);
    expect(demand.estimate(NOW, 0).arrivals).toBe(1);
    expect(demand.hourly(NOW)).toEqual([0, 1]);
  });

  test('says nothing of what it has not seen', () => {
    const nothing = new Demand().estimate(NOW, NOW - HOUR);
    expect(nothing).toMatchObject({
      arrivals: 0,
      meanSeconds: null,
      deviationSeconds: null,
      dispersion: null,
    });
    expect(nothing.perHour.high).toBeGreaterThan(2);
    const one = new Demand();
    one.served(NOW, 60);
    expect(one.estimate(NOW, NOW - HOUR)).toMatchObject({
      meanSeconds: { value: 60, high: null },
      deviationSeconds: null,
    });
  });

  test("Student's t is the table's", () => {
    for (const [freedom, value] of [
      [3, 3.182],
      [4, 2.776],
      [6, 2.447],
      [10, 2.228],
      [29, 2.045],
      [1000, 1.962],
    ])
      expect(Math.abs(studentT(freedom!) - value!)).toBeLessThan(0.025);
  });
});

describe('tasks', () => {
  test('become an order with what the auction judges', () => {
    const task = parseTask({
      ...TASK(),
      place: { region: 'eu-west' },
      compliance: { minTier: 2 },
      maxPrice: '1.25',
    });
    expect(termsOf(task, 1_000n)).toMatchObject({
      cards: 4,
      duration: 3600,
      taskCompute: 5_000,
      taskNetwork: 1_000,
      taskStorage: 500,
      region: regionId('eu-west'),
      latestStart: 1_000n + 3600n,
      minTier: 2,
      minReputation: 0,
      startPrice: 1_250_000n,
    });
    expect(termsOf(parseTask(TASK()), 1_000n)).not.toHaveProperty('startPrice');
  });

  test.each([
    ['kind', { ...TASK(), kind: 'mining' }],
    ['version', { ...TASK(), version: 2 }],
    ['resources.cards', { ...TASK(), resources: { ...TASK().resources, cards: NaN } }],
    ['resources.cards', { ...TASK(), resources: { ...TASK().resources, cards: 0 } }],
    ['resources.seconds', { ...TASK(), resources: { ...TASK().resources, seconds: 0.5 } }],
    ['resources.classes', { ...TASK(), resources: { ...TASK().resources, classes: ['a', 'a'] } }],
    ['data.gigabytes', { ...TASK(), data: { region: 'eu-west', gigabytes: -1 } }],
    ['data.region', { ...TASK(), data: { region: '', gigabytes: 1 } }],
    ['place', { ...TASK(), place: { city: 'x' } }],
    ['place.provider', { ...TASK(), place: { provider: '0x1' } }],
    ['compliance.minReputation', { ...TASK(), compliance: { minReputation: 10_001 } }],
    ['task', null],
    ['resources.networkMbps', { ...TASK(), resources: { ...TASK().resources, networkMbps: 100_001 } }],
    ['maxPrice', { ...TASK(), maxPrice: 2 }],
    ['maxPrice', { ...TASK(), maxPrice: '0.0' }],
    ['maxPrice', { ...TASK(), maxPrice: '1.0000001' }],
    ['must be done in', { ...TASK(), toleranceSeconds: 3599 }],
  ])('a wrong %s is refused by name', (field, input) => {
    const refused = (): Refusal => {
      try {
        parseTask(input);
      } catch (error) {
        if (error instanceof Refusal) return error;
      }
      throw new Error('was not refused');
    };
    expect(refused().sentence).toContain(field);
    expect(refused().fix).not.toBe('');
  });

  test('their kind is what the workload says, else what the time suggests', () => {
    expect(kindOf('training', 60)).toBe('training');
    expect(kindOf('mining', 60)).toBe('inference');
    expect([60, 1800, 21_600].map((seconds) => kindOf(null, seconds))).toEqual([
      'inference',
      'rendering',
      'training',
    ]);
  });
});

function TASK() {
  return {
    version: 1,
    kind: 'training',
    resources: { classes: ['H100-SXM-80G'], cards: 4, seconds: 3600, networkMbps: 10_000, storageGb: 1_000 },
    toleranceSeconds: 7200,
  };
}

interface Generator {
  seed: number;
  /** An hour. */
  rate: number;
  /** Seconds. */
  mean: number;
  deviation: number;
}

/** 23 hours of Poisson arrivals with normal durations, and how many came in the hour after. */
function generated({ seed, rate, mean, deviation }: Generator): { demand: Demand; following: number } {
  const next = random(seed);
  const demand = new Demand();
  let following = 0;
  for (let at = NOW - 23 * HOUR; ;) {
    at += (-Math.log(1 - next()) / rate) * HOUR;
    if (at >= NOW + HOUR) return { demand, following };
    if (at >= NOW) {
      following++;
      continue;
    }
    demand.arrived(at, 1);
    demand.served(at, mean + deviation * normal(next));
  }
}

function holds({ low, high }: { low: number; high: number | null }, value: number): boolean {
  return low <= value && value <= (high ?? Infinity);
}
