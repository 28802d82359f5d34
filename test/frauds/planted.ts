/** Frauds to plant, one a slot: what is done, which rule must name it, and which claim must win; else why none can. */
import type { ClaimName } from '../../domain/claims/claim.ts';
import type { ShownReceipt } from '../../domain/claims/receipts.ts';
import { keccakText } from '../../domain/hash.ts';
import { NO_RUNNER_UP } from '../../domain/leaves.ts';
import { clock, lastStep } from '../../domain/rea.ts';
import type { ClearedSlot, SlotAsk, SlotOrder } from '../../domain/slot.ts';
import type { Hex, Order } from '../../domain/types.ts';
import type { Draft, Market } from './market.ts';

/** The slot's items before it closes. */
export interface Items {
  orders: SlotOrder[];
  asks: SlotAsk[];
}

/** An honest slot of these items. */
export type Play = (orders: readonly SlotOrder[], asks: readonly SlotAsk[]) => Promise<void>;

export interface Fraud {
  name: string;
  /** Rules of `verify` that must name it; none where only a receipt in somebody's hands shows it. */
  rules: readonly string[];
  /** Claims that must be found, and upheld on-chain. */
  claims: readonly ClaimName[];
  /** Why none can be. */
  why?: string;
  /** The contract's error, where it refuses the fraud itself. */
  refused?: string;
  /** Plays an honest slot first. */
  before?: (market: Market, play: Play) => Promise<void>;
  /** Changes the items before the close. */
  prepare?: (market: Market, items: Items) => Promise<void> | void;
  plant: (draft: Draft, market: Market, items: Items) => Promise<void> | void;
  /** Receipts that the harmed hold. */
  receipts?: (market: Market, draft: Draft, items: Items) => Promise<ShownReceipt[]>;
  /** Goes beyond the commit deadline before it is challenged. */
  late?: boolean;
}

/** The first match, and the asks of its shortlist by rank. */
function first(draft: Draft) {
  const match = draft.matches[0]!;
  const places = draft.cleared.matches[0]!.candidates.map((candidate, place) => ({
    place,
    reserve: candidate.reserve,
    id: candidate.askId,
  })).sort((a, b) => (a.reserve < b.reserve ? -1 : 1));
  return { match, places };
}

function stepOf(draft: Draft, order: Order, reserve: bigint): number {
  return lastStep(order.startPrice, clock(draft.cleared.header.gammaWad), reserve);
}

/** Makes the ask at this place of the shortlist the first match's winner. */
function award(draft: Draft, items: Items, place: number): void {
  const { match } = first(draft);
  const id = draft.asks[match.leaf.shortlist[place]!]!.id;
  match.ask = items.asks.find((ask) => ask.id === id)!.signed;
  match.leaf.winner = place;
}

function dropFromTree(draft: Draft, tree: 'orders' | 'asks', id: Hex): void {
  const index = draft[tree].findIndex((leaf) => leaf.id === id);
  draft[tree].splice(index, 1);
  if (tree === 'asks')
    for (const { leaf } of draft.matches)
      leaf.shortlist = leaf.shortlist.map((place) => (place > index ? place - 1 : place));
}

function leafOfFirst(draft: Draft) {
  return draft.orders.find(({ position }) => position === 1)!;
}

const HISTORY = "it follows from the chain's history, which no bounded proof can show";
const CONTRACT = 'the contract refuses it';

