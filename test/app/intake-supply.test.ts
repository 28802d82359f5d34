import { afterEach, beforeEach, expect, test } from 'vitest';
import { ZERO_HASH } from '../../domain/hash.ts';
import { classId, regionId } from '../../domain/names.ts';
import type { Hex } from '../../domain/types.ts';
import {
  CONSUMER,
  KEYS,
  NODE,
  NOW,
  PROVIDER,
  refusalOf,
  rowsOf,
  setup,
  signedAsk,
  signedListing,
  type World,
} from './fixture.ts';

let world: World;
beforeEach(async () => {
  world = await setup();
});
afterEach(async () => {
  await world.close();
});

const mirrored = { blockNumber: 1n, blockHash: ZERO_HASH };
const OTHER: Hex = `0x${'b'.repeat(64)}`;

test('askAndListing_refusedOnEveryBadInput_withItsCode_countedAndNothingKept', async () => {
  const { intake, db, addNode } = world;
  const stranger: Hex = `0x${'5'.repeat(40)}`;
  await db.provider.create({
    data: { address: stranger, payout: stranger, signer: stranger, metadata: '', stake: '1', ...mirrored },
  });
  await addNode(OTHER, { provider: stranger });
  const asks: [string, unknown][] = [
    ['BAD_SIGNATURE', await signedAsk({}, KEYS.stranger)],
    ['NOT_SELLING', await signedAsk({ provider: CONSUMER }, KEYS.consumer)],
    ['BAD_PRICE', await signedAsk({ reservePrice: 0n })],
    ['NO_CARDS', await signedAsk({ cards: 0 })],
    ['TOO_MANY_CARDS', await signedAsk({ cards: 9 })],
    ['NOT_NODE_OWNER', await signedAsk({ supply: OTHER })],
    ['UNKNOWN_NODE', await signedAsk({ supply: ZERO_HASH })],
    ['OLD_EPOCH', await signedAsk({ nodeEpoch: 1 })],
    ['UNKNOWN_CLASS', await signedAsk({ resourceClass: classId('ABACUS') })],
    ['UNKNOWN_REGION', await signedAsk({ region: regionId('moon') })],
    ['EXPIRED', await signedAsk({ validUntil: NOW })],
    ['EXPIRED', await signedAsk({ validFrom: NOW + 9n, validUntil: NOW + 8n })],
    ['UNSUPPORTED', await signedAsk({ supplyKind: 1 })],
    ['MALFORMED', { ask: { provider: PROVIDER } }],
  ];
  const listings: [string, unknown][] = [
    ['BAD_SIGNATURE', await signedListing({}, KEYS.stranger)],
    ['BAD_PRICE', await signedListing({ pricePerCardHour: 0n })],
    ['TOO_MANY_CARDS', await signedListing({ cards: 9 })],
    ['MALFORMED', {}],
  ];
  for (const [code, input] of asks) await refusalOf(intake.acceptAsk(input), code as 'MALFORMED');
  for (const [code, input] of listings) await refusalOf(intake.acceptListing(input), code as 'MALFORMED');
  await db.provider.update({ where: { address: PROVIDER }, data: { exitAt: NOW + 1n } });
  await refusalOf(intake.acceptAsk(await signedAsk()), 'NOT_SELLING');

  expect(await rowsOf(world)).toEqual({ orders: 0, asks: 0, listings: 0, workloads: 0, receipts: 0 });
  const counts = await db.refusal.groupBy({ by: ['kind'], _sum: { count: true } });
  const sums = Object.fromEntries(counts.map((row) => [row.kind, Number(row._sum.count)]));
  expect(sums).toEqual({ ask: asks.length + 1, listing: listings.length });
});

