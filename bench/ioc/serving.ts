/**
 * A node that serves requests in iterations (continuous batching): prompts join at the next iteration as far as the token budget and the
 * cache allow, first come first served; every iteration gives each running request one token. Between two changes of the batch all iterations
 * are alike but for the growing context, so a stretch of them is one event with a sum in closed form.
 */
import { cacheTokens, contextSeconds, iterationSeconds, PREFILL_BUDGET, type Card } from './model.ts';

export interface Request {
  id: number;
  promptTokens: number;
  outputTokens: number;
}

interface Running {
  request: Request;
  /** Prompt tokens not yet computed. */
  promptLeft: number;
  outputLeft: number;
  context: number;
}

/** Iterations that differ in nothing but the growing context; lengths in seconds. */
interface Stretch {
  from: number;
  first: number;
  /** What each iteration takes longer than the one before it. */
  growth: number;
  count: number;
  /** By how much others slow the node down. */
  slow: number;
  /** Prompt tokens that it computes; such a stretch has one iteration. */
  prompts: Map<Running, number>;
}

/** What the end of an iteration brought. */
export interface Progress {
  first: Request[];
  finished: Request[];
}

/** Share of the node that the service keeps however much others run: one card of eight. */
const LEAST_SHARE = 1 / 8;

export class ServingNode {
  readonly card: Card;
  /** Tokens that the cache holds. */
  readonly cacheTokens: number;
  readonly #waiting: Running[] = [];
  #batch: Running[] = [];
  #reserved = 0;
  #stretch: Stretch | null = null;
  /** Share of the cards that others hold. */
  #held = 0;
  /** Whole-node seconds that the service used, and seconds in which it ran. */
  workSeconds = 0;
  busySeconds = 0;

  constructor(card: Card) {
    this.card = card;
    this.cacheTokens = cacheTokens(card);
  }

  get held(): number {
    return this.#held;
  }

  /** Share of the cache that no request has reserved. */
  get cacheFree(): number {
    return Math.max(0, 1 - this.#reserved / this.cacheTokens);
  }

  /** Speed against a node of its own, 1/8 to 1. */
  get speed(): number {
    return Math.max(LEAST_SHARE, 1 - this.#held);
  }

  /** Prompt tokens that wait or are under way. */
  get promptBacklog(): number {
    let tokens = 0;
    for (const { promptLeft } of this.#waiting) tokens += promptLeft;
    for (const { promptLeft } of this.#batch) tokens += promptLeft;
    return tokens;
  }

  get running(): number {
    return this.#batch.length;
  }

  /** @returns when to look again, or null when a look is planned already */
  arrive(request: Request, now: number): number | null {
    this.#waiting.push({
      request,
      promptLeft: request.promptTokens,
      outputLeft: request.outputTokens,
      context: 0,
    });
    return this.#stretch === null ? now : this.#cut(now);
  }

  /** Others take or leave cards; it counts from the next iteration. @returns when to look again, or null */
  setHeld(held: number, now: number): number | null {
    this.#held = held;
    return this.#cut(now);
  }

  /** Ends the stretch with the iteration under way. */
  #cut(now: number): number | null {
    const stretch = this.#stretch;
    if (stretch === null || stretch.count === 1) return null;
    let low = 1;
    let high = stretch.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (stretch.from + secondsOf(stretch, middle) >= now) high = middle;
      else low = middle + 1;
    }
    if (low === stretch.count) return null;
    stretch.count = low;
    return this.dueAt;
  }

  /** When the stretch ends; Infinity when the node idles. */
  get dueAt(): number {
    return this.#stretch === null
      ? Infinity
      : this.#stretch.from + secondsOf(this.#stretch, this.#stretch.count);
  }

  /** Ends what is due and begins the next stretch. @returns what came of it; then `dueAt` says when to look again */
  advance(now: number): Progress {
    const progress = this.#finish(now);
    this.#begin(now);
    return progress;
  }

  #finish(now: number): Progress {
    const progress: Progress = { first: [], finished: [] };
    const stretch = this.#stretch;
    if (stretch === null || this.dueAt > now) return progress;
    const seconds = secondsOf(stretch, stretch.count);
    this.busySeconds += seconds;
    this.workSeconds += seconds / stretch.slow;
    for (const entry of this.#batch) {
      const computed = stretch.prompts.get(entry);
      if (computed !== undefined) {
        entry.promptLeft -= computed;
        entry.context += computed;
        if (entry.promptLeft > 0) continue;
        progress.first.push(entry.request);
        entry.outputLeft--;
        entry.context++;
      } else if (entry.promptLeft === 0) {
        entry.outputLeft -= stretch.count;
        entry.context += stretch.count;
      }
      if (entry.promptLeft > 0 || entry.outputLeft > 0) continue;
      progress.finished.push(entry.request);
      this.#reserved -= reservedFor(entry.request);
    }
    if (progress.finished.length > 0)
      this.#batch = this.#batch.filter(({ promptLeft, outputLeft }) => promptLeft > 0 || outputLeft > 0);
    this.#stretch = null;
    return progress;
  }

  #begin(now: number): void {
    if (this.#stretch !== null) return;
    this.#admit();
    if (this.#batch.length === 0) return;
    const prompts = new Map<Running, number>();
    let budget = PREFILL_BUDGET;
    const work = { promptTokens: 0, promptPairs: 0, running: 0, contextTokens: 0 };
    let least = Infinity;
    for (const entry of this.#batch) {
      if (entry.promptLeft === 0) {
        work.running++;
        work.contextTokens += entry.context;
        least = Math.min(least, entry.outputLeft);
      } else if (budget > 0) {
        const tokens = Math.min(budget, entry.promptLeft);
        budget -= tokens;
        prompts.set(entry, tokens);
        work.promptTokens += tokens;
        work.promptPairs += tokens * (entry.context + tokens / 2);
      }
    }
    this.#stretch = {
      from: now,
      first: iterationSeconds(this.card, work),
      growth: work.running * contextSeconds(this.card),
      count: prompts.size > 0 ? 1 : least,
      slow: 1 / this.speed,
      prompts,
    };
  }

  #admit(): void {
    while (this.#waiting.length > 0) {
      const { request } = this.#waiting[0]!;
      if (this.#batch.length > 0 && this.#reserved + reservedFor(request) > this.cacheTokens) return;
      this.#reserved += reservedFor(request);
      this.#batch.push(this.#waiting.shift()!);
    }
  }
}

/** The cache keeps room for all that a request may write, so that none is thrown out on the way. */
function reservedFor({ promptTokens, outputTokens }: Request): number {
  return promptTokens + outputTokens;
}

function secondsOf(stretch: Stretch, count: number): number {
  return (count * stretch.first + (stretch.growth * count * (count - 1)) / 2) * stretch.slow;
}
