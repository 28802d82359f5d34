/** What the index is measured against, and the search that looks at every node, which has the last word on what is right. */
import createKDTree from 'static-kdtree';
import type { Field } from './field.ts';

export interface Wanted {
  width: number;
  place: number;
  /** 1 at each region that would do; null for any. */
  regions: Uint8Array | null;
  minReputation: number;
}

/** Numbers of the nearest nodes in order, by looking at each: one pass and a short list. */
export function bruteForce(
  field: Field,
  task: Uint16Array,
  { width, place, regions, minReputation }: Wanted,
): number[] {
  const { count, states, gaps, reputations } = field;
  const found: number[] = [];
  const distances: number[] = [];
  const way = (node: number): number => (node >= place ? node - place : node - place + count);
  for (let node = 0; node < count; node++) {
    const c = states[3 * node]! - task[0]!;
    const l = states[3 * node + 1]! - task[1]!;
    const s = states[3 * node + 2]! - task[2]!;
    const distance = Math.floor((c * c + l * l + s * s) / 3);
    if (found.length === width && distance > distances[width - 1]!) continue;
    if (reputations[node]! < minReputation || (regions !== null && regions[field.regions[node]!] !== 1))
      continue;
    let at = found.length;
    while (at > 0) {
      const other = found[at - 1]!;
      const order = distance - distances[at - 1]! || gaps[node]! - gaps[other]! || way(node) - way(other);
      if (order > 0) break;
      at--;
    }
    if (at === width) continue;
    found.splice(at, 0, node);
    distances.splice(at, 0, distance);
    if (found.length > width) {
      found.pop();
      distances.pop();
    }
  }
  return found;
}

const MOST_MS = 1_500;

/** Queries a second of the search that looks at each node, for one. */
export function bruteForcePerSecond(field: Field): number {
  const task = new Uint16Array(3);
  const wanted = { width: 1, place: 0, regions: null, minReputation: 0 };
  return perSecond(() => {
    field.ask(task);
    return bruteForce(field, task, wanted)[0]!;
  });
}

/**
 * Queries a second of npm's static-kdtree for one nearest point. It takes no updates and no constraints, and only distinct points: building
 * it takes time by the square of equal ones (ADR 17).
 */
export function staticKdtreePerSecond({ ask, count, states }: Field): number {
  const distinct = new Map<number, number[]>();
  for (let node = 0; node < count; node++) {
    const [compute, network, storage] = states.subarray(3 * node, 3 * node + 3);
    distinct.set((compute! * 2 ** 16 + network!) * 2 ** 16 + storage!, [compute!, network!, storage!]);
  }
  const tree = createKDTree([...distinct.values()]);
  const task = new Uint16Array(3);
  const figure = perSecond(() => {
    ask(task);
    return tree.nn([task[0]!, task[1]!, task[2]!]);
  });
  tree.dispose();
  return figure;
}

/** At least one query, then as many as the time allows; the first tenth of it does not count. */
function perSecond(query: () => number): number {
  const begin = performance.now();
  let [queries, from, sum] = [0, begin, 0];
  for (let warm = false; ;) {
    for (let i = 0; i < 8; i++) sum += query();
    queries += 8;
    const now = performance.now();
    if (!warm && now - begin > MOST_MS / 10) [warm, queries, from] = [true, 0, now];
    else if (now - begin > MOST_MS && queries > 0) {
      if (sum < 0) throw new Error('a query found nothing');
      return Math.round((queries * 1000) / (now - from));
    }
  }
}
