/**
 * Demand as it comes (002, section 3.2): arrivals Poisson(λ), service times Normal(μ, σ), estimated on line over the newest hours, with
 * 95% intervals, and what they say of the next hour. For forecasts and displays: nothing that is committed depends on it, so it computes in
 * floating point.
 */
import { chiSquare, studentT, Z } from './quantiles.ts';

const HOUR = 3600;

/** A value with the bounds of its 95% interval; the upper one is null where nothing bounds it. */
export interface Interval {
  value: number;
  low: number;
  high: number | null;
}

export interface DemandEstimate {
  arrivals: number;
  /** λ, arrivals an hour. */
  perHour: Interval;
  /** Variance over mean of the hours' arrivals; 1 is Poisson, more comes in bursts. Null below two full hours. */
  dispersion: number | null;
  /** μ and σ of the service time, seconds; null below one and two services. */
  meanSeconds: Interval | null;
  deviationSeconds: Interval | null;
  /** Mean cards of an arrival. */
  cards: number;
  /** The next hour: arrivals, with an interval that such an hour falls into, and card-hours. */
  next: { arrivals: Interval; cardHours: number };
}

/** What is kept of an hour; seconds and their squares are sums over the services. */
export interface Sums {
  arrivals: number;
  cards: number;
  services: number;
  seconds: number;
  squares: number;
}

const SUMS = ['arrivals', 'cards', 'services', 'seconds', 'squares'] as const;

interface Bucket extends Sums {
  /** Hour since 1970. */
  hour: number;
}

/** One stream of arrivals, a kind or a class; holds an hour's sums in one bucket, so its size does not grow with the arrivals. */
export class Demand {
  readonly #hours: number;
  readonly #buckets = new Map<number, Bucket>();

  /** @param hours how far back it looks */
  constructor(hours = 24) {
    this.#hours = hours;
  }

  /** An arrival of so many cards. @param at unix seconds */
  arrived(at: number, cards: number): void {
    this.add(at, { arrivals: 1, cards });
  }

  /** A task that ran, or is to run, for so long. @param at unix seconds */
  served(at: number, seconds: number): void {
    this.add(at, { services: 1, seconds, squares: seconds * seconds });
  }

  /** Many at once, of the hour of `at` (unix seconds). */
  add(at: number, sums: Partial<Sums>): void {
    const bucket = this.#bucket(at);
    for (const key of SUMS) bucket[key] += sums[key] ?? 0;
  }

  /** Arrivals of each of the last hours, oldest first; the newest is under way. */
  hourly(now: number): number[] {
    const hour = Math.floor(now / HOUR);
    return Array.from(
      { length: this.#hours },
      (_, i) => this.#buckets.get(hour - this.#hours + 1 + i)?.arrivals ?? 0,
    );
  }

  /** @param since unix seconds from which on arrivals were watched */
  estimate(now: number, since: number): DemandEstimate {
    const first = Math.floor(now / HOUR) - this.#hours + 1;
    const from = Math.max(since, first * HOUR);
    const watched = Math.max(1, now - from) / HOUR;
    const sums = { arrivals: 0, cards: 0, services: 0, seconds: 0, squares: 0 };
    for (const bucket of this.#buckets.values()) {
      if (bucket.hour < first) continue;
      for (const key of ['arrivals', 'cards', 'services', 'seconds', 'squares'] as const)
        sums[key] += bucket[key];
    }
    const dispersion = this.#dispersion(now, from);
    // Bursts make the same count say less.
    const spread = Math.sqrt(Math.max(1, dispersion ?? 1));
    const { low, high } = poissonBounds(sums.arrivals, spread);
    const perHour = { value: sums.arrivals / watched, low: low / watched, high: high / watched };
    const cards = sums.arrivals === 0 ? 0 : sums.cards / sums.arrivals;
    const { meanSeconds, deviationSeconds } = normalEstimate(sums.services, sums.seconds, sums.squares);
    return {
      arrivals: sums.arrivals,
      perHour,
      dispersion,
      meanSeconds,
      deviationSeconds,
      cards,
      next: {
        arrivals: nextHour(perHour.value, watched, spread),
        cardHours: (perHour.value * cards * (meanSeconds?.value ?? 0)) / HOUR,
      },
    };
  }

  #bucket(at: number): Bucket {
    const hour = Math.floor(at / HOUR);
    let bucket = this.#buckets.get(hour);
    if (bucket === undefined) {
      bucket = { hour, arrivals: 0, cards: 0, services: 0, seconds: 0, squares: 0 };
      this.#buckets.set(hour, bucket);
      for (const old of this.#buckets.keys()) if (old <= hour - 2 * this.#hours) this.#buckets.delete(old);
    }
    return bucket;
  }

  #dispersion(now: number, from: number): number | null {
    const full: number[] = [];
    for (let hour = Math.ceil(from / HOUR); (hour + 1) * HOUR <= now; hour++)
      full.push(this.#buckets.get(hour)?.arrivals ?? 0);
    const mean = full.reduce((sum, count) => sum + count, 0) / full.length;
    if (full.length < 2 || mean === 0) return null;
    return full.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (full.length - 1) / mean;
  }
}

/** Bounds of a Poisson mean after so many arrivals: the exact ones of Garwood, by Wilson and Hilferty's cube. */
function poissonBounds(count: number, spread: number): { low: number; high: number } {
  const z = Z * spread;
  const cube = (n: number, sign: number): number =>
    n * (1 - 1 / (9 * n) + (sign * z) / (3 * Math.sqrt(n))) ** 3;
  return { low: count === 0 ? 0 : Math.max(0, cube(count, -1)), high: cube(count + 1, 1) };
}

/** Arrivals of the next hour: its own chance, and that λ itself is known from so many hours alone. */
function nextHour(perHour: number, watched: number, spread: number): Interval {
  const deviation = spread * Math.sqrt(perHour * (1 + 1 / watched));
  const low = Math.max(0, Math.floor(perHour - Z * deviation));
  return { value: perHour, low, high: Math.ceil(perHour + Z * deviation) };
}

function normalEstimate(
  count: number,
  sum: number,
  squares: number,
): Pick<DemandEstimate, 'meanSeconds' | 'deviationSeconds'> {
  if (count === 0) return { meanSeconds: null, deviationSeconds: null };
  const mean = sum / count;
  if (count === 1) return { meanSeconds: { value: mean, low: 0, high: null }, deviationSeconds: null };
  const freedom = count - 1;
  const deviation = Math.sqrt(Math.max(0, squares - count * mean * mean) / freedom);
  const half = (studentT(freedom) * deviation) / Math.sqrt(count);
  const below = chiSquare(freedom, -Z);
  return {
    meanSeconds: { value: mean, low: mean - half, high: mean + half },
    deviationSeconds: {
      value: deviation,
      low: deviation * Math.sqrt(freedom / chiSquare(freedom, Z)),
      high: below > 0 ? deviation * Math.sqrt(freedom / below) : null,
    },
  };
}
