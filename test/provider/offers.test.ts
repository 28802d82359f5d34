import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { recoverAddress } from 'viem';
import { afterEach, describe, expect, it } from 'vitest';
import { callOf } from '../../cli/demo/chain-client.ts';
import { marketAbi, providerRegistryAbi } from '../../contracts/generated/abi.ts';
import type { Ask, Hex, Listing } from '../../domain/types.ts';
import { planOffers } from '../../provider/offers/plan.ts';
import { setup as setUpAll, shell, until, type Setup } from './setup.ts';

const open: Setup[] = [];

afterEach(async () => {
  for (const test of open.splice(0)) await test.teardown();
});

describe('the plan of a node', () => {
  const promised = fc.record({ leased: fc.nat(40), asked: fc.nat(40), listed: fc.nat(40) });

  it('never promises more than the node has, and all that is free', () => {
    fc.assert(
      fc.property(
        fc.nat(64),
        promised,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (cards, before, share, stagger) => {
          const offers = planOffers({ cards, stagger: BigInt(stagger) }, before, share, 1_800_000_000n);
          const offered = offers.reduce((sum, offer) => sum + offer.cards, 0);
          const taken = before.leased + before.asked + before.listed;
          expect(offered).toBe(Math.max(0, cards - taken));
          const listed = offers
            .filter((offer) => offer.kind === 'listing')
            .reduce((sum, offer) => sum + offer.cards, 0);
          expect(listed === 0 || before.listed + listed <= cards * share).toBe(true);
        },
      ),
    );
  });

  it('lets the fragments of a node expire together, whole offers after half an hour at least', () => {
    const none = { leased: 0, asked: 0, listed: 0 };
    const node = { cards: 8, stagger: 12_345n };
    for (const offer of planOffers(node, none, 0.5, 1_800_000_000n)) {
      expect(offer.validUntil - 1_800_000_000n).toBeGreaterThanOrEqual(1_800n);
      expect(offer.validUntil - 1_800_000_000n).toBeLessThanOrEqual(5_400n);
    }
    const ends = [0n, 100n, 200n].flatMap((later) =>
      planOffers(node, { leased: 2, asked: 1, listed: 4 }, 0.5, 1_800_000_000n + later).map(
        (offer) => offer.validUntil,
      ),
    );
    expect(new Set(ends).size).toBeLessThanOrEqual(2);
  });
});

