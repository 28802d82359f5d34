/** The slot's trees and its matches against the replay. */
import { askLeaf, orderLeaf, type MatchLeaf } from '../leaves.ts';
import { merkleRoot, TAG, type TreeTag } from '../merkle.ts';
import type { PageEvidence } from '../evidence.ts';
import { matchRoot } from '../page.ts';
import type { ClearedSlot } from '../slot.ts';
import type { Hex } from '../types.ts';
import {
  found,
  notChecked,
  noHeader,
  pagesToCome,
  type Case,
  type Finding,
  type Rule,
  type Subject,
} from './finding.ts';

export const ordersRoot: Rule = {
  rule: 'orders-root',
  sentence: 'The orders are those of the slot, each with its code and its place among the matches.',
  check: (subject) =>
    compareTree(subject, {
      tag: TAG.orders,
      root: 'ordersRoot',
      count: 'orderCount',
      kind: 'order',
      expected: (replay) => replay.orders,
      published: subject.evidence.leaves?.orders,
      encode: orderLeaf,
    }),
};

export const asksRoot: Rule = {
  rule: 'asks-root',
  sentence: "The asks have the free cards, codes and state vectors that the slot's close gives them.",
  check: (subject) =>
    compareTree(subject, {
      tag: TAG.asks,
      root: 'asksRoot',
      count: 'askCount',
      kind: 'ask',
      expected: (replay) => replay.asks,
      published: subject.evidence.leaves?.asks,
      encode: askLeaf,
    }),
};

export const clearing: Rule = {
  rule: 'clearing',
  sentence: 'Every match is the one that the auction of the same inputs gives, and none is left out.',
  check: ({ evidence, replay, noReplay }) => {
    if (!replay) return notChecked(noReplay);
    const toCome = pagesToCome(evidence);
    if (toCome !== null) return notChecked(toCome);
    const published = publishedOf(evidence.pages);
    if (typeof published === 'string') return notChecked(published);
    for (const [index, expected] of replay.matches.entries()) {
      const difference = compareMatch(index, expected.leaf, published[index]);
      if (difference !== null) return found(index, difference, { kind: 'order', id: expected.orderId });
    }
    const extra = published[replay.matches.length];
    if (extra)
      return found(
        published.length,
        `order ${extra.orderId} is matched to ask ${extra.askId} at ${extra.price}, the replay leaves it out`,
        { kind: 'order', id: extra.orderId },
      );
    return found(replay.matches.length);
  },
};

export const pages: Rule = {
  rule: 'pages',
  sentence:
    'Every announced page is on-chain once, its root and count are those of its matches, and none is missing.',
  check: ({ evidence }) => {
    if (!evidence.committed) return notChecked(noHeader(evidence));
    const toCome = pagesToCome(evidence);
    if (toCome !== null) return notChecked(toCome);
    const { pageCount, matchCount } = evidence.committed.header;
    for (let page = 0; page < pageCount; page++)
      if (evidence.pages[page]?.page !== page)
        return found(page, `page ${page} of ${pageCount} is missing`, pageOf(page));
    if (evidence.pages.length > pageCount)
      return found(pageCount, `there are ${evidence.pages.length} pages, the header announced ${pageCount}`);
    for (const { page, count, root, matches } of evidence.pages) {
      if (!matches) return notChecked(`the matches of page ${page} are missing`);
      if (matches.length !== count)
        return found(page, `page ${page} announced ${count} matches and has ${matches.length}`, pageOf(page));
      const computed = matchRoot(matches);
      if (computed !== root)
        return found(page, `page ${page} has root ${root}, its matches give ${computed}`, pageOf(page));
    }
    const total = evidence.pages.reduce((sum, { count }) => sum + count, 0);
    if (total !== matchCount)
      return found(pageCount, `the header counts ${matchCount} matches, the pages have ${total}`);
    return found(pageCount);
  },
};

function pageOf(page: number): Subject {
  return { kind: 'page', id: String(page) };
}

