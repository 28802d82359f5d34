import { recoverAddress } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { receiptDigest } from '../../domain/eip712.ts';
import { keccakText, keccakWords, ZERO_HASH } from '../../domain/hash.ts';
import { classId } from '../../domain/names.ts';
import {
  CLASS,
  CONSUMER,
  DOMAIN,
  KEYS,
  NOW,
  refusalOf,
  rowsOf,
  SCHEDULER,
  setup,
  signedOrder,
  type World,
} from './fixture.ts';

let world: World;
beforeAll(async () => {
  world = await setup();
});
afterAll(async () => {
  await world.close();
});

const NOTHING = { orders: 0, asks: 0, listings: 0, workloads: 0, receipts: 0 };

test('order_refusedOnEveryBadInput_withItsCode_countedAndNothingKept', async () => {
  const { intake, db } = world;
  const good = await signedOrder();
  const bad: [string, unknown][] = [
    ['BAD_SIGNATURE', await signedOrder({}, KEYS.stranger)],
    ['BAD_SIGNATURE', { ...good, signature: highS(good.signature) }],
    ['BAD_SIGNATURE', { ...good, order: { ...good.order, cards: 2 } }],
    ['NO_CARDS', await signedOrder({ cards: 0 })],
    ['DURATION', await signedOrder({ duration: 59 })],
    ['DURATION', await signedOrder({ duration: 31_536_001 })],
    ['BAD_PRICE', await signedOrder({ startPrice: 0n })],
    ['EXPIRED', await signedOrder({ validUntil: NOW + 6n })],
    ['EXPIRED', await signedOrder({ latestStart: NOW + 66n })],
    ['UNKNOWN_CLASS', await signedOrder({ requirement: classId('ABACUS') })],
    ['UNKNOWN_REGION', await signedOrder({ region: classId('moon') })],
    ['INSUFFICIENT_BIDDING', await signedOrder({ startPrice: 980_392_158n })],
    ['WORKLOAD_MISMATCH', await signedOrder({ workload: keccakText('another') })],
    ['UNKNOWN_WORKLOAD', { ...good, workload: undefined }],
    ['MALFORMED', { ...good, workload: { command: [] } }],
    ['MALFORMED', { ...(await signedOrder({ taskCompute: 10_001 })) }],
    ['MALFORMED', { ...good, order: { ...good.order, cards: -1 } }],
    ['MALFORMED', { ...good, order: { ...good.order, startPrice: '0x10' } }],
    ['MALFORMED', { ...good, order: { ...good.order, startPrice: (2n ** 128n).toString() } }],
    ['MALFORMED', { ...good, order: { ...good.order, extra: 1 } }],
    ['MALFORMED', { ...good, signature: '0x12' }],
    ['MALFORMED', { ...good, classes: [classId(CLASS)] }],
    ['MALFORMED', null],
    ['MALFORMED', 'order'],
  ];
  for (const [code, input] of bad) await refusalOf(intake.acceptOrder(input), code as 'MALFORMED');

  expect(await rowsOf(world)).toEqual(NOTHING);
  const counts = await db.refusal.findMany({ where: { kind: 'order' } });
  expect(counts.reduce((sum, row) => sum + Number(row.count), 0)).toBe(bad.length);
  expect(counts.find((row) => row.code === 'MALFORMED')?.count).toBe(
    BigInt(bad.filter(([code]) => code === 'MALFORMED').length),
  );
});

test('order_refusalsSayTheNumbersAndTheFix', async () => {
  const { intake } = world;
  const funds = await refusalOf(
    intake.acceptOrder(await signedOrder({ cards: 1000 })),
    'INSUFFICIENT_BIDDING',
  );
  expect(funds.sentence).toBe('The order may cost 2040 with its fee; the bidding balance is 1000.');
  expect(funds.fix).toContain('1040');
  const unknown = await refusalOf(
    intake.acceptOrder(await signedOrder({ requirement: classId('ABACUS') })),
    'UNKNOWN_CLASS',
  );
  expect(unknown.fix).toBe(`Choose one of: ${CLASS}.`);
});