test('capacity_asksListingsAndLeasesShareTheNode', async () => {
  const { intake, db } = world;
  const first = await intake.acceptAsk(await signedAsk({ cards: 3 }));
  await intake.acceptListing(await signedListing({ cards: 3 }));
  const refusal = await refusalOf(intake.acceptAsk(await signedAsk({ cards: 3 })), 'TOO_MANY_CARDS');
  expect(refusal.sentence).toContain('the node has 8, of which 6 are running or already offered');
  await intake.acceptAsk(await signedAsk({ cards: 2 }));
  await refusalOf(intake.acceptListing(await signedListing({ cards: 1 })), 'TOO_MANY_CARDS');

  // Two cards of the first ask are sold: they run now instead of being offered, and nothing is free.
  await db.fill.create({ data: { id: first.id, filled: 2, ...mirrored } });
  await db.lease.create({ data: lease({ id: 1n, cards: 2, end: NOW + 50n, sourceId: first.id }) });
  await refusalOf(intake.acceptAsk(await signedAsk({ cards: 1 })), 'TOO_MANY_CARDS');

  // The lease is over: its two cards can be offered anew, and no more than them.
  world.setNow(NOW + 50n);
  await refusalOf(intake.acceptAsk(await signedAsk({ cards: 3 })), 'TOO_MANY_CARDS');
  await intake.acceptAsk(await signedAsk({ cards: 2 }));
});

test('capacity_cancelledAndOldEpochOffersFreeTheirCards_expiredOnesAfterTheDeadline', async () => {
  const { intake, db, setNow } = world;
  const cancelled = await signedAsk({ cards: 8 });
  await intake.acceptAsk(cancelled);
  await db.usedNonce.create({
    data: { kind: 'ask', account: PROVIDER, nonce: cancelled.ask.nonce.toString(), ...mirrored },
  });
  await intake.acceptAsk(await signedAsk({ cards: 8 }));
  await db.node.update({ where: { id: NODE }, data: { epoch: 1 } });
  await intake.acceptAsk(await signedAsk({ cards: 8, nodeEpoch: 1, validUntil: NOW + 100n }));
  setNow(NOW + 170n);
  await refusalOf(intake.acceptAsk(await signedAsk({ cards: 1, nodeEpoch: 1 })), 'TOO_MANY_CARDS');
  setNow(NOW + 171n);
  await intake.acceptAsk(await signedAsk({ cards: 8, nodeEpoch: 1 }));
});

test('capacity_holdsAgainstOffersSentAtOnce', async () => {
  const { intake } = world;
  const sent = await Promise.all(Array.from({ length: 6 }, () => signedAsk({ cards: 3 })));
  const results = await Promise.allSettled(sent.map((ask) => intake.acceptAsk(ask)));
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(2);
});

test('ask_replayed_getsTheSameReceipt_andTakesNoMoreCards', async () => {
  const { intake } = world;
  const sent = await signedAsk({ cards: 8 });
  const first = await intake.acceptAsk(sent);
  expect(await intake.acceptAsk(sent)).toEqual(first);
  await refusalOf(intake.acceptAsk(await signedAsk({ nonce: sent.ask.nonce, cards: 1 })), 'NONCE_USED');
  expect(await rowsOf(world)).toMatchObject({ asks: 1, receipts: 1 });
});

test('asks_ofABatch_shareTheNodeToo', async () => {
  const batch = await Promise.all([5, 5, 3].map((cards) => signedAsk({ cards })));
  const answers = await world.intake.acceptAsks(batch);
  expect(answers.map((answer) => (answer.ok ? answer.value.receipt.seq : answer.refusal.code))).toEqual([
    0,
    'TOO_MANY_CARDS',
    1,
  ]);
});

test('workload_isStoredUnderItsHash_once', async () => {
  const { intake } = world;
  const first = await intake.putWorkload({ command: ['true'], env: { B: '2', A: '1' } });
  expect(await intake.putWorkload({ env: { A: '1', B: '2' }, command: ['true'] })).toEqual(first);
  await refusalOf(intake.putWorkload({ command: [] }), 'MALFORMED');
  expect(await rowsOf(world)).toMatchObject({ workloads: 1 });
});

function lease(change: { id: bigint; cards: number; end: bigint; sourceId: string }) {
  return {
    consumer: CONSUMER,
    provider: PROVIDER,
    node: NODE,
    duration: 60n,
    start: NOW - 10n,
    rate: '1',
    locked: '1',
    paid: '0',
    fee: '0',
    refunded: '0',
    settledUntil: 0n,
    workload: ZERO_HASH,
    endReason: 'NONE',
    settled: false,
    followsPage: true,
    ...mirrored,
    ...change,
  };
}
