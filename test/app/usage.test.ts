import { afterAll, beforeAll, expect, test } from 'vitest';
import { usageOf } from '../../app/server/cpi/usage.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import type { Hex } from '../../domain/types.ts';
import { CONSUMER, PROVIDER, refusalOf, setup, type World } from './fixture.ts';

const DAY = 86_400n;
const FROM = 19_000n * DAY;
const REF = { blockNumber: 1n, blockHash: ZERO_HASH };

let world: World;
beforeAll(async () => {
  world = await setup({ cards: 8 });
  const { db } = world;
  let id = 0n;
  const nodeWith = async (digit: string, chip: string, region: string): Promise<Hex> => {
    const node: Hex = `0x${digit.repeat(64)}`;
    await world.addNode(node);
    const more = {
      enterprise: 'e',
      industry: '6450',
      city: '',
      resourceType: 'GPU',
      serviceType: '',
      grade: '',
    };
    await db.identifier.create({
      data: { node, text: node, provider: PROVIDER, region, chip, ...more, ...REF },
    });
    return node;
  };
  const lease = async (node: Hex, cards: number, start: bigint, end: bigint): Promise<void> => {
    id += 1n;
    await db.lease.create({
      data: {
        id,
        consumer: CONSUMER,
        provider: PROVIDER,
        node,
        sourceId: ZERO_HASH,
        cards,
        duration: end - start,
        start,
        end,
        rate: '1',
        locked: '1',
        paid: '0',
        fee: '0',
        refunded: '0',
        settledUntil: start,
        workload: ZERO_HASH,
        endReason: 'NONE',
        settled: true,
        followsPage: true,
        ...REF,
      },
    });
  };
  const h100 = await nodeWith('1', 'H100SXM', 'CN-31');
  const ascend = await nodeWith('2', 'ASCEND910B', 'CN-31');
  const unknown = await nodeWith('3', 'NOBODY1', 'NL');
  // Day one: 4 cards for an hour, and 8 for half of it; day two: 2 cards all day.
  await lease(h100, 4, FROM + 3_600n, FROM + 7_200n);
  await lease(h100, 4, FROM + 5_400n, FROM + 7_200n);
  await lease(h100, 2, FROM + DAY, FROM + 3n * DAY);
  await lease(ascend, 8, FROM, FROM + 3_600n);
  await lease(unknown, 1, FROM, FROM + 7_200n);
});
afterAll(() => world.close());

const asked = (query: Record<string, string>) =>
  usageOf(world.db, new URLSearchParams({ from: `${FROM}`, to: `${FROM + 2n * DAY}`, ...query }));

test('usage_countsHoursPeaksAndBursts_byChip', async () => {
  const { rows, capacity } = await asked({});
  expect(rows).toEqual([
    {
      key: 'H100SXM',
      cardHours: 54,
      referenceCardHours: 54,
      peakCards: 8,
      peakAt: `${FROM + 5_400n}`,
      burst: 7.11,
    },
    // By the lower of two conflicting rates: 280 of 989.
    { key: 'ASCEND910B', cardHours: 8, referenceCardHours: 2.26, peakCards: 8, peakAt: `${FROM}`, burst: 48 },
    { key: 'NOBODY1', cardHours: 2, referenceCardHours: null, peakCards: 1, peakAt: `${FROM}`, burst: 24 },
  ]);
  const tera = 10n ** 12n;
  // Eq. (1): 8 cards of 989 TFLOPS; peaks of 8 and 2 cards on two days make 5 on average.
  expect(capacity['parallel']).toEqual({
    sum: `${8n * 989n * tera}`,
    redundant: `${-3n * 989n * tera}`,
    total: `${5n * 989n * tera}`,
  });
  expect(capacity['neural']).toMatchObject({ sum: `${8n * 280n * tera}`, redundant: '0' });
  expect(capacity['logical']).toEqual({ sum: '0', redundant: '0', total: '0' });
});

test('usage_isNormalisedAcrossCards_andNotWhereOneIsUnknown', async () => {
  const { rows } = await asked({ by: 'region' });
  expect(rows.map(({ key, cardHours, referenceCardHours }) => [key, cardHours, referenceCardHours])).toEqual([
    ['CN-31', 62, 56.26],
    ['NL', 2, null],
  ]);
  await refusalOf(asked({ from: '5', to: '5' }), 'MALFORMED');
  await refusalOf(asked({ by: 'colour' }), 'MALFORMED');
});