test('order_isStoredWithAReceiptThatTheKeySigned_andChainsPerSlot', async () => {
  const { intake, db } = world;
  const first = await intake.acceptOrder(await signedOrder());
  const second = await intake.acceptOrder(await signedOrder({ requirement: ZERO_HASH }));

  expect(first.receipt).toMatchObject({ scheduler: SCHEDULER, slot: 170_000_000n, seq: 0, item: first.id });
  expect(first.receipt.head).toBe(keccakWords(ZERO_HASH, first.id));
  expect(second.receipt).toMatchObject({ seq: 1, head: keccakWords(first.receipt.head, second.id) });
  const { signature, ...receipt } = second.receipt;
  const signer = await recoverAddress({ hash: receiptDigest(DOMAIN, receipt), signature });
  expect(signer.toLowerCase()).toBe(SCHEDULER);

  const row = await db.order.findUniqueOrThrow({ where: { id: first.id } });
  expect(row).toMatchObject({ consumer: CONSUMER, slot: 170_000_000n, validUntil: NOW + 3600n });
  expect(row.message).toMatchObject({ order: { startPrice: '2000000', cards: 1 }, classes: [] });
});

test('order_replayed_getsTheSameReceipt_evenAfterItsExpiry', async () => {
  const { intake, setNow } = world;
  const sent = await signedOrder();
  const before = await rowsOf(world);
  const first = await intake.acceptOrder(sent);
  setNow(NOW + 100_000n);
  const again = await intake.acceptOrder(
    JSON.parse(JSON.stringify(sent, (_k, v: unknown) => (typeof v === 'bigint' ? v.toString() : v))),
  );
  setNow(NOW);
  expect(again).toEqual(first);
  expect((await rowsOf(world)).orders).toBe(before.orders + 1);
});

test('order_withANonceOfAnotherMessage_orSpentOnChain_isRefused', async () => {
  const { intake, db } = world;
  const first = await signedOrder();
  await intake.acceptOrder(first);
  await refusalOf(
    intake.acceptOrder(await signedOrder({ nonce: first.order.nonce, cards: 2 })),
    'NONCE_USED',
  );
  await db.usedNonce.create({
    data: { kind: 'order', account: CONSUMER, nonce: '777777', blockNumber: 1n, blockHash: ZERO_HASH },
  });
  await refusalOf(intake.acceptOrder(await signedOrder({ nonce: 777_777n })), 'NONCE_USED');
});

test('order_severalClasses_oneOfThemKnown_isAccepted', async () => {
  const classes = [classId(CLASS), classId('ABACUS')].sort();
  const sent = await signedOrder({ requirement: keccakWords(...classes) });
  const { id } = await world.intake.acceptOrder({ ...sent, classes });
  expect((await world.db.order.findUniqueOrThrow({ where: { id } })).message).toMatchObject({ classes });
});

test('orders_sentAtOnce_getOneUnbrokenChain', async () => {
  const { intake, db, setNow } = world;
  setNow(NOW + 10n);
  const sent = await Promise.all(Array.from({ length: 12 }, () => signedOrder()));
  await Promise.all(sent.map((order) => intake.acceptOrder(order)));
  setNow(NOW);
  const rows = await db.receipt.findMany({ where: { slot: 170_000_001n }, orderBy: { seq: 'asc' } });
  expect(rows.map((row) => row.seq)).toEqual(sent.map((_, index) => index));
  let head = ZERO_HASH;
  for (const row of rows) {
    head = keccakWords(head, row.item as typeof head);
    expect(row.head).toBe(head);
  }
});

test('orders_ofABatch_areJudgedOneByOne', async () => {
  const { intake } = world;
  const one = await signedOrder();
  const answers = await intake.acceptOrders([
    one,
    await signedOrder({ cards: 0 }),
    one,
    await signedOrder({ nonce: one.order.nonce, cards: 3 }),
  ]);
  expect(answers.map((answer) => (answer.ok ? 'ok' : answer.refusal.code))).toEqual([
    'ok',
    'NO_CARDS',
    'ok',
    'NONCE_USED',
  ]);
  expect(answers[0]).toEqual(answers[2]);
});

/** The same signature written with the other s: recovery works, the contract refuses it. */
function highS(signature: string): string {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = (order - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0');
  return `${signature.slice(0, 66)}${s}${signature.endsWith('1b') ? '1c' : '1b'}`;
}
