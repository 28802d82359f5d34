import { describe, expect, test } from 'vitest';
import { decided, requestOf, runningOf } from '../../bench/dcat/request.ts';
import { drawTasks, takeTasks } from '../../domain/dcat/arrivals.ts';
import { kMeans, randomClustering } from '../../domain/dcat/baselines.ts';
import { incentivesOf, UNITS } from '../../domain/dcat/incentive.ts';
import { membersHash } from '../../domain/clusters.ts';
import {
  admissiblePairs,
  clustersOf,
  isAdmissible,
  partitionOf,
  singles,
} from '../../domain/dcat/partition.ts';
import { CALIBRATED, type Settings } from '../../domain/dcat/settings.ts';
import { simulate } from '../../domain/dcat/simulate.ts';
import { drawWorld } from '../../domain/dcat/world.ts';
import { affordable } from '../../scheduler/cluster/afford.ts';
import { decideClusters } from '../../scheduler/cluster/decide.ts';
import { splitRegions } from '../../scheduler/cluster/regions.ts';
import type { ClusterDecision } from '../../scheduler/cluster/request.ts';

describe('a decision', () => {
  test('keeps R_max, the bound on size, and every server in one place', () => {
    const { world, request } = setup({ servers: 30, mostMembers: 4 });
    const decision = decideClusters(request, ticking());
    const pairs = admissiblePairs(world);
    const partition = decided(world, decision);
    for (const members of clustersOf(partition)) {
      expect(members.length).toBeLessThanOrEqual(4);
      expect(isAdmissible(pairs, 30, members)).toBe(true);
    }
    expect(idsOf(decision)).toEqual(request.servers.map(({ id }) => id));
  });

  test('earns at least what k-means, a running clustering and servers alone earn on the tasks that it was asked about', () => {
    const { world, tasks, request } = setup({ servers: 24 });
    const start = kMeans(world, 6, 1);
    const decision = decideClusters({ ...request, running: runningOf(start) }, ticking());
    expect(decision.profit).toBeGreaterThan(decision.profitAlone);
    expect(decision.profit).toBeGreaterThanOrEqual(simulate(world, tasks, start, 'rea').profit);
    expect(decision.profit).toBeCloseTo(simulate(world, tasks, decided(world, decision), 'rea').profit, 4);
  });

  test('is the same for the same input and clock', () => {
    const { request } = setup({});
    const { milliseconds: _, ...first } = decideClusters(request, ticking());
    const { milliseconds: __, ...second } = decideClusters(request, ticking());
    expect(first).toEqual(second);
  });

  test('leaves leased clusters as they are, even beyond R_max', () => {
    const { world, request } = setup({ servers: 20, reach: 150 });
    const labels = Int32Array.from(singles(20), (i) => (i < 3 ? 0 : i));
    const decision = decideClusters({ ...request, running: runningOf(partitionOf(labels), true) }, ticking());
    const leased = decision.clusters.find(({ members }) =>
      members.some(({ id }) => id === request.servers[0]!.id),
    );
    expect(leased?.members.map(({ id }) => id)).toEqual(request.servers.slice(0, 3).map(({ id }) => id));
    expect(leased?.kept).toBe(true);
    expect(decided(world, decision)).toHaveLength(20);
  });

  test('changes nothing that runs when a change costs more than it earns', () => {
    const { world, request } = setup({ servers: 24 });
    const good = decideClusters(request, ticking());
    const running = good.clusters.map(({ members }) => ({
      members: members.map(({ id }) => id),
      leased: false,
    }));
    const dear = decideClusters({ ...request, running, changeShare: 1 }, ticking());
    expect(dear.clusters.every(({ kept }) => kept)).toBe(true);
    expect(decided(world, dear)).toEqual(decided(world, good));
  });

  test('takes a better proposal, and no proposal that breaks R_max', () => {
    const { request } = setup({ servers: 20 });
    const good = decideClusters(request, ticking(1e6));
    const labels = request.servers.map(({ id }) =>
      good.clusters.findIndex(({ members }) => members.some((member) => member.id === id)),
    );
    const apart = labels.map((label, i) => (label < 0 ? 100 + i : label));
    const quick = { ...request, budgetMs: 1e-9 };
    const withProposal = decideClusters({ ...quick, proposals: [apart] }, ticking(1e-12));
    const none = decideClusters(quick, ticking(1e-12));
    expect(withProposal.profit).toBeGreaterThanOrEqual(good.profit * 0.999);
    const together = decideClusters(
      { ...quick, settings: { ...request.settings, reach: 1 }, proposals: [labels.map(() => 0)] },
      ticking(1e-12),
    );
    expect(together.clusters).toEqual([]);
    expect(none.profit).toBeGreaterThan(0);
  });

  test('says what every member may expect, and what makes it whole out of what clusters bring', () => {
    const { world, tasks, request } = setup({ servers: 24 });
    const decision = decideClusters(request, ticking());
    const { stakes } = incentivesOf(world, tasks, decided(world, decision));
    const said = decision.clusters.flatMap(({ members, stakes: own }) => {
      expect(own.map(({ id }) => id)).toEqual(members.map(({ id }) => id));
      return own;
    });
    expect(
      said
        .map(({ id, ...rest }) => ({ server: Number(id.slice(1)), ...rest }))
        .sort((a, b) => a.server - b.server),
    ).toEqual(stakes);
    expect(decision.compensation).toBe(said.reduce((sum, { compensation }) => sum + compensation, 0));
    expect(decision.compensation).toBeLessThanOrEqual((decision.profit - decision.profitAlone) * UNITS + 1);
  });

  test('a cluster that owes more than clusters bring falls apart, unless it is leased', () => {
    let fell = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { world, tasks } = setup({ servers: 8, side: 300 });
      const wanted = randomClustering(world, seed);
      const before = incentivesOf(world, tasks, wanted);
      const { partition, incentives } = affordable(world, tasks, wanted, new Uint8Array(8));
      expect(incentives.owed === 0 || incentives.owed <= incentives.gain).toBe(true);
      expect(affordable(world, tasks, wanted, new Uint8Array(8).fill(1)).partition).toEqual(wanted);
      if (before.owed > 0 && before.owed > before.gain) fell++;
      else expect(partition).toEqual(wanted);
    }
    expect(fell).toBeGreaterThan(0);
  });

  test('hands over what Clusters.form needs: members by ascending id, with their powers', () => {
    const { request } = setup({ servers: 20 });
    const { clusters } = decideClusters(request, ticking());
    const members = clusters[0]!.members;
    expect(members.map(({ id }) => id)).toEqual(members.map(({ id }) => id).toSorted());
    const hash = membersHash(
      members.map(({ id, power }) => ({
        node: `0x${id.slice(1).padStart(64, '0')}`,
        power: BigInt(Math.round(power)),
      })),
    );
    expect(hash).toMatch(/^0x[0-9a-f]{64}$/);
  });

  test('by regions covers every server once and keeps R_max', () => {
    const { world, request } = setup({ servers: 150, arrivals: 110, side: 2000 });
    const decision = decideClusters({ ...request, budgetMs: 4000 }, ticking());
    expect(decision.regions).toBeGreaterThan(1);
    expect(idsOf(decision)).toEqual(request.servers.map(({ id }) => id));
    const pairs = admissiblePairs(world);
    for (const members of clustersOf(decided(world, decision)))
      expect(isAdmissible(pairs, 150, members)).toBe(true);
    expect(decision.profit).toBeGreaterThan(decision.profitAlone);
  });

  test('regions are about as large as asked, and near', () => {
    const regions = splitRegions(1000, 50, (a, b) => Math.abs(a - b));
    expect(regions.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    for (const region of regions) expect(region.length).toBeLessThanOrEqual(63);
  });
});

