import { describe, expect, it } from 'vitest';
import { emptyMarket, nonceKey, type MarketState } from '../../domain/market-state.ts';
import type { Hex } from '../../domain/types.ts';
import type { BookAsk, BookOrder } from '../../scheduler/book/rows.ts';
import { askStands, orderStands, type Moment } from '../../scheduler/book/standing.ts';
import { addressOf, signAsk, signOrder } from './market.ts';

const domain = { chainId: 1, auction: addressOf('auction') };
const NODE: Hex = `0x${'11'.repeat(32)}`;

describe('which orders a slot holds', () => {
  it('orderStands_fromItsFirstSlotOn', () => {
    const { order, moment } = setup();
    expect(orderStands(order({}), moment(9n))).toBe(false);
    expect(orderStands(order({}), moment(10n))).toBe(true);
    expect(orderStands(order({}), moment(11n))).toBe(true);
  });

  it('orderStands_inItsFirstSlotWhateverHappenedToIt', () => {
    const { order, moment, state } = setup();
    state.usedNonces.add(nonceKey('order', addressOf('carol'), 1n));
    expect(orderStands(order({ validUntil: 0n }), moment(10n))).toBe(true);
  });

  it('orderStands_noLongerOnceItIsOver', () => {
    const { order, moment, state } = setup();
    expect(orderStands(order({ validUntil: 119n }), moment(11n))).toBe(false);
    expect(orderStands(order({ validUntil: 120n }), moment(11n))).toBe(true);
    expect(orderStands(order({ latestStart: 179n }), moment(11n))).toBe(false);
    expect(orderStands(order({ latestStart: 180n }), moment(11n))).toBe(true);
    state.usedNonces.add(nonceKey('order', addressOf('carol'), 1n));
    expect(orderStands(order({}), moment(11n))).toBe(false);
  });
});

describe('which asks a slot holds', () => {
  it('askStands_untilItIsSoldOutCancelledExpiredOrRevoked', () => {
    const { ask, moment, state } = setup();
    expect(askStands(ask({}), moment(11n))).toBe(true);
    expect(askStands(ask({ validUntil: 119n }), moment(11n))).toBe(false);
    state.filled.set(ask({}).id, 3);
    expect(askStands(ask({}), moment(11n))).toBe(true);
    state.filled.set(ask({}).id, 4);
    expect(askStands(ask({}), moment(11n))).toBe(false);
    state.filled.clear();
    state.usedNonces.add(nonceKey('ask', addressOf('alice'), 2n));
    expect(askStands(ask({}), moment(11n))).toBe(false);
  });

  it('askStands_whileItsNodeIsBusy', () => {
    // A busy node is free again some day: the ask stays in the book, ineligible.
    const { ask, moment } = setup();
    expect(askStands(ask({ supply: NODE }), moment(11n))).toBe(true);
  });
});

function setup() {
  const state: MarketState = emptyMarket(addressOf('treasury'), 200);
  return {
    state,
    moment: (slot: bigint): Moment => ({
      slot,
      slotEnd: (slot + 1n) * 10n,
      state,
      parameters: { commitDeadlineSeconds: 60 },
    }),
    order: (fields: Partial<BookOrder['signed']['order']>): BookOrder => {
      const { id, ...signed } = signOrder(
        domain,
        'carol',
        { cards: 1, startPrice: 5n, nonce: 1n, ...fields },
        100n,
      );
      return { id, seq: 1n, slot: 10n, signer: addressOf('carol'), signed };
    },
    ask: (fields: Partial<BookAsk['signed']['ask']>): BookAsk => {
      const { id, ...signed } = signAsk(
        domain,
        'alice',
        { supply: NODE, cards: 4, reservePrice: 5n, nonce: 2n, ...fields },
        100n,
      );
      return { id, seq: 1n, slot: 10n, signer: addressOf('alice'), signed };
    },
  };
}