interface Tree<T> {
  tag: TreeTag;
  root: 'ordersRoot' | 'asksRoot';
  count: 'orderCount' | 'askCount';
  kind: 'order' | 'ask';
  expected: (replay: ClearedSlot) => readonly T[];
  published: readonly T[] | undefined;
  encode: (leaf: T) => Uint8Array;
}

function compareTree<T extends { id: Hex }>({ evidence, replay, noReplay }: Case, tree: Tree<T>): Finding {
  if (!evidence.committed) return notChecked(noHeader(evidence));
  if (!replay) return notChecked(noReplay);
  const { header } = evidence.committed;
  const expected = tree.expected(replay);
  if (header[tree.count] !== replay.header[tree.count])
    return found(1, `the header counts ${header[tree.count]}, the replay ${replay.header[tree.count]}`);
  const [root, computed] = [header[tree.root], replay.header[tree.root]];
  if (root === computed) return found(expected.length);
  return (
    firstLeaf(tree, root, expected) ??
    found(expected.length, `the header has ${root}, the replay ${computed}`)
  );
}

/** Which published leaf differs; null when none was published or what was is not what the root is over. */
function firstLeaf<T extends { id: Hex }>(tree: Tree<T>, root: Hex, expected: readonly T[]): Finding | null {
  const { published, kind } = tree;
  if (!published || merkleRoot(tree.tag, published.map(tree.encode)) !== root) return null;
  for (const [index, leaf] of expected.entries()) {
    const given = published[index];
    const wrong = (what: string) => found(index, `${kind} ${leaf.id}${what}`, { kind, id: leaf.id });
    if (given?.id !== leaf.id) return wrong(' is not where it belongs');
    for (const [field, value] of Object.entries(leaf)) {
      const other = (given as Record<string, unknown>)[field];
      if (other !== value) return wrong(`: ${field} is ${String(other)}, it should be ${String(value)}`);
    }
  }
  return null;
}

/** The slot's matches page by page, or what is missing. */
function publishedOf(all: readonly PageEvidence[]): MatchLeaf[] | string {
  const matches: MatchLeaf[] = [];
  for (const page of all) {
    if (!page.matches) return `the matches of page ${page.page} are missing`;
    matches.push(...page.matches);
  }
  return matches;
}

function compareMatch(index: number, expected: MatchLeaf, given: MatchLeaf | undefined): string | null {
  const at = `match ${index}, order ${expected.orderId}`;
  if (!given) return `${at}: it is missing; the winner should be ask ${expected.askId} at ${expected.price}`;
  if (given.orderId !== expected.orderId) return `${at}: order ${given.orderId} stands in its place`;
  if (given.askId !== expected.askId)
    return `${at}: the winner is ask ${given.askId}, it should be ${expected.askId}`;
  if (given.price !== expected.price || given.step !== expected.step)
    return `${at}: the price is ${given.price} (step ${given.step}), it should be ${expected.price} (step ${expected.step})`;
  const wrong = expected.shortlist.findIndex((ask, place) => given.shortlist[place] !== ask);
  if (wrong >= 0)
    return `${at}: place ${wrong} of the shortlist is ${named(given.shortlist[wrong])}, it should be ${named(expected.shortlist[wrong])}`;
  if (given.shortlist.length > expected.shortlist.length) return `${at}: the shortlist is too long`;
  if (given.runnerUp !== expected.runnerUp)
    return `${at}: the runner-up stands at place ${given.runnerUp} of the shortlist, it should be ${expected.runnerUp} (255: none)`;
  if (given.winner !== expected.winner)
    return `${at}: the winner stands at place ${given.winner} of the shortlist, it should be ${expected.winner}`;
  if (given.node !== expected.node || given.cards !== expected.cards)
    return `${at}: ${given.cards} cards of node ${given.node}, it should be ${expected.cards} of ${expected.node}`;
  return null;
}

function named(index: number | undefined): string {
  return index === undefined ? 'empty' : `ask ${index} of the slot`;
}