describe('an agent', () => {
  it('offers the whole node, half of it listed, in messages that the provider signed', async () => {
    const test = await setup();
    const { asks, listings } = test.gateway;
    await until(() => asks.size + listings.size === 2, 'both offers');
    expect(offered(test)).toEqual({ asked: 4, listed: 4 });
    const signers = await Promise.all(
      [...asks, ...listings].map(([hash, { signature }]) => recoverAddress({ hash, signature })),
    );
    expect(new Set(signers)).toEqual(new Set([test.provider.address]));
    for (const { ask } of asks.values()) expect(ask.reservePrice).toBe(1_000_000n);
    for (const { listing } of listings.values()) expect(listing.pricePerCardHour).toBe(2_000_000n);
  });

  it('offers cards again when their lease ends, and never more than the node', async () => {
    const test = await setup();
    await until(() => test.gateway.listings.size === 1, 'a listing');
    await test.buy(shell('true'), 3, 60);
    await until(() => test.agentHealth().leases === 1, 'the lease');
    await test.pass(30);
    await rounds(test);
    expect(offered(test)).toEqual({ asked: 4, listed: 4 });
    await test.pass(31);
    await until(() => test.gateway.listings.size === 2, 'a listing for the freed cards');
    // 4 were listed and 3 sold for good; the freed 3 go back into the listing's share.
    expect(offered(test)).toEqual({ asked: 4, listed: 7 });
    expect([...test.gateway.listings.values()].at(-1)?.listing.cards).toBe(3);
    await rounds(test);
    expect(offered(test)).toEqual({ asked: 4, listed: 7 });
  });

  it('renews what expired: a listing at once, an ask after the last slot that may fill it', async () => {
    const test = await setup();
    await until(() => test.gateway.asks.size === 1, 'an ask');
    const [{ ask }] = [...test.gateway.asks.values()] as [{ ask: Ask; signature: Hex }];
    await test.chain.mine(ask.validUntil + 1n);
    await until(() => test.gateway.listings.size === 2, 'a new listing');
    await rounds(test);
    expect(test.gateway.asks.size).toBe(1);
    const { slotSeconds, commitDeadlineSeconds } = test.deployment.parameters;
    await test.chain.mine(ask.validUntil + BigInt(slotSeconds + commitDeadlineSeconds) + 1n);
    await until(() => test.gateway.asks.size === 2, 'a new ask');
  });

  it('offers nothing twice after a restart, with its data folder or without', async () => {
    const test = await setup();
    await until(() => test.gateway.asks.size + test.gateway.listings.size === 2, 'both offers');
    await test.stopAgent();
    await test.begin();
    await rounds(test);
    expect(offered(test)).toEqual({ asked: 4, listed: 4 });
    await test.stopAgent();
    rmSync(join(test.agentFolder), { recursive: true });
    await test.begin();
    await rounds(test);
    expect(offered(test)).toEqual({ asked: 4, listed: 4 });
  });

  it('sends the very same offers to a gateway that lost them', async () => {
    const test = await setup();
    await until(() => test.gateway.asks.size + test.gateway.listings.size === 2, 'both offers');
    const before = [...test.gateway.asks.keys(), ...test.gateway.listings.keys()];
    test.gateway.asks.clear();
    test.gateway.listings.clear();
    await test.pass(60);
    await until(() => test.gateway.asks.size + test.gateway.listings.size === 2, 'both offers again');
    expect([...test.gateway.asks.keys(), ...test.gateway.listings.keys()]).toEqual(before);
  });

  it('signs anew when an epoch or a nonce revokes an offer', async () => {
    const test = await setup();
    await until(() => test.gateway.asks.size + test.gateway.listings.size === 2, 'both offers');
    const [{ listing }] = [...test.gateway.listings.values()] as [{ listing: Listing; signature: Hex }];
    await test.client.send(test.provider, [
      callOf(test.deployment.market, marketAbi, 'cancelListings', [[listing.nonce]]),
    ]);
    await until(() => test.gateway.listings.size === 2, 'a new listing');
    expect(test.gateway.asks.size).toBe(1);
    await test.client.send(test.provider, [
      callOf(test.deployment.registry, providerRegistryAbi, 'raiseEpoch', [test.node]),
    ]);
    await until(() => test.gateway.asks.size === 2, 'a new ask');
    expect([...test.gateway.asks.values()].at(-1)?.ask.nodeEpoch).toBe(1);
  });

  it('offers nothing with a key that is not the registered one, nor while the provider leaves', async () => {
    const test = await setUpAll();
    open.push(test);
    // A key may be replaced once every slot that could still need the one before is over.
    await test.pass(100);
    await test.client.send(test.provider, [
      callOf(test.deployment.registry, providerRegistryAbi, 'rotateSigner', [`0x${'11'.repeat(20)}`]),
    ]);
    await test.startAgent();
    await until(() => test.lines.some((line) => /this agent holds another/.test(line)), 'the notice');
    expect(test.gateway.listings.size).toBe(0);
  });
});

/** Cards in all that the gateway ever got. */
function offered({ gateway }: Setup) {
  const sum = (cards: number[]) => cards.reduce((total, one) => total + one, 0);
  return {
    asked: sum([...gateway.asks.values()].map(({ ask }) => ask.cards)),
    listed: sum([...gateway.listings.values()].map(({ listing }) => listing.cards)),
  };
}

/** A few rounds of the keeper. */
async function rounds(test: Setup): Promise<void> {
  const asked = test.gateway.questions;
  await until(() => test.gateway.questions >= asked + 3, 'further rounds');
}

async function setup() {
  const test = await setUpAll();
  open.push(test);
  let running = await test.startAgent();
  return Object.assign(test, {
    agentHealth: () => running.agent.health(),
    stopAgent: () => running.stop(),
    begin: async () => void (running = await test.startAgent()),
  });
}
