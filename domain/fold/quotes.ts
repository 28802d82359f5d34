/** Orders at a firm quote, and open-ended leases: the market's events beside its sales. */
import { accountOf, type MarketState } from '../market-state.ts';
import type { Hex } from '../types.ts';
import { known, type Fold } from './arguments.ts';

export const QUOTES: Record<string, Fold> = {
  QuoteAccepted: (state, args) => {
    accountOf(state, args.hex('consumer')).available -= args.big('amount');
    state.quotes.set(args.hex('orderId'), args.big('amount'));
  },
  /** What stays locked passes through the bidding balance, from which the page that follows takes it. */
  QuoteProcured: (state, args) => {
    const [total, shared, kept] = [args.big('total'), args.big('shared'), args.big('kept')];
    const held = letGo(state, args.hex('orderId'));
    if (held !== total + shared + kept) throw new Error(`of ${held} held, ${total + shared + kept} went`);
    const account = accountOf(state, args.hex('consumer'));
    account.bidding += total;
    account.available += shared;
    state.fees += kept;
  },
  QuoteRefunded: (state, args) => {
    letGo(state, args.hex('orderId'));
    accountOf(state, args.hex('consumer')).available += args.big('amount');
  },
  /** Who prolongs leases reads it; the money moves with the lease that is bought then. */
  RenewalAllowed: () => undefined,
};

function letGo(state: MarketState, orderId: Hex): bigint {
  const held = known(state.quotes, orderId);
  state.quotes.delete(orderId);
  return held;
}
