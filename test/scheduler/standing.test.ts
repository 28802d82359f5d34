import { describe, expect, it } from 'vitest';
import { emptyMarket, nonceKey, type MarketState } from '../../domain/market-state.ts';
import type { Hex } from '../../domain/types.ts';
import type { BookAsk, BookOrder } from '../../scheduler/book/rows.ts';
import { askStands, NOTHING_PENDING, orderStands, type Moment } from '../../scheduler/book/standing.ts';
import { addressOf, signAsk, signOrder } from './market.ts';

const domain = { chainId: 1, auction: addressOf('auction') };
const NODE: Hex = `0x${'11'.repeat(32)}`;

describe('which orders a slot holds', () => {
  it('orderStands_fromItsFirstSlotOn', () => {
    const { order, moment } = setup();
    expect(orderStands(order({}), moment(9n), NOTHING_PENDING)).toBe(false);
    expect(orderStands(order({}), moment(10n), NOTHING_PENDING)).toBe(true);
    expect(orderStands(order({}), moment(11n), NOTHING_PENDING)).toBe(true);
  });

  it('orderStands_inItsFirstSlotWhateverHappenedToIt', () => {
    const { order, moment, state } = setup();
    state.usedNonces.add(nonceKey(addressOf('carol'), 1n));
    const pending = {
      orders: new Set([order({}).id]),
      asks: new Set<Hex>(),
      consumers: new Set([addressOf('carol')]),
    };
    expect(orderStands(order({ validUntil: 0n }), moment(10n), pending)).toBe(true);
  });

  it('orderStands_noLongerOnceItIsOver', () => {
    const { order, moment, state } = setup();
    expect(orderStands(order({ validUntil: 119n }), moment(11n), NOTHING_PENDING)).toBe(false);
    expect(orderStands(order({ validUntil: 120n }), moment(11n), NOTHING_PENDING)).toBe(true);
    expect(orderStands(order({ latestStart: 179n }), moment(11n), NOTHING_PENDING)).toBe(false);
    expect(orderStands(order({ latestStart: 180n }), moment(11n), NOTHING_PENDING)).toBe(true);
    state.usedNonces.add(nonceKey(addressOf('carol'), 1n));
    expect(orderStands(order({}), moment(11n), NOTHING_PENDING)).toBe(false);
  });

  it('orderStands_notWhileAnEarlierMatchOfItOrItsConsumerIsUnderWay', () => {
    const { order, moment } = setup();
    const none = { orders: new Set<Hex>(), asks: new Set<Hex>(), consumers: new Set<Hex>() };
    expect(orderStands(order({}), moment(11n), { ...none, orders: new Set([order({}).id]) })).toBe(false);
    expect(orderStands(order({}), moment(11n), { ...none, consumers: new Set([addressOf('carol')]) })).toBe(
      false,
    );
    expect(orderStands(order({}), moment(11n), { ...none, consumers: new Set([addressOf('dave')]) })).toBe(
      true,
    );
  });
});

describe('which asks a slot holds', () => {
  it('askStands_untilItIsSoldOutCancelledExpiredOrRevoked', () => {
    const { ask, moment, state } = setup();
    expect(askStands(ask({}), moment(11n), NOTHING_PENDING)).toBe(true);
    expect(askStands(ask({ validUntil: 119n }), moment(11n), NOTHING_PENDING)).toBe(false);
    state.filled.set(ask({}).id, 3);
    expect(askStands(ask({}), moment(11n), NOTHING_PENDING)).toBe(true);
    state.filled.set(ask({}).id, 4);
    expect(askStands(ask({}), moment(11n), NOTHING_PENDING)).toBe(false);
    state.filled.clear();
    state.usedNonces.add(nonceKey(addressOf('alice'), 2n));
    expect(askStands(ask({}), moment(11n), NOTHING_PENDING)).toBe(false);
  });

  it('askStands_whileItsNodeIsBusy', () => {
    // A busy node is free again some day: the ask stays in the book, ineligible.
    const { ask, moment } = setup();
    expect(askStands(ask({ supply: NODE }), moment(11n), NOTHING_PENDING)).toBe(true);
  });

  it('askStands_notWhileAnEarlierMatchOfItIsUnderWay', () => {
    const { ask, moment } = setup();
    const pending = { ...NOTHING_PENDING, asks: new Set([ask({}).id]) };
    expect(askStands(ask({}), moment(11n), pending)).toBe(false);
    expect(askStands(ask({}), moment(10n), pending)).toBe(true);
  });
});

function setup() {
  const state: MarketState = emptyMarket(addressOf('treasury'));
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
      return { id, slot: 10n, signer: addressOf('carol'), signed };
    },
    ask: (fields: Partial<BookAsk['signed']['ask']>): BookAsk => {
      const { id, ...signed } = signAsk(
        domain,
        'alice',
        { supply: NODE, cards: 4, reservePrice: 5n, nonce: 2n, ...fields },
        100n,
      );
      return { id, slot: 10n, signer: addressOf('alice'), signed };
    },
  };
}
