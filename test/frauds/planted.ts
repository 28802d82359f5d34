/** Frauds to plant, one a slot: what is done, which rule must name it, and which claim must win; else why none can. */
import type { ClaimName } from '../../domain/claims/claim.ts';
import type { ShownReceipt } from '../../domain/claims/receipts.ts';
import { keccakText } from '../../domain/hash.ts';
import { NO_RUNNER_UP } from '../../domain/leaves.ts';
import type { SlotAsk, SlotOrder } from '../../domain/slot.ts';
import type { Hex } from '../../domain/types.ts';
import { asIfSigned, award, first, follow, leafOfFirst, recut, stepOf, type Items } from './hands.ts';
import type { Draft, Market } from './market.ts';

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
  receipts?: (
    draft: Draft,
    market: Market,
    items: Items,
  ) => readonly ShownReceipt[] | Promise<readonly ShownReceipt[]>;
  /** Goes beyond the commit deadline before it is challenged. */
  late?: boolean;
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
    rules: ['receipts'],
    claims: ['claimOmitted'],
    plant: async (draft, market, { asks }) => {
      recut(draft, { orders: [], asks });
      await market.publish(draft, { orders: [], asks });
    },
    receipts: ({ receipts }) => receipts.slice(0, 1),
  },
  {
    name: 'omitted ask with a receipt',
    rules: ['receipts'],
    claims: ['claimOmitted'],
    plant: async (draft, market, { orders, asks }) => {
      recut(draft, { orders, asks: asks.slice(1) });
      await market.publish(draft, { orders, asks: asks.slice(1) });
    },
    receipts: ({ receipts }) => receipts.slice(1, 2),
  },
  {
    name: 'two heads of one chain',
    rules: ['receipts'],
    claims: ['claimTwoHeads'],
    plant: () => undefined,
    receipts: async ({ slot, receipts }, market, { asks }) => [
      ...receipts,
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
    receipts: ({ receipts }) => receipts,
  },
  {
    name: 'withheld page',
    rules: ['pages'],
    claims: ['claimUncommitted'],
    late: true,
    plant: (draft) => {
      draft.commits = 'header';
    },
    receipts: ({ receipts }) => receipts,
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
    rules: ['inputs-hash'],
    claims: ['demand'],
    plant: async (draft, market, { orders, asks }) => {
      const header = { ...draft.header };
      const other = await market.orderOf({ cards: 1 });
      await market.publish(draft, { orders: [other, ...orders.slice(1)], asks });
      draft.header = header;
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
    claims: ['claimUnserved'],
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
      const gone = leafOfFirst(draft);
      draft.orders = draft.orders.filter((leaf) => leaf !== gone);
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
