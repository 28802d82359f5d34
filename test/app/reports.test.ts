import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeEntropyOf } from '../../app/server/reads/entropy.ts';
import { acceptReport } from '../../app/server/reports.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { reportDigest, type LeaseReport } from '../../domain/report.ts';
import type { Hex } from '../../domain/types.ts';
import { CONSUMER, DOMAIN, KEYS, NODE, NOW, PROVIDER, refusalOf, setup, type World } from './fixture.ts';

const LEASE = {
  id: 7n,
  consumer: CONSUMER,
  provider: PROVIDER,
  node: NODE,
  sourceId: ZERO_HASH,
  cards: 1,
  duration: 60n,
  start: NOW,
  end: NOW + 60n,
  rate: '1',
  locked: '1',
  paid: '0',
  fee: '0',
  refunded: '0',
  settledUntil: NOW,
  workload: ZERO_HASH,
  endReason: 'NONE' as const,
  settled: false,
  followsPage: true,
  blockNumber: 1n,
  blockHash: ZERO_HASH,
};

let world: World;
beforeAll(async () => {
  world = await setup();
  await world.db.lease.create({ data: LEASE });
});
afterAll(async () => {
  await world.close();
});

const REPORT: LeaseReport = {
  state: 'running',
  sandbox: 'bubblewrap',
  at: NOW.toString(),
  log: [{ seq: 0, text: 'hi\n' }],
};

async function signed(report: LeaseReport, leaseId = 7n, key: Hex = KEYS.provider) {
  const signature = await privateKeyToAccount(key).signMessage({
    message: { raw: reportDigest(DOMAIN, leaseId, report) },
  });
  return { ...report, signature };
}

test('report_keepsStateHeartbeatsAndEachPieceOfTheLogOnce', async () => {
  const { db } = world;
  await acceptReport(db, DOMAIN, 7n, await signed(REPORT));
  const log = [...(REPORT.log ?? []), { seq: 1, text: 'a\0b\n' }];
  await acceptReport(db, DOMAIN, 7n, await signed({ ...REPORT, at: `${NOW + 9n}` }));
  const exit = { ...REPORT, state: 'exited' as const, exitCode: 3, log, at: `${NOW + 40n}` };
  await acceptReport(db, DOMAIN, 7n, await signed(exit));
  expect(await db.leaseReport.findUnique({ where: { leaseId: 7n } })).toMatchObject({
    state: 'exited',
    exitCode: 3,
    heartbeats: 3,
    sandbox: 'bubblewrap',
    startedAt: NOW,
    endedAt: NOW + 40n,
  });
  const pieces = await db.leaseLog.findMany({ where: { leaseId: 7n }, orderBy: { seq: 'asc' } });
  expect(pieces.map((piece) => piece.text)).toEqual(['hi\n', 'ab\n']);
});

test('report_refusedForAnotherKeyLeaseOrShape_andCounted', async () => {
  const { db } = world;
  const before = await db.leaseReport.findUnique({ where: { leaseId: 7n } });
  const good = await signed(REPORT);
  await refusalOf(acceptReport(db, DOMAIN, 7n, await signed(REPORT, 7n, KEYS.stranger)), 'BAD_SIGNATURE');
  await refusalOf(acceptReport(db, DOMAIN, 7n, await signed(REPORT, 8n)), 'BAD_SIGNATURE');
  await refusalOf(acceptReport(db, DOMAIN, 7n, { ...good, state: 'failed' }), 'BAD_SIGNATURE');
  await refusalOf(acceptReport(db, DOMAIN, 9n, good), 'NOT_FOUND');
  await refusalOf(acceptReport(db, DOMAIN, 7n, { ...good, exitCode: 1000 }), 'MALFORMED');
  expect(await db.leaseReport.findUnique({ where: { leaseId: 7n } })).toEqual(before);
  const counts = await db.refusal.findMany({ where: { kind: 'report' }, orderBy: { code: 'asc' } });
  expect(counts.map((row) => [row.code, row.count])).toEqual([
    ['BAD_SIGNATURE', 3n],
    ['MALFORMED', 1n],
    ['NOT_FOUND', 1n],
  ]);
});

test('whatAgentsMeasure_isTheNodesHistoryOfRealUse_besideItsLeases', async () => {
  const { db } = world;
  const from = (NOW / 3_600n) * 3_600n;
  // Four of the node's eight cards for two hours and a half, from half past.
  const start = from + 1_800n;
  const terms = { ...LEASE, id: 8n, cards: 4, start, end: start + 9_000n, duration: 9_000n };
  await db.lease.create({ data: terms });
  const report = async (at: bigint, cpuMs: number): Promise<void> => {
    const used = { cpuMs, cpus: 2 };
    await acceptReport(db, DOMAIN, 8n, await signed({ ...REPORT, log: [], at: `${at}`, used }, 8n));
  };
  const now = from + 3n * 3_600n;
  expect((await nodeEntropyOf(db, now, NODE))?.measured).toBeNull();
  // Both processors busy for all of the half hour; then a quarter of them for an hour; then the agent began anew and counted ten minutes of both.
  await report(start + 900n, 1_800_000);
  await report(start + 1_799n, 3_600_000);
  await report(start + 5_000n, 5_400_000);
  await report(start + 5_399n, 5_400_000);
  await report(start + 8_000n, 1_200_000);
  const view = await nodeEntropyOf(db, now, NODE);
  // Card-seconds of 8 × 3,600 an hour: 4 × 1,800, 4 × 900 and 4 × 600.
  expect(view?.measured?.usedShares.slice(-3)).toEqual([0.25, 0.125, 0.0833]);
  expect(view?.measured?.bins).toEqual([24, 0, 0, 0]);
  // What it held is more: two of the hours are half of the node.
  expect(view?.usedShares.slice(-2)).toEqual([0.5, 0.5]);
  expect(view?.bins).toEqual([22, 2, 0, 0]);

  const bad = await signed({ ...REPORT, used: { cpuMs: -1, cpus: 1 } }, 8n);
  await refusalOf(acceptReport(db, DOMAIN, 8n, bad), 'MALFORMED');
  const good = await signed({ ...REPORT, used: { cpuMs: 1, cpus: 1 } }, 8n);
  const forged = { ...good, used: { cpuMs: 2, cpus: 1 } };
  await refusalOf(acceptReport(db, DOMAIN, 8n, forged), 'BAD_SIGNATURE');
});
