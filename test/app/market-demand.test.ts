import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demandOf } from '../../app/server/reads/demand.ts';
import { entropyOf, nodeEntropyOf } from '../../app/server/reads/entropy.ts';
import { loadLinks } from '../../app/server/links.ts';
import { missedOf } from '../../app/server/reads/missed.ts';
import { createMarketNodes } from '../../app/server/market-nodes.ts';
import { createOpenAsks } from '../../app/server/open-asks.ts';
import { taskAnswer, type TaskMarket } from '../../app/server/tasks.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { nodeEntropy } from '../../domain/history.ts';
import { classId, regionId } from '../../domain/names.ts';
import { canonicalWorkload, workloadHash } from '../../domain/workload.ts';
import { writeShortlist } from '../../prisma/shortlist-bytes.ts';
import { CLASS, CONSUMER, NODE, PROVIDER, REGION, setup, signedAsk, type World } from './fixture.ts';

const SLOT_SECONDS = 10;
const HOUR = 3600;
/** Half past some hour. */
const NOW = 1_700_001_000n;
const TRAINING = { command: ['train'], env: { CARDHOUR_TASK_KIND: 'training' } };

describe('demand', () => {
  let world: World;
  beforeAll(async () => {
    world = await setup();
    await world.db.block.create({
      data: { number: 1n, hash: 'a', parentHash: 'b', timestamp: NOW - BigInt(10 * HOUR) },
    });
    await world.db.workload.create({
      data: { hash: workloadHash(TRAINING), body: canonicalWorkload(TRAINING) },
    });
    // 30 short orders over ten hours, two stated trainings, a purchase and its extension; and one order of two days ago.
    for (let i = 0; i < 30; i++)
      await order({ secondsAgo: 60 + i * 1_190, duration: 600 + 10 * (i % 3), cards: 2 });
    for (let i = 0; i < 2; i++)
      await order({ secondsAgo: 5_000 + i, duration: 1_200, workload: workloadHash(TRAINING) });
    await order({ secondsAgo: 2 * 86_400, duration: 60 });
    await lease({ id: 1n, secondsAgo: 4_000, seconds: 7_200, slot: null });
    await lease({ id: 2n, secondsAgo: 2_000, seconds: 7_200, slot: null, parent: 1n });
  });
  afterAll(() => world.close());

  const order = async (change: {
    secondsAgo: number;
    duration: number;
    cards?: number;
    workload?: string;
    id?: string;
    startPrice?: string;
    region?: string;
    validFor?: number;
  }): Promise<string> => {
    const id = change.id ?? `0x${(made++).toString(16).padStart(64, '0')}`;
    const message = {
      order: {
        requirement: classId(CLASS),
        cards: change.cards ?? 1,
        duration: change.duration,
        startPrice: change.startPrice ?? '1000000',
        region: change.region ?? ZERO_HASH,
        workload: change.workload ?? ZERO_HASH,
      },
      classes: [],
    };
    const slot = (NOW - BigInt(change.secondsAgo)) / BigInt(SLOT_SECONDS);
    const validUntil = NOW + BigInt(change.validFor ?? -1);
    await world.db.order.create({
      data: { id, consumer: CONSUMER, message, signature: '0x', slot, validUntil },
    });
    return id;
  };
  const lease = async (change: {
    id: bigint;
    secondsAgo: number;
    seconds: number;
    slot: bigint | null;
    parent?: bigint;
    sourceId?: string;
    cards?: number;
  }): Promise<void> => {
    const start = NOW - BigInt(change.secondsAgo);
    await world.db.lease.create({
      data: {
        id: change.id,
        consumer: CONSUMER,
        provider: PROVIDER,
        node: NODE,
        sourceId: change.sourceId ?? `listing ${change.id}`,
        slot: change.slot,
        cards: change.cards ?? 8,
        duration: BigInt(change.seconds),
        start,
        end: start + BigInt(change.seconds),
        rate: '1',
        locked: '0',
        paid: '0',
        fee: '0',
        refunded: '0',
        settledUntil: start,
        workload: ZERO_HASH,
        endReason: 'NONE',
        settled: false,
        parent: change.parent ?? null,
        followsPage: true,
        blockNumber: 1n,
        blockHash: ZERO_HASH,
      },
    });
  };
  let made = 1;

  test('estimates λ, μ and σ of each kind from orders and purchases', async () => {
    const { kinds, watchedHours } = await demandOf(world.db, NOW, SLOT_SECONDS);
    expect(watchedHours).toBe(10);
    const of = (kind: string) => kinds.find((row) => row.kind === kind)!;
    expect(kinds.map(({ kind }) => kind).sort()).toEqual(['inference', 'rendering', 'training']);
    expect(of('inference')).toMatchObject({ arrivals: 30, cards: 2, perHour: { value: 3 } });
    expect(of('inference').meanSeconds?.value).toBeCloseTo(610);
    expect(of('inference').deviationSeconds?.value).toBeCloseTo(Math.sqrt(2_000 / 29), 3);
    expect(of('inference').next.cardHours).toBeCloseTo((3 * 2 * 610) / 3600);
    // Stated, though short; and the purchase without its extension.
    expect(of('training')).toMatchObject({ arrivals: 2, meanSeconds: { value: 1_200 } });
    expect(of('rendering')).toMatchObject({ arrivals: 1, cards: 8, meanSeconds: { value: 7_200 } });
    expect(of('inference').hourly.reduce((sum, count) => sum + count, 0)).toBe(30);
  });

  test('an hour of a node is its leases, and the network spreads over its nodes', async () => {
    const { db } = world;
    await world.addNode(`0x${'b'.repeat(64)}`);
    const view = await nodeEntropyOf(db, NOW, NODE);
    // The last full hour ended 1,800 s ago: all cards were leased for 2,200 s of it, and for 200 s once more by the extension.
    expect(view).toMatchObject({ cards: 8, bins: [23, 0, 1, 0] });
    expect(view?.usedShares.at(-1)).toBe(0.6667);
    const leases = await db.lease.findMany();
    expect(view?.microBits).toBe(nodeEntropy(8, leases, NOW));
    const { network, nodes, nodeCount } = await entropyOf(db, NOW);
    expect(nodeCount).toBe(2);
    expect(nodes.map(({ id }) => id)).toContain(NODE);
    expect(network).toHaveLength(25);
    // One node of two moved away from the other within the last hour.
    expect(network.at(-1)).toMatchObject({ at: String((NOW / 3600n) * 3600n), microBits: 1_000_000 });
    expect(network.at(-2)).toMatchObject({ microBits: 0, meanGapMicroBits: 469_000 });
    expect(await nodeEntropyOf(db, NOW, '0x00')).toBeNull();
  });

  test('a task is answered with its order and the regions that its data reach', async () => {
    const task = {
      version: 1,
      kind: 'inference',
      resources: { classes: [CLASS], cards: 2, seconds: 600 },
      data: { region: 'eu-west', gigabytes: 70 },
      toleranceSeconds: 1_200,
    };
    const marketNodes = createMarketNodes(world.db, 0n);
    const openAsks = createOpenAsks(world.db, 0n);
    const market: TaskMarket = {
      db: world.db,
      links: loadLinks(undefined),
      marketNodes,
      onOffer: (now) => openAsks(now + BigInt(SLOT_SECONDS)),
    };
    const ask = (change: object) => taskAnswer(market, NOW, { ...task, ...change });
    const { terms, regions, environment } = await ask({});
    expect(terms).toMatchObject({
      requirement: classId(CLASS),
      cards: 2,
      taskCompute: 2_500,
      latestStart: NOW + 600n,
    });
    expect(environment).toEqual({ CARDHOUR_TASK_KIND: 'inference' });
    expect(regions).toEqual([
      expect.objectContaining({ region: REGION, feasible: true, seconds: 560n, cost: 1_400_000n }),
    ]);
    const { nodes, none } = await ask({ data: { region: REGION, gigabytes: 1 } });
    expect(none).toBeNull();
    // The other node's cards are leased.
    expect(nodes).toMatchObject([{ node: `0x${'bb'.repeat(32)}`, scope: 'OWN_REGION', cardsLeft: 8 }]);
    const late = await ask({ maxRttMs: 100 });
    expect(late).toMatchObject({
      nodes: [],
      none: { reason: 'NO_REGION', counts: { NO_CLASS: 2, NO_REGION: 0 }, miss: { fails: ['NO_REGION'] } },
    });
    expect((await ask({ compliance: { minTier: 3 } })).none).toMatchObject({ reason: 'NO_TIER' });
    const why = async (change: object) => (await ask(change)).regions.map((entry) => entry.why);
    expect(await why({ data: { region: 'eu-west', gigabytes: 75 } })).toEqual(['TOO_SLOW']);
    expect(await why({ maxRttMs: 100 })).toEqual(['TOO_FAR']);
    expect(await why({ place: { region: 'us-east' } })).toEqual(['OTHER_PLACE']);
    await expect(ask({ resources: { cards: 9, seconds: 600 } })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      sentence: 'No node can ever hold the task: cards is 9, and the largest node that would do has 8.',
    });
    expect(await why({ resources: { classes: ['ABACUS'], cards: 1, seconds: 600 } })).toEqual([]);
    await expect(ask({ kind: 'mining' })).rejects.toMatchObject({ code: 'MALFORMED' });
  });

  test('a task that names its price hears what the auction has for less', async () => {
    const { db } = world;
    const free = `0x${'c'.repeat(64)}` as const;
    await world.addNode(free);
    world.setNow(NOW);
    await world.intake.acceptAsk(await signedAsk({ supply: free, cards: 4, validUntil: NOW + 3_600n }));
    const openAsks = createOpenAsks(db, 0n);
    const market: TaskMarket = {
      db,
      links: loadLinks(undefined),
      marketNodes: createMarketNodes(db, 0n),
      onOffer: (now) => openAsks(now + BigInt(SLOT_SECONDS)),
    };
    const resources = { classes: [CLASS], cards: 2, seconds: 600 };
    const ask = (change: object) =>
      taskAnswer(market, NOW, { version: 1, kind: 'inference', resources, toleranceSeconds: 900, ...change });
    expect(await ask({})).toMatchObject({ note: null });
    const enough = await ask({ maxPrice: '1.5' });
    expect(enough).toMatchObject({ note: null, terms: { startPrice: 1_500_000n } });
    expect((await ask({ maxPrice: '1.499999' })).note).toMatchObject({
      code: 'PRICE_TOO_LOW',
      sentence: `No ${CLASS} below 1.499999: the lowest ask is 1.5 per card-hour.`,
      reason: 'PRICE',
      counts: { NO_TIER: 1, PRICE: 0 },
    });
    const wide = await ask({ maxPrice: '9', resources: { ...resources, cards: 5 } });
    expect(wide).toMatchObject({ none: null, note: { reason: 'NO_CARDS' } });
    await db.ask.deleteMany();
    await db.node.delete({ where: { id: free } });
  });

  test('misses add up to what was wanted, where, how often and at what price', async () => {
    const { db } = world;
    const slot = NOW / BigInt(SLOT_SECONDS);
    const miss = (orderId: string, at: bigint, code: string, nearestReserve: string | null = null) =>
      db.orderOutcome.create({ data: { orderId, slot: at, code, detail: { counts: {}, nearestReserve } } });
    const region = regionId(REGION);
    const cheap = await order({ secondsAgo: 100, duration: 3_600, cards: 4, startPrice: '900000', region });
    await miss(cheap, slot - 9n, 'PRICE', '1200000');
    await miss(cheap, slot - 8n, 'PRICE', '1100000');
    const served = await order({ secondsAgo: 90, duration: 1_800, cards: 2, startPrice: '1000000', region });
    await miss(served, slot - 8n, 'PRICE', '1100000');
    await lease({ id: 9n, secondsAgo: 60, seconds: 1_800, slot: slot - 6n, sourceId: served, cards: 2 });
    const wide = await order({ secondsAgo: 50, duration: 3_600, cards: 64, validFor: 100 });
    await miss(wide, slot - 4n, 'NO_CARDS');
    await miss(wide, slot - 3n, 'FUNDS');
    await miss(await order({ secondsAgo: 3 * 86_400, duration: 60 }), slot - 3n * 8_640n, 'NO_CARDS');
    await db.slotMatch.create({
      data: {
        slot: slot - 6n,
        index: 0,
        orderId: served,
        askId: 'ask',
        step: 0,
        price: '1',
        shortlist: Buffer.from(writeShortlist([{ place: 0, distance: 20_000_000, entropyGap: 0 }])),
      },
    });

    const view = await missedOf(db, NOW, SLOT_SECONDS);
    expect(view.far).toMatchObject({ matches: 1, far: 1 });
    expect(view.missed).toEqual([
      expect.objectContaining({
        reason: 'NO_CARDS',
        what: CLASS,
        region: 'anywhere',
        orders: 1,
        consumersWaiting: 1,
        slots: 1,
        mostCards: 64,
        cardHours: 64,
        lowestReserve: null,
      }),
      expect.objectContaining({
        reason: 'PRICE',
        region: REGION,
        orders: 2,
        servedLater: 1,
        consumersWaiting: 0,
        slots: 3,
        cards: 6,
        cardHours: 5,
        offered: '950000',
        lowestReserve: '1100000',
        lastSlot: (slot - 8n).toString(),
      }),
    ]);
  });
});
