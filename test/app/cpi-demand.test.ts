import { afterAll, beforeAll, expect, test } from 'vitest';
import { workloadDemandOf } from '../../app/server/cpi/demand.ts';
import { expectedRuns } from '../../app/server/quotes/expected.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { canonicalWorkload, workloadHash, type Workload } from '../../domain/workload.ts';
import { CLASS, CONSUMER, NODE, NOW, PROVIDER, refusalOf, setup, type World } from './fixture.ts';

const TASK: Workload = { command: ['train', 'resnet'] };
const OTHER: Workload = { command: ['train', 'resnet', 'twice'] };

let world: World;
beforeAll(async () => {
  world = await setup();
  const { db } = world;
  let id = 0n;
  const ran = async (workload: Workload, cards: number, seconds: bigint, exitCode = 0): Promise<void> => {
    id += 1n;
    const hash = workloadHash(workload);
    await db.workload.upsert({
      where: { hash },
      create: { hash, body: canonicalWorkload(workload) },
      update: {},
    });
    await db.lease.create({
      data: {
        id,
        consumer: CONSUMER,
        provider: PROVIDER,
        node: NODE,
        sourceId: ZERO_HASH,
        cards,
        duration: 3_600n,
        start: NOW,
        end: NOW + 3_600n,
        rate: '1',
        locked: '1',
        paid: '0',
        fee: '0',
        refunded: '0',
        settledUntil: NOW,
        workload: hash,
        endReason: 'NONE',
        settled: false,
        followsPage: true,
        blockNumber: 1n,
        blockHash: ZERO_HASH,
      },
    });
    await db.leaseReport.create({
      data: {
        leaseId: id,
        state: 'exited',
        exitCode,
        heartbeats: 2,
        lastBeatAt: new Date(0),
        sandbox: 'bubblewrap',
        startedAt: NOW,
        endedAt: NOW + seconds,
      },
    });
  };
  // 20 s, and 989 · 10^6 GFLOP of work on cards of 989,000 GFLOPS.
  for (const [cards, seed] of [
    [1, '1'],
    [2, '2'],
    [4, '3'],
    [8, '4'],
  ] as const)
    await ran({ ...TASK, env: { SEED: seed } }, cards, 20n + 1_000n / BigInt(cards));
  await ran(TASK, 5, 220n);
  await ran(TASK, 8, 3n, 1);
  await ran(OTHER, 1, 7n);
});
afterAll(() => world.close());

const asked = (query: Record<string, string>) => workloadDemandOf(world.db, new URLSearchParams(query));

test('demand_isFittedFromTheRunsOfACommand_whateverItsEnvironment', async () => {
  const view = await asked({ workload: workloadHash(TASK), class: CLASS, cards: '10' });
  expect(view.runs).toBe(5);
  expect(view.model?.overheadSeconds).toBeCloseTo(20, 3);
  expect(view.model?.workGflop).toBeCloseTo(989e6, -3);
  expect(view.expected?.seconds).toBeCloseTo(120, 3);
  expect((await asked({ workload: workloadHash(TASK), class: 'unknown' })).expected).toBeNull();
});

test('demand_hasNoModel_beforeFourRuns', async () => {
  expect(await asked({ workload: workloadHash(OTHER), class: CLASS })).toEqual({
    runs: 1,
    needed: 4,
    model: null,
    expected: null,
  });
  await refusalOf(asked({ workload: ZERO_HASH }), 'NOT_FOUND');
  await refusalOf(asked({ workload: workloadHash(OTHER), cards: '0' }), 'MALFORMED');
});

test('aQuote_saysHowLongTheWorkTakes_fromRunsOfItsCommand_elseOfItsKind', async () => {
  const terms = { classNames: [CLASS, 'unknown'], cards: 10, pricePerCardHour: 3_600_000n, feeBps: 100 };
  const quoted = (workload: Workload, duration: number) =>
    expectedRuns(world.db, { ...terms, workload: workloadHash(workload), duration });
  const [own, ...more] = await quoted(TASK, 3_600);
  expect(more).toEqual([]);
  // Exact runs leave an interval without width.
  expect(own).toMatchObject({ from: 'command', kind: 'rendering', runs: 5, className: CLASS, fits: true });
  expect([own!.low, own!.seconds, own!.high]).toEqual([120, 120, 120]);
  // 120 s on ten cards at 1 a card-second's thousandth: 1.2 tokens and a hundredth; the fit's last bits may cost a second more.
  expect([1_212_000n, 1_222_100n]).toContain(own!.cost);
  expect((await quoted(TASK, 60))[0]).toMatchObject({ fits: false });

  const [kin] = await quoted(OTHER, 3_600);
  expect(kin).toMatchObject({ from: 'kind', kind: 'rendering', runs: 6 });
  expect(kin!.high).toBeGreaterThan(kin!.seconds);
  expect(kin!.highCost).toBeGreaterThan(kin!.cost);
  // Nobody ran a task of another kind.
  expect(await quoted(OTHER, 30)).toEqual([]);
});
