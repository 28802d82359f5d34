/** Random changes of one match: what no list of frauds thinks of. */
import { NO_RUNNER_UP } from '../../domain/leaves.ts';
import type { Hex } from '../../domain/types.ts';
import type { Draft } from './market.ts';
import type { Items } from './hands.ts';

/** Deterministic numbers below the one given. */
export type Pick = (below: number) => number;

export function pickFrom(seed: number): Pick {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Changes one match of the draft, and returns what it did and to which order; null when nothing came of it. */
export function mutate(draft: Draft, items: Items, pick: Pick): { name: string; orderId: Hex } | null {
  const match = draft.matches[pick(draft.matches.length)]!;
  const { leaf } = match;
  const index = draft.matches.indexOf(match);
  const { orderId } = draft.cleared.matches[index]!;
  const order = draft.orders.find(({ id }) => id === orderId)!;
  const facts = () => JSON.stringify([leaf.winner, leaf.runnerUp, leaf.step, leaf.shortlist, order]);
  const before = facts();
  const did = MUTATIONS[pick(MUTATIONS.length)]!;
  did.change({ draft, items, match, order, pick });
  const gone = !draft.matches.includes(match);
  return gone || facts() !== before ? { name: did.name, orderId } : null;
}

interface Target {
  draft: Draft;
  items: Items;
  match: Draft['matches'][number];
  order: Draft['orders'][number];
  pick: Pick;
}

const MUTATIONS: { name: string; change: (target: Target) => void }[] = [
  {
    name: 'winner',
    change: ({ draft, items, match, pick }) => {
      const place = pick(match.leaf.shortlist.length);
      const { id } = draft.asks[match.leaf.shortlist[place]!]!;
      match.ask = items.asks.find((ask) => ask.id === id)!.signed;
      match.leaf.winner = place;
    },
  },
  {
    name: 'runner-up',
    change: ({ match, pick }) => {
      match.leaf.runnerUp = pick(4) === 0 ? NO_RUNNER_UP : pick(match.leaf.shortlist.length + 1);
    },
  },
  {
    name: 'step',
    change: ({ match, pick }) => {
      match.leaf.step = pick(10);
    },
  },
  {
    name: 'shortlist cut',
    change: ({ match, pick }) => {
      const { leaf } = match;
      const gone = pick(leaf.shortlist.length);
      if (gone === leaf.winner || gone === leaf.runnerUp) return;
      leaf.shortlist = leaf.shortlist.filter((_, place) => place !== gone);
      if (leaf.winner > gone) leaf.winner -= 1;
      if (leaf.runnerUp > gone && leaf.runnerUp !== NO_RUNNER_UP) leaf.runnerUp -= 1;
    },
  },
  {
    name: 'unserved',
    change: ({ draft, match, order }) => {
      draft.matches = draft.matches.filter((other) => other !== match);
      order.position = 0;
    },
  },
  {
    name: 'order code',
    change: ({ order, pick }) => {
      order.code = 1 + pick(8);
    },
  },
];
