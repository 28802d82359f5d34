import { Wallet as Key, hexlify, toUtf8Bytes } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QuoteOffer } from '../../app/server/quotes/offer.ts';
import { quoteOf } from '../../app/server/reads/quotes.ts';
import { auctionAbi, vaultAbi } from '../../contracts/generated/abi.ts';
import { classId, regionId } from '../../domain/names.ts';
import { lockFor } from '../../domain/units.ts';
import type { Hex } from '../../domain/types.ts';
import { workloadHash } from '../../domain/workload.ts';
import { openDatabase, type Database } from '../../prisma/client.ts';
import { openProvider } from '../../scheduler/provider.ts';
import { deployContract } from '../support/contracts.ts';
import { gatewayOf } from './gateway.ts';
import { addressOf, CHAIN_ID, CLASS, keyOf, REGION, signAsk, signOrder, storeItems } from './market.ts';
import { setup } from './setup.ts';

const WORKLOAD = { command: ['true'] };
const FEE_BPS = 200;

describe('firm quotes', () => {
  let at: Awaited<ReturnType<typeof setup>>;
  let db: Database;
  let gate: ReturnType<typeof gatewayOf>;
  beforeEach(async () => {
    at = await setup();
    db = openDatabase(at.database.url, 4);
    gate = gatewayOf(at, db);
    await gate.intake.putWorkload(WORKLOAD);
  });
  afterEach(async () => {
    await db.$disconnect();
    await at.teardown();
  });

  it('anAcceptedQuote_entersTheSlotByItself_isProcuredBelowItsPrice_andTheSlotVerifies', async () => {
    const { price: cleared, node } = await compete();
    const slot = await at.openSlot();
    await cancelAsks();
    // Providers ask for less than they did when the base price was found.
    await at.ask(slot, 1, 4, 400_000n, 2n);
    const terms = { supply: node, cards: 7, reservePrice: 500_000n, nonce: 2n };
    await storeItems(at.pool, slot, [signAsk(at.market.domain, 'bob', terms, await at.now())], []);
    const offer = await ask();
    expect(offer.breakdown).toMatchObject({
      base: cleared,
      // μ / τ: 600 s in 4,260.
      urgency: (cleared * 600n + 4_259n) / 4_260n,
      basis: { from: 'auctions', slots: 1, clearings: 1 },
      transfer: 0n,
    });
    expect(offer.breakdown.total).toBe(lockFor(2, 3_600, offer.order.startPrice, FEE_BPS));

    await at.market.deposit('dora', offer.breakdown.total);
    await at.market.takeQuote('dora', offer);
    expect(await gate.placing.placeAccepted()).toEqual([]);
    await at.indexer.syncTo();
    expect(await gate.placing.placeAccepted()).toEqual([offer.id]);
    expect(await gate.placing.placeAccepted()).toEqual([]);
    expect(await quoteOf(db, offer.id, await at.now())).toMatchObject({
      state: 'HELD',
      receipt: { slot: slot.toString(), item: offer.id, scheduler: addressOf('scheduler') },
    });

    await at.closeSlot(slot);
    const report = await at.pipeline().runSlot(slot);
    expect(report).toMatchObject({ state: 'committed', matched: 1, skipped: [] });
    await at.indexer.syncTo();

    const quote = await quoteOf(db, offer.id, await at.now());
    expect(quote).toMatchObject({ state: 'PROCURED', outcome: 'matched' });
    const price = BigInt(quote!.lease!.rate);
    expect(price).toBeLessThan(offer.order.startPrice);
    const surplus = offer.breakdown.total - lockFor(2, 3_600, price, FEE_BPS);
    expect(quote!.shared).toBe((surplus / 2n).toString());
    const { rows } = await at.pool.query(
      'SELECT available::text, bidding::text FROM account WHERE address = $1',
      [addressOf('dora')],
    );
    expect(rows).toEqual([{ available: (surplus / 2n).toString(), bidding: '0' }]);
    expect(await at.broken(slot)).toEqual([]);
  });

  it('aBidOfTheSameSlot_doesNotTouchWhatTheQuoteHolds', async () => {
    await compete();
    const slot = await at.openSlot();
    const offer = await ask({ consumer: addressOf('carol') });
    await at.market.deposit('carol', offer.breakdown.total);
    await at.market.takeQuote('carol', offer);
    await at.indexer.syncTo();
    await gate.placing.placeAccepted();
    const bid = await at.order(slot, 1, 2_500_000n, 77n);
    // The cap of one lease binds the bid, which is below it, not what was accepted before.
    expect(offer.breakdown.total).toBeGreaterThan(2_550_000n);
    await at.market.send('carol', at.market.deployment.vault, vaultAbi, 'setCaps', 10n ** 12n, 2_550_000n);
    await at.closeSlot(slot);
    expect(await at.pipeline().runSlot(slot)).toMatchObject({ matched: 2, skipped: [] });
    await at.indexer.syncTo();
    expect(Object.keys(await at.outcomes(slot)).sort()).toEqual([bid, offer.id].sort());
    expect(await at.broken(slot)).toEqual([]);
  });

  it('aQuoteThatIsNotProcured_waitsSlotForSlot_andIsRefundedBySettleDue', async () => {
    await compete();
    let slot = await at.openSlot();
    const offer = await ask({ cards: 3, latestStart: (await at.now()) + 120n });
    await at.market.deposit('dora', offer.breakdown.total);
    await at.market.takeQuote('dora', offer);
    // All cards go before the slot closes.
    await at.order(slot, 8, 10_000_000n, 90n);
    await cancelAsks();
    await at.indexer.syncTo();
    await gate.placing.placeAccepted();
    const pipeline = at.pipeline({ streamSeconds: 0 });
    while ((slot + 1n) * 10n <= offer.order.validUntil) {
      await at.closeSlot(slot);
      expect(await pipeline.runSlot(slot)).toMatchObject({ state: 'committed', matched: 0 });
      expect((await at.outcomes(slot))[offer.id]).toBe('NO_CLASS');
      slot += 1n;
    }
    expect(await at.broken(slot - 1n)).toEqual([]);
    expect(await pipeline.settleDue()).toBe(0);
    expect((await quoteOf(db, offer.id, await at.now()))?.state).toBe('HELD');
    await at.mineAt(offer.refundAfter);
    expect(await pipeline.settleDue()).toBe(0);
    await at.mineAt(offer.refundAfter + 1n);
    expect(await pipeline.settleDue()).toBe(1);
    await at.indexer.syncTo();
    expect((await quoteOf(db, offer.id, await at.now()))?.state).toBe('REFUNDED');
    const { rows } = await at.pool.query('SELECT available::text FROM account WHERE address = $1', [
      addressOf('dora'),
    ]);
    expect(rows).toEqual([{ available: offer.breakdown.total.toString() }]);
    expect(await pipeline.settleDue()).toBe(0);
  });

  it('aPageOfQuotes_fitsItsGas', async () => {
    const names = Array.from({ length: 6 }, (_, index) => ({ name: `n${index}`, cards: 8 }));
    const supplies = await at.market.addProvider('bob', names);
    const asks = supplies.map((supply, index) =>
      signAsk(
        at.market.domain,
        'bob',
        { supply, cards: 8, reservePrice: 1n, nonce: BigInt(index) },
        0n + 2n ** 38n,
      ),
    );
    await at.ask(0n, 0, 8, 1n, 1n);
    await storeItems(at.pool, 0n, asks, []);
    await list(2_000_000n);
    const slot = await at.openSlot();
    const offers: QuoteOffer[] = [];
    for (let index = 0; index < 40; index++) {
      const name = `dora ${index}`;
      const offer = await ask({ consumer: addressOf(name), cards: 1 });
      await at.market.deposit(name, offer.breakdown.total);
      offers.push(offer);
    }
    for (const [index, offer] of offers.entries()) await at.market.takeQuote(`dora ${index}`, offer);
    await at.indexer.syncTo();
    expect(await gate.placing.placeAccepted()).toHaveLength(40);
    const placedIn = (await at.now()) / 10n;
    expect(placedIn).toBeGreaterThanOrEqual(slot);
    await at.closeSlot(placedIn);
    const report = await at.pipeline().runSlot(placedIn);
    expect(report).toMatchObject({ state: 'committed', matched: 40, skipped: [] });
    // Fresh accounts, one each: the dearest page there is.
    expect(Number(report.gas.pages) / 40).toBeLessThan(150_000);
    await at.indexer.syncTo();
    expect(await at.broken(placedIn)).toEqual([]);
  });

  it('refusals_sayWhatIsMissing_andWhatToDo', async () => {
    const now = await at.now();
    await expect(ask()).rejects.toMatchObject({ code: 'NO_PRICE' });
    await list(900_000n);
    await expect(ask()).rejects.toMatchObject({
      code: 'NO_SUPPLY',
      sentence: `No ${CLASS} is in the auction now.`,
    });
    await at.ask(0n, 0, 8, 2_350_000n, 1n);
    gate.forget();
    await expect(ask()).rejects.toMatchObject({
      code: 'PRICE_TOO_LOW',
      sentence: `No ${CLASS} below 0.9: the lowest ask is 2.35 per card-hour.`,
      fix: 'Bid with a start price of 2.35 or more, or wait until prices fall.',
    });
    await expect(ask({ cards: 9 })).rejects.toMatchObject({
      code: 'NO_SUPPLY',
      sentence: `No node with ${CLASS} offers 9 cards: the most is 8.`,
    });
    await expect(ask({ minTier: 2 })).rejects.toMatchObject({
      code: 'NO_SUPPLY',
      sentence: `No node with ${CLASS} has tier 2: the highest is 0.`,
      fix: `Lower minTier to 0, or wait. Nearest: 8 cards of ${CLASS} in ${REGION}, but its tier is lower and it asks for more.`,
    });
    await expect(ask({ latestStart: now + 50n })).rejects.toMatchObject({ code: 'EXPIRED' });
    await expect(ask({ classes: [classId('ABACUS')] })).rejects.toMatchObject({ code: 'UNKNOWN_CLASS' });
    await expect(ask({ classes: [classId(CLASS), classId(CLASS)] })).rejects.toMatchObject({
      code: 'MALFORMED',
    });
    await expect(ask({ workload: workloadHash({ command: ['another'] }) })).rejects.toMatchObject({
      code: 'UNKNOWN_WORKLOAD',
    });
    await expect(ask({ data: { region: classId('moon'), gigabytes: 450 } })).rejects.toMatchObject({
      code: 'TRANSFER_TOO_SLOW',
      sentence: `450 GB take 3600 s to ${REGION} at 1000 Mb/s; the lease lasts 3600 s.`,
    });
    await expect(
      ask({ data: { region: regionId('eu-west'), gigabytes: 1, maxRttMs: 150 } }),
    ).rejects.toMatchObject({
      code: 'TRANSFER_TOO_SLOW',
      sentence: `The data are 200 ms from ${REGION} and back; the most that the task takes is 150 ms.`,
    });
    const counted = await db.refusal.findMany({ where: { kind: 'quote' } });
    expect(counted.reduce((sum, row) => sum + Number(row.count), 0)).toBe(11);
    expect(await db.quoteOffer.count()).toBe(0);
  });

  it('dataFromElsewhere_areInThePrice_andThoseAtHandAreNot', async () => {
    await at.ask(0n, 0, 8, 1_000_000n, 1n);
    await list(2_000_000n);
    const here = await ask({ data: { region: regionId(REGION), gigabytes: 1_000 } });
    expect(here.breakdown).toMatchObject({ gigabytes: 0, transfer: 0n, link: null });
    const away = await ask({ data: { region: regionId('eu-west'), gigabytes: 100, maxRttMs: 200 } });
    // 100 GB at 0.02 over 2 card-hours.
    expect(away.breakdown).toMatchObject({
      gigabytes: 100,
      transfer: 1_000_000n,
      transferSeconds: 800n,
      link: { from: 'eu-west', to: REGION, mbps: 1_000 },
    });
    expect(away.order.startPrice - here.order.startPrice).toBe(1_000_000n);
  });

  it('anOrderBelowEveryAsk_isAccepted_withANote', async () => {
    await at.indexer.syncTo();
    await at.ask(0n, 0, 8, 2_350_000n, 1n);
    const send = async (startPrice: bigint, nonce: bigint) => {
      const terms = { cards: 1, startPrice, nonce, workload: workloadHash(WORKLOAD) };
      const { id: _, ...sent } = signOrder(at.market.domain, 'carol', terms, await at.now());
      return gate.intake.acceptOrder(sent);
    };
    expect((await send(2_100_000n, 1n)).note).toEqual({
      code: 'PRICE_TOO_LOW',
      sentence: `No ${CLASS} below 2.1: the lowest ask is 2.35 per card-hour.`,
      fix: 'Bid with a start price of 2.35 or more, or wait until prices fall.',
      reason: 'PRICE',
      counts: { NO_CLASS: 1, NO_REGION: 1, NO_CARDS: 1, NO_REPUTATION: 1, NO_TIER: 1, PRICE: 0 },
    });
    expect((await send(2_350_000n, 2n)).note).toBeUndefined();
    expect(await db.order.count()).toBe(2);
  });

  it('lapsedOffers_areForgotten_takenOnesStay', async () => {
    await compete();
    const [taken, lapsed] = [await ask(), await ask()];
    expect(lapsed.id).not.toBe(taken.id);
    await at.market.deposit('dora', taken.breakdown.total);
    await at.market.takeQuote('dora', taken);
    await at.mineAt((await at.now()) + 7_200n);
    expect((await quoteOf(db, lapsed.id, await at.now()))?.state).toBe('LAPSED');
    expect(await gate.placing.placeAccepted()).toEqual([]);
    expect(await gate.placing.forgetLapsed()).toBe(1);
    expect(await quoteOf(db, lapsed.id, await at.now())).toBeNull();
    expect((await quoteOf(db, taken.id, await at.now()))?.state).toBe('HELD');
  });

  it('aSmartWallet_bidsByApproval_andNotWithoutIt', async () => {
    await at.ask(0n, 0, 8, 1_000_000n, 1n);
    const provider = openProvider(at.chain.rpcUrl, CHAIN_ID);
    try {
      await at.market.deposit('dora', 1n);
      const signer = new Key(keyOf('dora'), provider);
      const wallet = await deployContract('test/contracts/support/Wallet.sol:Wallet', signer);
      await at.market.send(
        'eve',
        at.market.deployment.token,
        ['function mint(address,uint256)'],
        'mint',
        addressOf('eve'),
        1n,
      );
      await at.market.send(
        'eve',
        wallet.address,
        wallet.abi,
        'enter',
        at.market.deployment.vault,
        50_000_000n,
      );
      await at.indexer.syncTo();
      const slot = await at.openSlot();
      const terms = { consumer: wallet.address, cards: 2, startPrice: 2_000_000n, nonce: 5n };
      const { order } = signOrder(
        at.market.domain,
        'dora',
        { ...terms, workload: workloadHash(WORKLOAD) },
        await at.now(),
      );
      const sent = { order, classes: [], signature: '0x' };
      await expect(gate.intake.acceptOrder(sent)).rejects.toMatchObject({
        code: 'NOT_APPROVED',
        retryable: true,
        fix: expect.stringContaining('approveOrderSigned') as string,
      });
      const yes = hexlify(toUtf8Bytes('yes'));
      await at.market.send('eve', at.market.deployment.auction, auctionAbi, 'approveOrderSigned', order, yes);
      const { id, receipt } = await gate.intake.acceptOrder(sent);
      expect(receipt.slot).toBe((await at.now()) / 10n);

      // Another that the wallet approves only after the close.
      const late = signOrder(
        at.market.domain,
        'dora',
        { ...terms, nonce: 6n, workload: workloadHash(WORKLOAD) },
        await at.now(),
      );
      await storeItems(at.pool, slot, [], [{ ...late, signature: '0x' }]);
      await at.closeSlot(slot);
      await at.market.send(
        'eve',
        at.market.deployment.auction,
        auctionAbi,
        'approveOrderSigned',
        late.order,
        yes,
      );
      expect(await at.pipeline().runSlot(slot)).toMatchObject({ matched: 1, skipped: [] });
      await at.indexer.syncTo();
      expect(await at.outcomes(slot)).toEqual({ [id]: 'matched', [late.id]: 'BAD_SIGNATURE' });
      expect(await at.broken(slot)).toEqual([]);

      const next = await at.openSlot();
      await at.closeSlot(next);
      expect(await at.pipeline().runSlot(next)).toMatchObject({ matched: 1, skipped: [] });
      await at.indexer.syncTo();
      expect(await at.broken(next)).toEqual([]);
      const { rows } = await at.pool.query('SELECT consumer, "sourceId" FROM lease ORDER BY id');
      expect(rows).toEqual([id, late.id].map((sourceId) => ({ consumer: wallet.address, sourceId })));
    } finally {
      provider.destroy();
    }
  });

  /** Two providers compete for an order, so that the class has a price, which it returns with the second's node. */
  async function compete(): Promise<{ price: bigint; node: Hex }> {
    const [node] = await at.market.addProvider('bob', [{ name: 'n', cards: 8 }]);
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    const ask = signAsk(
      at.market.domain,
      'bob',
      { supply: node!, cards: 8, reservePrice: 1_500_000n, nonce: 1n },
      await at.now(),
    );
    await storeItems(at.pool, slot, [ask], []);
    await at.order(slot, 1, 2_500_000n, 1n, 86_400);
    await at.closeSlot(slot);
    expect(await at.pipeline().runSlot(slot)).toMatchObject({ matched: 1, skipped: [] });
    await at.indexer.syncTo();
    const { rows } = await at.pool.query<{ rate: string }>('SELECT rate::text FROM lease');
    return { price: BigInt(rows[0]!.rate), node: node! };
  }

  async function cancelAsks(): Promise<void> {
    for (const name of ['alice', 'bob'])
      await at.market.send(name, at.market.deployment.auction, auctionAbi, 'cancelAsks', [1n]);
  }

  /** A listing of alice's first node, at a price that nobody else has. */
  async function list(price: bigint): Promise<void> {
    const now = await at.now();
    await db.listing.create({
      data: {
        id: `0x${'ab'.repeat(32)}`,
        ...{ provider: addressOf('alice'), node: at.nodes[0]!, resourceClass: classId(CLASS) },
        message: { nodeEpoch: 0, nonce: '99', validFrom: '0', cards: 1 },
        signature: '0x',
        price: price.toString(),
        cards: 1,
        validUntil: now + 86_400n,
      },
    });
    await at.indexer.syncTo();
  }

  async function ask(change: Record<string, unknown> = {}): Promise<QuoteOffer> {
    await at.indexer.syncTo();
    return gate.quote({
      consumer: addressOf('dora'),
      classes: [classId(CLASS)],
      cards: 2,
      duration: 3_600,
      latestStart: (await at.now()) + 660n,
      workload: workloadHash(WORKLOAD),
      nonce: BigInt(Math.floor(Math.random() * 2 ** 48)),
      ...change,
    });
  }
});
