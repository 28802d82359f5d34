/** Orders at a firm quote, and open-ended leases: the market's events beside its sales. */
import { accountOf, type HeldQuote, type MarketState } from '../market-state.ts';
import type { Hex } from '../types.ts';
import { known, type Fold } from './arguments.ts';

export const QUOTES: Record<string, Fold> = {
  QuoteAccepted: (state, args) => {
    const [consumer, amount] = [args.hex('consumer'), args.big('amount')];
    accountOf(state, consumer).available -= amount;
    const nothingYet = { outcome: 'HELD' as const, shared: 0n, kept: 0n };
    state.quotes.set(args.hex('orderId'), {
      consumer,
      amount,
      deadline: args.big('deadline'),
      ...nothingYet,
    });
  },
  /** What stays locked passes through the bidding balance, from which the page that follows takes it. */
  QuoteProcured: (state, args) => {
    const [total, shared, kept] = [args.big('total'), args.big('shared'), args.big('kept')];
    const { amount } = letGo(state, args.hex('orderId'), { outcome: 'PROCURED', shared, kept });
    if (amount !== total + shared + kept) throw new Error(`of ${amount} held, ${total + shared + kept} went`);
    const account = accountOf(state, args.hex('consumer'));
    account.bidding += total;
    account.available += shared;
    state.fees += kept;
  },
  QuoteRefunded: (state, args) => {
    letGo(state, args.hex('orderId'), { outcome: 'REFUNDED' });
    accountOf(state, args.hex('consumer')).available += args.big('amount');
  },
  /** The money moves with the lease that is bought then. */
  RenewalAllowed: (state, args) => {
    const word = args.tuple('renewal');
    state.renewals.set(args.big('leaseId'), {
      node: word.hex('node'),
      resourceClass: word.hex('resourceClass'),
      maxRate: word.big('maxRate'),
      until: word.big('until'),
    });
  },
};

function letGo(state: MarketState, orderId: Hex, became: Partial<HeldQuote>): HeldQuote {
  const quote = known(state.quotes, orderId);
  if (quote.outcome !== 'HELD') throw new Error(`quote ${orderId} was ${quote.outcome} before`);
  return Object.assign(quote, became);
}
