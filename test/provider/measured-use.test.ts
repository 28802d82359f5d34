import { afterEach, expect, it } from 'vitest';
import { nodeEntropyOf } from '../../app/server/reads/entropy.ts';
import { acceptReport } from '../../app/server/reports.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { classId } from '../../domain/names.ts';
import type { LeaseReport } from '../../domain/report.ts';
import type { Hex } from '../../domain/types.ts';
import { cpusOf } from '../../provider/lease/used.ts';
import { openDatabase } from '../../prisma/client.ts';
import { testDatabase } from '../support/postgres.ts';
import { setup, shell, until, type Setup } from './setup.ts';

const HOUR = 3_600n;
const CARDS = 4;
const NODE_CARDS = 8;

const open: Setup[] = [];

afterEach(async () => {
  for (const test of open.splice(0)) await test.teardown();
});

it('reaches the history of the node from the sandbox, in signed reports', async () => {
  const test = await setup();
  open.push(test);
  const { now, domain, provider, node } = test;
  // All of it falls into one hour of the chain's clock.
  await test.pass(Number(HOUR - ((await now()) % HOUR)) + 10);
  await test.startAgent();
  await until(
    () => [...test.gateway.listings.values()].some(({ listing }) => listing.cards >= CARDS),
    'a listing',
  );
  const lease = await test.buy(shell('while :; do :; done & while :; do :; done'), CARDS, 600);
  const busy = () => {
    const used = test.gateway.lastOf(lease)?.used;
    return used !== undefined && used.cpuMs >= 3_000 * used.cpus;
  };
  await until(busy, 'a report of three seconds of its processors', 120);

  const database = await testDatabase();
  const db = openDatabase(database.url, 2);
  const at = await now();
  await putLease(db, provider.address.toLowerCase() as Hex, node, lease, at);
  const reports = test.gateway.reports.filter(({ leaseId }) => leaseId === lease.toString());
  for (const { report, signature } of reports)
    await acceptReport(db, domain, lease, { ...report, signature });

  const { cpuMs, cpus } = (reports.at(-1)?.report as Required<LeaseReport>).used;
  expect(reports.map(({ report }) => report.used?.cpuMs ?? 0)).toEqual(
    reports.map(({ report }) => report.used?.cpuMs ?? 0).toSorted((a, b) => a - b),
  );
  const seconds = CARDS * Math.floor(cpuMs / (1_000 * cpus));
  const share = Math.round((seconds / (NODE_CARDS * 3_600)) * 10_000) / 10_000;
  expect(share).toBeGreaterThan(0);
  const view = await nodeEntropyOf(db, at + HOUR, node);
  expect(view?.measured?.usedShares.at(-1)).toBe(share);
  await db.$disconnect();
  await database.drop();
});

it('counts the processors that come with cards, or none where the pool does not say', () => {
  const ofPool = (cores: number | undefined, count: number) => ({
    cards: count === 0 ? [] : [{ class: 'A', count, free: 0 }],
    ...(cores === undefined ? {} : { cores }),
  });
  const lease = { className: 'A', cards: 2, nodeCards: 8 };
  expect(cpusOf(ofPool(64, 0), lease)).toBe(16);
  expect(cpusOf(ofPool(64, 32), lease)).toBe(4);
  expect(cpusOf(ofPool(2, 8), { ...lease, cards: 1 })).toBe(1);
  expect(cpusOf(ofPool(undefined, 8), lease)).toBeUndefined();
  expect(cpusOf(null, lease)).toBeUndefined();
});

/** What the indexer writes of the provider, its node, and a lease that holds it up to `at`. */
async function putLease(
  db: ReturnType<typeof openDatabase>,
  provider: Hex,
  node: Hex,
  id: bigint,
  at: bigint,
): Promise<void> {
  const mirrored = { blockNumber: 1n, blockHash: ZERO_HASH };
  const stake = { stake: '0', metadata: '', payout: provider, signer: provider };
  await db.provider.create({ data: { address: provider, ...stake, ...mirrored } });
  const [className, region] = ['H100-SXM-80G', 'cn-310000'];
  const size = { cards: NODE_CARDS, networkMbps: 1_000n, storageGb: 1_000n, epoch: 0 };
  const text = { x: 'x', y: 'y', z: 'z', className, resourceClass: classId(className), region };
  await db.node.create({ data: { id: node, provider, ...text, ...size, ...mirrored } });
  const money = { rate: '1', locked: '1', paid: '0', fee: '0', refunded: '0' };
  const start = at - 600n;
  const time = { start, end: at, duration: 600n, settledUntil: start };
  const rest = { sourceId: ZERO_HASH, workload: ZERO_HASH, endReason: 'NONE' as const, settled: false };
  const who = { consumer: provider, provider, node, cards: CARDS };
  await db.lease.create({ data: { id, ...who, ...time, ...money, ...rest, followsPage: true, ...mirrored } });
}
