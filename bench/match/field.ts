/**
 * Nodes to search and how they move. **Uniform**: states anywhere in the cube; who is placed on or released gets another. **Market**: the
 * nodes of the Alibaba trace over and over, half of the cards leased in pods of the trace's sizes; a placement takes cards of the node that
 * was found, a release gives the oldest lease's back, so that states stay those of a market that goes on, and idle nodes share a point.
 */
import { entropyGap, entropyMicroBits, type HourBins } from '../../domain/entropy.ts';
import { nodeResources, taskVector } from '../../domain/vectors.ts';
import { readNodes, readPods } from '../../cli/replay/trace.ts';
import { random } from '../bench.ts';

export interface Field {
  name: string;
  count: number;
  /** Compute, network, storage of each node. */
  states: Uint16Array;
  gaps: Uint32Array;
  /** Both from 0 to 9,999. */
  regions: Uint16Array;
  reputations: Uint16Array;
  /** Writes the next task's wish into `task`. */
  ask(task: Uint16Array): void;
  /** Writes the state of a node that the last task goes to. @returns the node */
  place(found: number): number;
  /** Writes the state of a node that a task leaves. @returns the node */
  release(): number;
}

/** How many regions there are. */
export const REGIONS = 10;
const FULL = 10_001;

export function uniformField(count: number, seed: number): Field {
  const pick = picker(seed);
  const states = Uint16Array.from({ length: 3 * count }, () => pick(FULL));
  const move = (node: number): number => {
    for (let axis = 0; axis < 3; axis++) states[3 * node + axis] = pick(FULL);
    return node;
  };
  return {
    ...{ name: 'uniform', count, states, ...factsOf(count, pick) },
    gaps: new Uint32Array(count),
    ask(task) {
      for (let axis = 0; axis < 3; axis++) task[axis] = pick(FULL);
    },
    place: move,
    release: () => move(pick(count)),
  };
}

interface TraceNode {
  cards: number;
  memoryMib: number;
}

export interface MarketTrace {
  nodes: TraceNode[];
  pods: TraceNode[];
}

export async function readTrace(nodesFile: string, podsFile: string): Promise<MarketTrace> {
  const [nodes, pods] = await Promise.all([readNodes(nodesFile), readPods(podsFile)]);
  return { nodes: nodes.rows, pods: pods.rows };
}

/** As the replay has it: the trace does not tell the network of a node (cli/replay/README.md). */
const MBPS_OF_NODE = 25_000;
const MBPS_OF_CARD = 1_000;
/** Storage is twice the memory. */
const storageGb = (memoryMib: number): number => Math.floor((2 * memoryMib) / 1024);

export function marketField(count: number, seed: number, trace: MarketTrace): Field {
  const pick = picker(seed);
  // Flat tables: reading them must take next to nothing of the time that is measured.
  const kindOf = Uint16Array.from({ length: count }, () => pick(trace.nodes.length));
  const cards = Uint8Array.from(kindOf, (kind) => trace.nodes[kind]!.cards);
  const shapes = [...new Set(trace.nodes.map(shapeOf))];
  const shapeAt = Uint16Array.from(kindOf, (kind) => shapes.indexOf(shapeOf(trace.nodes[kind]!)));
  const vectors = Uint16Array.from(shapes.flatMap((shape) => vectorsOf(JSON.parse(shape) as TraceNode)));
  const wishes = Uint16Array.from(trace.pods.flatMap(wishOf));
  const podCards = Uint8Array.from(trace.pods, (pod) => pod.cards);
  const free = cards.slice();
  const states = new Uint16Array(3 * count);
  const write = (node: number): number => {
    const from = 3 * (shapeAt[node]! * STEPS + free[node]!);
    states[3 * node] = vectors[from]!;
    states[3 * node + 1] = vectors[from + 1]!;
    states[3 * node + 2] = vectors[from + 2]!;
    return node;
  };
  /** Leases in the order in which they began: a ring. */
  const leases = {
    nodes: new Int32Array(8 * count + 1),
    cards: new Uint8Array(8 * count + 1),
    first: 0,
    end: 0,
  };
  const next = (at: number): number => (at + 1 === leases.nodes.length ? 0 : at + 1);
  const lease = (node: number, wanted: number): number => {
    const taken = Math.min(wanted, free[node]!);
    free[node]! -= taken;
    leases.nodes[leases.end] = node;
    leases.cards[leases.end] = taken;
    leases.end = next(leases.end);
    return taken;
  };
  let pod = 0;
  const total = cards.reduce((sum, one) => sum + one, 0);
  for (let leased = 0; leased < total / 2;) leased += lease(pick(count), podCards[pick(podCards.length)]!);
  for (let node = 0; node < count; node++) write(node);
  return {
    ...{ name: 'market', count, states, ...factsOf(count, pick) },
    gaps: Uint32Array.from(free, (left, node) => gapOf(left === cards[node], pick)),
    ask(task) {
      pod = pick(podCards.length);
      task[0] = wishes[3 * pod]!;
      task[1] = wishes[3 * pod + 1]!;
      task[2] = wishes[3 * pod + 2]!;
    },
    place(found) {
      // The nearest node may have no card left: then the task goes to another.
      let node = found;
      while (free[node] === 0) node = pick(count);
      lease(node, podCards[pod]!);
      return write(node);
    },
    release() {
      const node = leases.nodes[leases.first]!;
      free[node]! += leases.cards[leases.first]!;
      leases.first = next(leases.first);
      return write(node);
    },
  };
}

/** States that a node of at most 8 cards goes through. */
const STEPS = 9;

function shapeOf({ cards, memoryMib }: TraceNode): string {
  return JSON.stringify({ cards, memoryMib });
}

/** By free cards, up to `STEPS`. */
function vectorsOf({ cards, memoryMib }: TraceNode): number[] {
  const node = { cards, networkMbps: MBPS_OF_NODE, storageGb: storageGb(memoryMib) };
  return Array.from({ length: STEPS }, (_, free) => {
    const { compute, network, storage } = nodeResources(node, Math.min(free, cards));
    return [compute, network, storage];
  }).flat();
}

function wishOf(pod: TraceNode): number[] {
  const { taskCompute, taskNetwork, taskStorage } = taskVector({
    cards: pod.cards,
    networkMbps: MBPS_OF_CARD * pod.cards,
    storageGb: storageGb(pod.memoryMib),
  });
  return [taskCompute, taskNetwork, taskStorage];
}

/** Idle for a day, or with hours in every bin. */
function gapOf(idle: boolean, pick: (below: number) => number): number {
  const bins: HourBins = [24, 0, 0, 0];
  if (!idle)
    for (let hour = 0; hour < 24; hour++) {
      bins[0]--;
      bins[pick(4)]!++;
    }
  return entropyGap(entropyMicroBits(bins));
}

function factsOf(count: number, pick: (below: number) => number): Pick<Field, 'regions' | 'reputations'> {
  return {
    regions: Uint16Array.from({ length: count }, () => pick(REGIONS)),
    reputations: Uint16Array.from({ length: count }, () => pick(10_000)),
  };
}

/** Marsaglia's xorshift: drawing numbers must take next to nothing of the time that is measured. */
function picker(seed: number): (below: number) => number {
  let state = 1 + Math.floor(random(seed)() * (2 ** 32 - 1));
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * below);
  };
}