export const FRAUDS: readonly Fraud[] = [
  {
    name: 'wrong winner',
    rules: ['clearing'],
    claims: ['claimWrongWinner'],
    plant: (draft, _market, items) => {
      const { match, places } = first(draft);
      award(draft, items, places[2]!.place);
      match.leaf.runnerUp = places[3]!.place;
      match.leaf.step = stepOf(draft, match.order.order, places[3]!.reserve);
    },
  },
  {
    name: 'price above the rule',
    rules: ['clearing'],
    claims: ['claimWrongPrice'],
    plant: (draft) => {
      first(draft).match.leaf.step -= 1;
    },
  },
  {
    name: 'price below the rule',
    rules: ['clearing'],
    claims: ['claimWrongPrice'],
    plant: (draft) => {
      first(draft).match.leaf.step += 1;
    },
  },
  {
    name: 'hidden runner-up',
    rules: ['clearing'],
    claims: ['claimHiddenRunnerUp'],
    plant: (draft) => {
      Object.assign(first(draft).match.leaf, { runnerUp: NO_RUNNER_UP, step: 0 });
    },
  },
  {
    name: 'fake runner-up',
    rules: ['clearing'],
    claims: ['claimHiddenRunnerUp'],
    plant: (draft) => {
      const { match, places } = first(draft);
      match.leaf.runnerUp = places[3]!.place;
      match.leaf.step = stepOf(draft, match.order.order, places[3]!.reserve);
    },
  },
  {
    name: 'runner-up from nowhere',
    rules: ['clearing'],
    claims: ['claimContradiction'],
    plant: (draft) => {
      first(draft).match.leaf.runnerUp = 200;
    },
  },
  {
    name: 'left out of the shortlist',
    rules: ['clearing'],
    claims: ['claimLeftOut'],
    plant: (draft, _market, items) => {
      const { match, places } = first(draft);
      const [gone, winner, second] = places;
      award(draft, items, winner!.place);
      match.leaf.shortlist = match.leaf.shortlist.filter((_, place) => place !== gone!.place);
      const moved = (place: number) => (place > gone!.place ? place - 1 : place);
      match.leaf.winner = moved(winner!.place);
      match.leaf.runnerUp = moved(second!.place);
      match.leaf.step = stepOf(draft, match.order.order, second!.reserve);
    },
  },
  {
    name: 'unserved order',
    rules: ['orders-root', 'clearing'],
    claims: ['claimUnserved'],
    plant: (draft) => {
      leafOfFirst(draft).position = 0;
      draft.matches = [];
    },
  },
  {
    name: 'matched order called ineligible',
    rules: ['orders-root'],
    claims: ['claimContradiction'],
    plant: (draft) => {
      leafOfFirst(draft).code = 5;
    },
  },
  {
    name: 'matched order called unmatched',
    rules: ['orders-root'],
    claims: ['claimContradiction'],
    plant: (draft) => {
      leafOfFirst(draft).position = 0;
    },
  },
  {
    name: "another ask at the winner's place",
    rules: ['clearing'],
    claims: ['claimContradiction'],
    plant: (draft) => {
      const { match, places } = first(draft);
      match.leaf.winner = places[2]!.place;
    },
  },
  {
    name: 'omitted order with a receipt',
    rules: ['orders-root'],
    claims: ['claimOmitted'],
    plant: (draft) => {
      dropFromTree(draft, 'orders', leafOfFirst(draft).id);
      draft.matches = [];
    },
    receipts: (market, { slot }, { orders }) => market.receiptsFor(slot, orders),
  },
  {
    name: 'omitted ask with a receipt',
    rules: ['asks-root'],
    claims: ['claimOmitted'],
    plant: (draft, _market, items) => {
      draft.matches = [];
      for (const leaf of draft.orders) Object.assign(leaf, { code: 4, position: 0 });
      dropFromTree(draft, 'asks', items.asks[0]!.id);
    },
    receipts: (market, { slot }, { asks }) => market.receiptsFor(slot, asks),
  },
  {
    name: 'two heads of one chain',
    rules: [],
    claims: ['claimTwoHeads'],
    plant: () => undefined,
    receipts: async (market, { slot }, { orders, asks }) => [
      ...(await market.receiptsFor(slot, orders)),
      ...(await market.receiptsFor(slot, asks.slice(0, 1))),
    ],
  },
  {
    name: 'uncommitted slot',
    rules: ['header-block'],
    claims: ['claimUncommitted'],
    late: true,
    plant: (draft) => {
      draft.commits = 'nothing';
      draft.inputs = null;
    },
    receipts: (market, { slot }, { orders }) => market.receiptsFor(slot, orders),
  },
  {
    name: 'withheld page',
    rules: ['pages'],
    claims: ['claimUncommitted'],
    late: true,
    plant: (draft) => {
      draft.commits = 'header';
    },
    receipts: (market, { slot }, { orders }) => market.receiptsFor(slot, orders),
  },
  {
    name: 'forged signature in a match (skipped, which costs the bond at once)',
    rules: ['signatures', 'fills'],
    claims: ['demand'],
    prepare: async (market, items) => {
      items.orders = [await market.orderOf({}, 'challenger')];
    },
    plant: (draft, _market, items) => asIfSigned(draft, items),
  },
  {
    name: 'forged ask on the shortlist',
    rules: ['asks-root'],
    claims: ['demand'],
    prepare: async (market, items) => {
      items.asks[0] = await market.askOf(0, {}, 'challenger');
    },
    plant: (draft, _market, items) => asIfSigned(draft, items),
  },
  {
    name: 'inputs withheld',
    rules: ['inputs-hash'],
    claims: ['demand'],
    plant: (draft) => {
      draft.inputs = null;
      draft.publishesLeaves = false;
    },
  },
  {
    name: 'inputs altered',
    rules: ['items'],
    claims: ['demand'],
    plant: (draft) => {
      const [signed, ...rest] = draft.inputs!.orders;
      const order = { ...signed!.order, startPrice: signed!.order.startPrice + 1n };
      draft.inputs = { ...draft.inputs!, orders: [{ ...signed!, order }, ...rest] };
    },
  },
  {
    name: 'false eligibility code',
    rules: ['orders-root'],
    claims: [],
    why: HISTORY,
    plant: (draft) => {
      Object.assign(leafOfFirst(draft), { code: 4, position: 0 });
      draft.matches = [];
    },
  },
  {
    name: "false 'spent in the slot'",
    rules: ['orders-root'],
    claims: [],
    why: 'the balance that earlier matches left follows from all of them',
    plant: (draft) => {
      Object.assign(leafOfFirst(draft), { code: 8, position: 0 });
      draft.matches = [];
    },
  },
  {
    name: 'false free cards',
    rules: ['asks-root'],
    claims: [],
    why: HISTORY,
    plant: (draft, _market, items) => {
      const [gone] = items.asks;
      const others = items.asks.map((ask) => (ask === gone ? { ...ask, signer: null } : ask));
      follow(draft, draft.clear(items.orders, others));
      Object.assign(
        draft.asks.find(({ id }) => id === gone!.id)!,
        { idle: 0, code: 7 },
      );
    },
  },
  {
    name: 'false state vector',
    rules: ['asks-root'],
    claims: [],
    why: HISTORY,
    plant: (draft, _market, { asks }) => {
      // Of the dearest ask: where the lie changes who wins, the matches contradict the leaves, and claims win.
      const dearest = asks.find(({ signed }) => signed.ask.reservePrice === 2_500_000n)!;
      const leaf = draft.asks.find(({ id }) => id === dearest.id)!;
      leaf.entropyMicroBits = 469_000;
      leaf.storage -= 1;
    },
  },
  {
    name: 'unserved order with a place of no match',
    rules: ['clearing'],
    claims: [],
    why: "claimUnserved takes a leaf's place for a match: see ADR 0009",
    plant: (draft) => {
      draft.matches = [];
    },
  },
  {
    name: 'matched order in no leaf, without a receipt',
    rules: ['orders-root'],
    claims: [],
    why: 'without a receipt nobody was promised a leaf',
    plant: (draft) => {
      dropFromTree(draft, 'orders', leafOfFirst(draft).id);
    },
  },
  {
    name: 'another closing block, and its seed',
    rules: ['header-block'],
    claims: [],
    why: 'a contract sees hashes of blocks, not their times',
    plant: async (draft, market) => {
      const closeBlock = draft.cleared.header.closeBlock - 1n;
      const number = `0x${(closeBlock + 1n).toString(16)}`;
      const { hash } = await market.chain.rpc<{ hash: Hex }>('eth_getBlockByNumber', [number, false]);
      draft.header = { closeBlock, seed: hash };
    },
  },
  {
    name: 'a seed of its own',
    ...{ rules: [], claims: [], why: CONTRACT, refused: 'WrongSeed' },
    plant: (draft) => {
      draft.header = { seed: keccakText('lucky') };
    },
  },
  {
    name: 'another clock',
    ...{ rules: [], claims: [], why: CONTRACT, refused: 'WrongGamma' },
    plant: (draft) => {
      draft.header = { gammaWad: draft.cleared.header.gammaWad + 1n };
    },
  },
  {
    name: 'oversold node',
    rules: ['asks-root'],
    claims: ['claim'],
    before: async (market, play) => {
      // The node's cards are let for an hour, rightly.
      await play([await market.orderOf({ cards: 8, duration: 3_600 })], [await market.askOf(0)]);
    },
    prepare: async (market, items) => {
      items.orders = [await market.orderOf({ cards: 1, duration: 3_600 })];
      items.asks = [await market.askOf(0)];
    },
    plant: (draft, market, { orders, asks }) => {
      const cleared = draft.clear(orders, asks, market.nodes[0]);
      follow(draft, cleared);
      draft.asks = cleared.asks;
    },
  },
  {
    name: 'late header',
    ...{ rules: [], claims: [], why: CONTRACT, refused: 'SlotTooLate' },
    plant: (draft, market) => {
      draft.delay = BigInt(market.deployment.parameters.commitDeadlineSeconds) + 1n;
    },
  },
];

/** Leaves and matches as if the first order or ask were signed as it should be; the page carries what it has. */
function asIfSigned(draft: Draft, { orders, asks }: Items): void {
  const cleared = draft.clear(
    orders.map((order) => ({ ...order, signer: order.signed.order.consumer })),
    asks.map((ask) => ({ ...ask, signer: ask.signed.ask.provider })),
  );
  follow(draft, cleared);
  draft.asks = cleared.asks;
}

function follow(draft: Draft, { orders, matches }: ClearedSlot): void {
  draft.orders = orders;
  draft.matches = matches.map(({ order, ask, leaf }) => ({ order, ask, leaf: { ...leaf } }));
}
