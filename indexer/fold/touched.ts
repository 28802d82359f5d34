import { nonceKey } from '../../domain/market-state.ts';
import type { MarketState } from '../../domain/market-state.ts';
import type { Hex, MarketEvent } from '../../domain/types.ts';
import type { BlockRef } from './ledger.ts';

/** Keys of the rows that events changed, with the last block that did. A nonce's key is `account:nonce`. */
export interface Touched {
  accounts: Map<Hex, BlockRef>;
  providers: Map<Hex, BlockRef>;
  nodes: Map<Hex, BlockRef>;
  leases: Map<bigint, BlockRef>;
  slots: Map<bigint, BlockRef>;
  fills: Map<Hex, BlockRef>;
  nonces: Map<string, BlockRef>;
}

export function nothingTouched(): Touched {
  return {
    accounts: new Map(),
    providers: new Map(),
    nodes: new Map(),
    leases: new Map(),
    slots: new Map(),
    fills: new Map(),
    nonces: new Map(),
  };
}

type Touch = (touched: Touched, args: Reader, state: MarketState, block: BlockRef) => void;

/**
 * Marks what an event changed. `state` is the state with the event applied: some events name a lease alone, and move
 * money of its parties.
 *
 * @throws Error on an event that is not listed here: a fold without its rows would leave the tables stale
 */
export function touch(touched: Touched, event: MarketEvent, state: MarketState, block: BlockRef): void {
  const mark = TOUCHES[event.name];
  if (mark === undefined) throw new Error(`no rows are known for event ${event.name}`);
  mark(touched, new Reader(event), state, block);
}

class Reader {
  readonly #args: Record<string, unknown>;

  constructor(event: MarketEvent) {
    this.#args = event.args;
  }

  hex(name: string): Hex {
    return this.#args[name] as Hex;
  }

  big(name: string): bigint {
    return this.#args[name] as bigint;
  }
}

const account: Touch = (touched, args, _state, block) => {
  touched.accounts.set(args.hex('account'), block);
};
const provider: Touch = (touched, args, _state, block) => {
  touched.providers.set(args.hex('provider'), block);
};
const node: Touch = (touched, args, _state, block) => {
  touched.nodes.set(args.hex('node'), block);
};
const slot: Touch = (touched, args, _state, block) => {
  touched.slots.set(args.big('slot'), block);
};

const TOUCHES: Record<string, Touch> = {
  Deposited: account,
  Withdrawn: account,
  BiddingFunded: account,
  UnbidRequested: account,
  UnbidRecalled: account,
  UnbidFinished: account,
  Staked: account,
  Unstaked: account,
  ProviderRegistered: provider,
  StakeAdded: provider,
  SignerRotated: provider,
  UnbondingStarted: provider,
  ProviderExited: provider,
  NodeAdded: node,
  NodeEpochRaised: node,
  SlotCommitted: slot,
  PageCommitted: slot,
  MatchSkipped: slot,
  OrderFilled: (touched, args, state, block) => {
    touched.fills.set(args.hex('askId'), block);
    const lease = state.leases.get(args.big('leaseId'));
    if (lease) touched.nonces.set(nonceKey(lease.consumer, args.big('nonce')), block);
  },
  ListingBought: (touched, args, _state, block) => {
    touched.fills.set(args.hex('listingId'), block);
  },
  NonceCancelled: (touched, args, _state, block) => {
    touched.nonces.set(nonceKey(args.hex('account'), args.big('nonce')), block);
  },
  LeaseOpened: (touched, args, _state, block) => {
    touched.leases.set(args.big('leaseId'), block);
    touched.accounts.set(args.hex('consumer'), block);
  },
  LeaseSettled: (touched, args, state, block) => {
    touched.leases.set(args.big('leaseId'), block);
    touched.accounts.set(state.treasury, block);
    const lease = state.leases.get(args.big('leaseId'));
    const seller = lease && state.providers.get(lease.provider);
    if (seller) touched.accounts.set(seller.payout, block);
  },
  LeaseClosed: (touched, args, _state, block) => {
    touched.leases.set(args.big('leaseId'), block);
  },
  LeaseEnded: (touched, args, state, block) => {
    touched.leases.set(args.big('leaseId'), block);
    const lease = state.leases.get(args.big('leaseId'));
    if (lease) touched.accounts.set(lease.consumer, block);
  },
};