describe('bad input ends in a note, and every server bids alone', () => {
  test.each<[string, Partial<Settings> & { budgetMs?: number }, string]>([
    ['no servers', { servers: 0 }, 'NO_SERVERS'],
    ['one server', { servers: 1 }, 'ONE_SERVER'],
    ['all beyond R_max', { reach: 0 }, 'ALL_APART'],
    ['no tasks', { arrivals: 0 }, 'NO_TASKS'],
    ['no time', { budgetMs: 0 }, 'NO_TIME'],
  ])('%s', (_, { budgetMs = 100, ...settings }, code) => {
    const { request } = setup(settings);
    const decision = decideClusters({ ...request, budgetMs }, ticking());
    expect(decision.notes.map((note) => note.code)).toEqual([code]);
    expect(decision.notes[0]!.sentence).toMatch(/^[A-Z].*\.$/);
    expect(decision.clusters).toEqual([]);
    expect(decision.alone).toHaveLength(request.servers.length);
  });

  test('servers without a power, twice there, or nowhere', () => {
    const { request } = setup({ servers: 12 });
    const [first, ...rest] = request.servers;
    const servers = [
      { ...first!, power: NaN },
      ...rest.slice(0, -2),
      { ...rest.at(-2)!, id: rest[0]!.id },
      rest.at(-1)!,
    ];
    const distance = (a: number, b: number): number => (a === 11 || b === 11 ? NaN : request.distance(a, b));
    const decision = decideClusters({ ...request, servers, distance }, ticking());
    expect(decision.notes.map(({ code }) => code)).toEqual(['BAD_SERVER', 'BAD_SERVER']);
    expect(decision.alone).toContain(first!.id);
    expect(decision.alone).toContain(servers[11]!.id);
  });

  test('running clusters that no longer can be', () => {
    const { request } = setup({ servers: 12, reach: 150 });
    const id = (i: number): string => request.servers[i]!.id;
    const farthest = request.servers.findIndex((_, i) => request.distance(0, i) > 150);
    const running = [
      { members: [id(0), id(farthest)], leased: false },
      { members: [id(1), 'gone'], leased: false },
      { members: [id(2), id(2)], leased: true },
    ];
    const { notes } = decideClusters({ ...request, running }, ticking());
    expect(notes.map(({ code }) => code)).toEqual(['BAD_RUNNING', 'BAD_RUNNING', 'BAD_RUNNING']);
  });

  test('a region without tasks stays as it is', () => {
    const { request } = setup({ servers: 130, arrivals: 100, side: 2000 });
    const tasks = takeTasks(request.tasks, [0]);
    const decision = decideClusters({ ...request, tasks, budgetMs: 300 }, ticking());
    expect(decision.regions).toBeLessThanOrEqual(1);
    expect(idsOf(decision)).toHaveLength(130);
  });
});

function setup({ mostMembers, ...own }: Partial<Settings> & { mostMembers?: number }): {
  world: ReturnType<typeof drawWorld>;
  tasks: ReturnType<typeof drawTasks>;
  request: ReturnType<typeof requestOf>;
} {
  const world = drawWorld({ ...CALIBRATED, slotsPerCycle: 12, ...own }, 3);
  const tasks = drawTasks(world, 3, 0);
  return { world, tasks, request: requestOf(world, tasks, { budgetMs: 400, seed: 1, mostMembers }) };
}

/** A clock that goes on by a millisecond, or as told, whenever it is read. */
function ticking(step = 1): () => number {
  let time = 0;
  return () => (time += step);
}

function idsOf({ clusters, alone }: ClusterDecision): string[] {
  return [...clusters.flatMap(({ members }) => members.map(({ id }) => id)), ...alone].sort();
}
