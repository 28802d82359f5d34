/** How often one account, or one network address, may ask: a bucket for each class of routes, in this process's memory. */
import { LRUCache } from 'lru-cache';
import { Refusal } from '../../../domain/refusal.ts';

/** Requests a second that fill a bucket, and how many it holds. */
export const RATES = {
  read: { perSecond: 100, burst: 400 },
  /** Answers that look at much of the database. */
  heavy: { perSecond: 10, burst: 40 },
  write: { perSecond: 20, burst: 60 },
  /** Signed messages of the market, which prove themselves. */
  intake: { perSecond: 100, burst: 400 },
  /** Guesses at who somebody is. */
  sign: { perSecond: 1, burst: 20 },
  stream: { perSecond: 20, burst: 200 },
} as const;

export type RateClass = keyof typeof RATES;

interface Bucket {
  left: number;
  at: number;
}

/** Callers that are remembered; who is forgotten starts with a full bucket. */
const MOST_CALLERS = 100_000;

export interface RateLimiter {
  /** Takes one request out of the caller's bucket. @throws Refusal RATE_LIMITED, with seconds to wait */
  take(rate: RateClass, caller: string): void;
}

/** @param factor times the usual rates; 0 for no limit @param now milliseconds */
export function createRateLimiter(factor: number, now: () => number = Date.now): RateLimiter {
  const buckets = new LRUCache<string, Bucket>({ max: MOST_CALLERS });
  return {
    take(rate, caller) {
      if (factor === 0) return;
      const { perSecond, burst } = RATES[rate];
      const key = `${rate} ${caller}`;
      const at = now();
      const bucket = buckets.get(key) ?? { left: burst * factor, at };
      bucket.left = Math.min(burst * factor, bucket.left + ((at - bucket.at) / 1000) * perSecond * factor);
      bucket.at = at;
      buckets.set(key, bucket);
      if (bucket.left < 1) throw new RateLimited(Math.ceil((1 - bucket.left) / (perSecond * factor)));
      bucket.left -= 1;
    },
  };
}

/** Says beside the refusal how long to wait. */
export class RateLimited extends Refusal {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(
      'RATE_LIMITED',
      'You ask too often.',
      `Wait ${retryAfterSeconds} s, and keep to the rates of docs/api.md.`,
      { retryable: true },
    );
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
