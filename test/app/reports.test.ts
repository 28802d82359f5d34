import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptReport } from '../../app/server/reports.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { reportDigest, type LeaseReport } from '../../domain/report.ts';
import type { Hex } from '../../domain/types.ts';
import { CONSUMER, DOMAIN, KEYS, NODE, NOW, PROVIDER, refusalOf, setup, type World } from './fixture.ts';

let world: World;
beforeAll(async () => {
  world = await setup();
  await world.db.lease.create({
    data: {
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
      endReason: 'NONE',
      settled: false,
      followsPage: true,
      blockNumber: 1n,
      blockHash: ZERO_HASH,
    },
  });
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
