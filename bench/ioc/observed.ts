/** A serving node with what a platform keeps of it: its use by hour and by minute, and the state that dispatchers are told. */
import { CARDS_PER_NODE, type Card } from './model.ts';
import type { Candidate } from './policies.ts';
import { entropyOfHours } from './scene.ts';
import { ServingNode, type Request } from './serving.ts';

const HOUR = 3600;
const MINUTE = 60;
/** Share of its rated power that a card draws above idle when it works; the rest it draws idle as well. */
const WORKING = 0.9;

type State = Pick<Candidate, 'speed' | 'outstanding' | 'cacheFree' | 'promptBacklog' | 'running'>;

export class ObservedNode {
  readonly serving: ServingNode;
  /** Requests sent there and not answered yet. */
  outstanding = 0;
  /** Prompt tokens on their way. */
  #coming = 0;
  /** Share in use in each of the last 24 hours. */
  #past: number[];
  readonly minutes: number[] = [];
  #heldSeconds = 0;
  #heldAt = 0;
  #minuteMark = 0;
  #hourMark = 0;
  #hourStart: number;
  #told: State | null = null;

  /** @param past shares in use of the 24 hours before the run @param firstHour seconds to the next full hour */
  constructor(card: Card, past: readonly number[], firstHour: number) {
    this.serving = new ServingNode(card);
    this.#past = [...past];
    this.#hourStart = firstHour - HOUR;
  }

  /** Whole-node seconds in use since the run began. */
  usedSeconds(now: number): number {
    this.#heldSeconds += (now - this.#heldAt) * this.serving.held;
    this.#heldAt = now;
    return this.#heldSeconds + this.serving.workSeconds;
  }

  get entropy(): number {
    return entropyOfHours(this.#past);
  }

  /** Joules that serving took beyond what the cards draw idle. */
  get joules(): number {
    return this.serving.workSeconds * CARDS_PER_NODE * this.serving.card.power * WORKING;
  }

  seen(rtt: number, request: Request, now: number, live: boolean): Candidate {
    const state = live || this.#told === null ? this.#state() : this.#told;
    const { serving } = this;
    // Before the first full hour the run's own part stands for the hour.
    const hour = (this.usedSeconds(now) - this.#hourMark) / Math.max(1, now - Math.max(0, this.#hourStart));
    const share = (request.promptTokens + request.outputTokens) / serving.cacheTokens;
    const after = [...this.#past.slice(1), hour + share];
    return { card: serving.card, ...state, rtt, entropy: this.entropy, entropyAfter: entropyOfHours(after) };
  }

  send(request: Request): void {
    this.outstanding++;
    this.#coming += request.promptTokens;
  }

  join(request: Request, now: number): number | null {
    this.#coming -= request.promptTokens;
    return this.serving.arrive(request, now);
  }

  hold(share: number, now: number): number | null {
    this.usedSeconds(now);
    return this.serving.setHeld(share, now);
  }

  minute(now: number): void {
    const used = this.usedSeconds(now);
    this.minutes.push((used - this.#minuteMark) / MINUTE);
    this.#minuteMark = used;
  }

  hour(now: number): void {
    const used = this.usedSeconds(now);
    this.#past = [...this.#past.slice(1), (used - this.#hourMark) / Math.min(HOUR, now)];
    this.#hourMark = used;
    this.#hourStart = now;
  }

  refresh(): void {
    this.#told = this.#state();
  }

  #state(): State {
    const { speed, cacheFree, running, promptBacklog } = this.serving;
    return {
      speed,
      cacheFree,
      running,
      outstanding: this.outstanding,
      promptBacklog: promptBacklog + this.#coming,
    };
  }
}
