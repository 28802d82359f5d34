/**
 * Tasks to nodes, outside a slot: the nearest nodes that satisfy a task's constraints (002, Eq. 5), in the order of a score (Eq. 6), or why
 * there is none and how near the nearest was. Nodes move with every placement and release. What a slot commits is `domain/matching.ts`.
 */
import type { Resources } from '../distance.ts';
import { entropyGap } from '../entropy.ts';
import { Refusal } from '../refusal.ts';
import { FULL } from '../vectors.ts';
import { checkVector, checkWhole } from './check.ts';
import { FilterList } from './filter.ts';
import { cards } from './filters/cards.ts';
import { region } from './filters/region.ts';
import { reputation } from './filters/reputation.ts';
import { tier } from './filters/tier.ts';
import { nearestMiss } from './nearest-miss.ts';
import { NodeIndex } from './node-index.ts';
import { compareScopes, scopeOf, type Origin, type Scope } from './scope.ts';
import type { NodeEntropy, Score } from './score.ts';
import { whyNone } from './why-none.ts';

export interface MatchNode {
  id: string;
  provider: string;
  className: string;
  region: string;
  /** Its cards, and those that are free. */
  cards: number;
  cardsLeft: number;
  state: Resources;
  entropy: NodeEntropy;
  /** 0 to 10,000. */
  reputation: number;
  tier: number;
}

export interface MatchTask {
  /** The wish, relative to the reference server (`taskVector`). */
  wish: Resources;
  /** Names of classes that would do; none means any. */
  classes: readonly string[];
  /** Names of regions that would do, those that its data reach among them; null for any. */
  regions: readonly string[] | null;
  cards: number;
  minReputation: number;
  minTier: number;
  origin: Origin;
}

export type MissReason = 'NO_CLASS' | 'NO_REGION' | 'NO_CARDS' | 'NO_REPUTATION' | 'NO_TIER';

export interface FoundNode {
  node: MatchNode;
  distance: number;
  scope: Scope;
}

/** Why no node serves a task. */
export interface NoNode {
  /** The filter that left nothing, and how many nodes were left after each up to it. */
  reason: MissReason;
  counts: Partial<Record<MissReason, number>>;
  /** The node that fails the fewest constraints, the nearest of several; null when there are no nodes. */
  miss: { node: MatchNode; distance: number; fails: MissReason[] } | null;
}

interface Facts extends MatchNode {
  regionNumber: number;
}
interface Wanted {
  cards: number;
  regions: Uint8Array | null;
  minReputation: number;
  minTier: number;
}

const FILTERS = new FilterList<Facts, Wanted, MissReason>([
  { ...region, fact: ({ regionNumber }) => regionNumber },
  cards,
  reputation,
  tier,
]);
const MOST_CARDS = 0xffff;

export class Matcher {
  /** By id, so that ties do not depend on who came first; undefined where a node has left. */
  readonly #nodes: (MatchNode | undefined)[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #regions: ReadonlyMap<string, number>;
  readonly #classes: ReadonlyMap<string, number>;
  readonly #index: NodeIndex;
  readonly #score: Score;
  readonly #width: number;

  /**
   * @param width how many of the nearest the score may put in order (W of 002, section 3.5)
   * @throws Refusal MALFORMED naming the node and the field
   */
  constructor(nodes: readonly MatchNode[], score: Score, width: number) {
    for (const node of nodes) checkNode(node);
    const sorted = nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    this.#nodes = sorted;
    this.#numbers = numbered(sorted.map(({ id }) => id));
    this.#regions = numbered(sorted.map((node) => node.region));
    this.#classes = numbered(sorted.map(({ className }) => className));
    this.#score = score;
    this.#width = width;
    this.#index = new NodeIndex({ layout: FILTERS.layout, capacity: sorted.length, widest: width });
    for (const number of sorted.keys()) this.#insert(number);
  }

  /** A placement or a release: the node's state, free cards, entropy, reputation or tier are others now. @throws Refusal */
  move(
    id: string,
    to: Partial<Pick<MatchNode, 'state' | 'cardsLeft' | 'entropy' | 'reputation' | 'tier'>>,
  ): void {
    const number = this.#numberOf(id);
    const node = { ...this.#nodes[number]!, ...to };
    checkNode(node);
    this.#index.remove(number);
    this.#nodes[number] = node;
    this.#insert(number);
  }

  /** @throws Refusal UNKNOWN_NODE */
  remove(id: string): void {
    const number = this.#numberOf(id);
    this.#index.remove(number);
    this.#nodes[number] = undefined;
  }

  /**
   * The nearest nodes that will do, the best by the score first; where that is equal, by scope, distance and id. Or why there is none.
   * @throws Refusal MALFORMED on a wish that is none, UNSUPPORTED when no node could hold the task even idle
   */
  match(task: MatchTask): { nodes: FoundNode[]; none: null } | { nodes: []; none: NoNode } {
    checkTask(task);
    const { terms, best } = this.#index;
    const wanted = { ...task, regions: task.regions && this.#choiceOf(task.regions) };
    FILTERS.ask(terms, wanted);
    this.#index.search({ ...task.wish, width: this.#width, place: 0, oneOfEach: null }, this.#groupsOf(task));
    if (best.count === 0) {
      this.#checkHolds(task);
      return { nodes: [], none: this.#whyNone(task) };
    }
    const found = Array.from({ length: best.count }, (_, i): FoundNode & { cost: number } => {
      const node = this.#nodes[best.nodeAt(i)]!;
      const scope = scopeOf(node, task.origin);
      return { node, distance: best.distanceAt(i), scope, cost: this.#score.cost(node.entropy) };
    });
    // The sort is stable: what is equal so far stays by gap and id.
    found.sort((a, b) => a.cost - b.cost || compareScopes(a.scope, b.scope) || a.distance - b.distance);
    return {
      nodes: found.map(({ node, distance: far, scope }) => ({ node, distance: far, scope })),
      none: null,
    };
  }

  #insert(number: number): void {
    const node = this.#nodes[number]!;
    const { compute, network, storage } = node.state;
    FILTERS.write(this.#index.facts, number, { ...node, regionNumber: this.#regions.get(node.region)! });
    this.#index.gaps[number] = entropyGap(node.entropy.entropyMicroBits);
    this.#index.insert(number, this.#classes.get(node.className)!, compute, network, storage);
  }

  #numberOf(id: string): number {
    const number = this.#numbers.get(id);
    if (number !== undefined && this.#nodes[number] !== undefined) return number;
    throw new Refusal('UNKNOWN_NODE', `There is no node ${id}.`, 'Name a node of the market.');
  }

  #choiceOf(names: readonly string[]): Uint8Array {
    const choice = new Uint8Array(this.#regions.size);
    for (const name of names) {
      const number = this.#regions.get(name);
      if (number !== undefined) choice[number] = 1;
    }
    return choice;
  }

  #groupsOf({ classes }: MatchTask): number[] | null {
    if (classes.length === 0) return null;
    return classes.map((name) => this.#classes.get(name)).filter((group) => group !== undefined);
  }

  /** @throws Refusal UNSUPPORTED when every node that would do otherwise is too small for the task */
  #checkHolds(task: MatchTask): void {
    let most = 0;
    for (const node of this.#nodes)
      if (node && isOf(node, task) && (task.regions?.includes(node.region) ?? true))
        most = Math.max(most, node.cards);
    if (most === 0 || most >= task.cards) return;
    throw new Refusal(
      'UNSUPPORTED',
      `No node can ever hold the task: cards is ${task.cards}, and the largest node that would do has ${most}.`,
      `Set cards to ${most} or less, allow more classes or regions, or split the task.`,
    );
  }

  #whyNone(task: MatchTask): NoNode {
    const { terms, facts } = this.#index;
    const numbers = [...this.#nodes.keys()].filter((number) => this.#nodes[number] !== undefined);
    const isOfClass = (number: number): boolean => isOf(this.#nodes[number]!, task);
    const list = Int32Array.from(numbers.filter(isOfClass));
    const { reason, counts } = whyNone(FILTERS, terms, facts, list, list.length);
    const miss = nearestMiss(FILTERS, this.#index, numbers, task.wish, isOfClass);
    return { reason, counts, miss: miss && { ...miss, node: this.#nodes[miss.node]! } };
  }
}

function isOf({ className }: MatchNode, { classes }: MatchTask): boolean {
  return classes.length === 0 || classes.includes(className);
}

function checkNode({
  id,
  state,
  cards: all,
  cardsLeft,
  entropy,
  reputation: score,
  tier: attested,
}: MatchNode): void {
  const of = `node ${id}`;
  checkVector(state, `${of}: state`);
  checkWhole(all, `${of}: cards`, MOST_CARDS);
  checkWhole(cardsLeft, `${of}: cardsLeft`, all);
  checkWhole(entropy.entropyMicroBits, `${of}: entropyMicroBits`, 2_000_000);
  checkWhole(score, `${of}: reputation`, FULL);
  checkWhole(attested, `${of}: tier`, 0xff);
}

function checkTask({ wish, cards: wanted, minReputation, minTier }: MatchTask): void {
  checkVector(wish, 'wish');
  checkWhole(wanted, 'cards', MOST_CARDS);
  checkWhole(minReputation, 'minReputation', FULL);
  checkWhole(minTier, 'minTier', 0xff);
}

function numbered(names: readonly string[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const name of names) if (!numbers.has(name)) numbers.set(name, numbers.size);
  return numbers;
}
