/** The clustering policy: constraints by construction, any number of servers, files that are refused, trainings that stop and go on. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';
import { drawTasks, takeTasks } from '../../domain/dcat/arrivals.ts';
import { clustersOf, singles, type Partition } from '../../domain/dcat/partition.ts';
import { stream } from '../../domain/dcat/random.ts';
import { Refusal } from '../../domain/refusal.ts';
import { seedIn, TEST_SEEDS, TRAINING_SEEDS } from '../../domain/dcat/seeds.ts';
import { PAPER, type Settings } from '../../domain/dcat/settings.ts';
import { drawWorld, type World } from '../../domain/dcat/world.ts';
import { branch, createAgent, greedy, sample } from '../../scheduler/cluster/policy/agent.ts';
import { expectedDemand, type Demand } from '../../scheduler/cluster/policy/demand.ts';
import { FEATURES } from '../../scheduler/cluster/policy/features.ts';
import { emptyRows, grow } from '../../scheduler/cluster/policy/growth.ts';
import { openPolicy, openPolicyOr } from '../../scheduler/cluster/policy/propose.ts';
import { readPolicy, SHIPPED_POLICY, writePolicy } from '../../scheduler/cluster/policy/policy-file.ts';
import {
  DEFAULTS,
  REINFORCE,
  type Method,
  type TrainingOptions,
} from '../../scheduler/cluster/training/epoch.ts';
import { fork } from '../../scheduler/cluster/training/lessons.ts';
import { resumeTraining, startTraining, type Training } from '../../scheduler/cluster/training/training.ts';
import { validate } from '../../scheduler/cluster/training/validation.ts';
import { drawScene } from '../../scheduler/cluster/training/worlds.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'cardhour-policy-'));
const SHORT = { ...DEFAULTS, worlds: 2, forks: 2, heldOut: 0 };
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

describe('a clustering grows', () => {
  test('whateverIsChosen_noTwoMembersAreFartherApartThanReach', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = stream(seed, 99);
      const { demand, world } = setup({
        servers: 1 + random.below(70),
        reach: random.between(20, 500),
        seed,
      });
      const partition = grow(demand, ({ count }) => random.below(count));
      expectAdmissible(world, partition);
    }
  });

  test('rowsAreNumbers_inEveryWorld', () => {
    for (const change of [{}, { data: 0 }, { arrivals: 0 }, { mostHops: 1 }, { reach: 1e9 }]) {
      const { demand } = setup({ servers: 15, seed: 3, ...change });
      const rows = emptyRows();
      grow(demand, (offer) => {
        const at = offer.describe(rows);
        const own = rows.data.subarray(at * FEATURES, (at + offer.count) * FEATURES);
        expect(own.every((value) => Math.abs(value) <= 5)).toBe(true);
        return offer.count - 1;
      });
    }
  });

  test.each([0, 1, 2, 3, 200])('greedy_clustersAnyNumberOfServers %i', (servers) => {
    const { demand, world } = setup({ servers, seed: 5 });
    const partition = greedy(createAgent(1).actor, demand);
    expect(partition).toHaveLength(servers);
    expectAdmissible(world, partition);
  });

  test('allBeyondReach_staysSingles', () => {
    const { demand, world } = setup({ servers: 12, reach: 0, seed: 5 });
    expect(sample(createAgent(1).actor, demand, stream(1)).partition).toEqual(singles(world.servers));
  });

  test('sample_isTheSameForTheSameSeed_andGivesProbabilities', () => {
    const { demand } = setup({ servers: 30, seed: 5 });
    const { actor } = createAgent(1);
    const [a, b, c] = [7, 7, 8].map((seed) => sample(actor, demand, stream(seed)));
    expect(a!.partition).toEqual(b!.partition);
    expect(a!.partition).not.toEqual(c!.partition);
    for (const { at, count } of a!.choices) {
      const sum = a!.probabilities.subarray(at, at + count).reduce((x, y) => x + y, 0);
      expect(sum).toBeCloseTo(1, 12);
    }
  });
});

describe('the policy proposes', () => {
  test('whateverTasksWereSeen_evenNone', () => {
    const { world } = setup({ servers: 40, seed: 5 });
    const { propose } = openPolicy();
    const tasks = drawTasks(world, 5, 0);
    for (const seen of [tasks, takeTasks(tasks, []), takeTasks(tasks, [0])]) {
      const partition = propose(world, seen);
      expectAdmissible(world, partition);
      expect(propose(world, seen)).toEqual(partition);
    }
  });

  test('noClusterLargerThanAsked', () => {
    const { world } = setup({ servers: 60, reach: 600, seed: 5 });
    const partition = openPolicy().propose(world, drawTasks(world, 5, 0), { mostMembers: 3 });
    expect(Math.max(...clustersOf(partition).map((members) => members.length))).toBe(3);
  });

  test('aMarketGoesOn_whenThePolicyCanNotBeRead', () => {
    const said: string[] = [];
    expect(openPolicyOr((sentence) => said.push(sentence), join(FOLDER, 'none.json'))).toBeNull();
    expect(said.join()).toContain('the search alone');
  });
});

describe('the shipped policy', () => {
  test('loads_andItsTrainingIsNamed', () => {
    const { training } = readPolicy(SHIPPED_POLICY);
    expect(training.method).toBe('a2c');
    expect(training.seed + training.epochs).toBeGreaterThan(0);
  });

  test.each<[string, (text: string) => string, string]>([
    ['of another version', (text) => text.replace('"version": 1', '"version": 2'), 'version 2'],
    [
      'of another kind',
      (text) => text.replace('clustering-policy', 'shopping-list'),
      'not a clustering policy',
    ],
    ['changed by one character', (text) => text.replace(/("weights": ".{100})./, '$1_'), 'checksum'],
    ['cut', (text) => text.slice(0, 2_000), 'not JSON'],
    ['empty', () => '', 'not JSON'],
    ['null', () => 'null', 'not a clustering policy'],
  ])('isRefused_when %s', (_what, change, word) => {
    const file = join(FOLDER, 'policy.json');
    writeFileSync(file, change(readFileSync(SHIPPED_POLICY, 'utf8')));
    const refusal = refusalOf(() => readPolicy(file));
    expect(refusal).toMatchObject({ code: 'DATA_BROKEN', retryable: false });
    expect(refusal.sentence).toContain(word);
    expect(refusal.fix).toContain('npm run train:dcat');
  });

  test('isRefused_whenMissing', () => {
    expect(refusalOf(() => readPolicy(join(FOLDER, 'none.json'))).code).toBe('NOT_FOUND');
  });

  test('isRefused_whenAWeightIsNoNumber', () => {
    const file = join(FOLDER, 'broken.json');
    const { actor } = createAgent(1);
    actor.parameters[3] = NaN;
    writePolicy(file, actor, { method: 'a2c', seed: 1, epochs: 1 });
    expect(refusalOf(() => readPolicy(file)).code).toBe('DATA_BROKEN');
  });
});

describe('a fork', () => {
  test('differsFromItsEpisodeByOneChoice_andPraisesWhatEarnedMore', () => {
    const { demand, world } = setup({ servers: 30, seed: 5 });
    const { actor } = createAgent(1);
    const episode = sample(actor, demand, stream(7));
    const seen: Partition[] = [];
    const lessons = fork(actor, demand, episode, 4, stream(8), (partition) => {
      seen.push(partition);
      return seen.length;
    });
    const { picks, count } = lessons[0]!.choices[0]!;
    expect(picks).toHaveLength(Math.min(4, count));
    for (const partition of seen) expectAdmissible(world, partition);
    expect(new Set(seen.map(String)).size).toBe(seen.length);
    const weights = picks.map(({ weight }) => weight);
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 12);
    expect(weights[0]!).toBeLessThan(0);
    expect(weights.at(-1)!).toBeGreaterThan(0);
  });

  test('aBranchThatTakesNothingOver_isTheGreedyClustering', () => {
    const { demand } = setup({ servers: 30, seed: 5 });
    const { actor } = createAgent(1);
    const episode = sample(actor, demand, stream(1));
    expect(branch(actor, demand, episode, -1, 0)).toEqual(greedy(actor, demand));
  });
});

describe('training', () => {
  test('learnsWithinAFewEpochs', () => {
    const options = { ...SHORT, worlds: 4 };
    const before = validate(startTraining(options).agent.actor, 12);
    const after = validate(trained(startTraining(options), 6).agent.actor, 12);
    expect(after.sampled).toBeGreaterThan(before.sampled);
  });

  test.each(['a2c', 'reinforce'] as const)('isTheSameToTheBit_forTheSameSeed %s', (method) => {
    const [a, b] = [1, 1].map(() => trained(startTraining(optionsOf(method)), 2));
    expect(bitsOf(a!)).toEqual(bitsOf(b!));
    expect(bitsOf(a!)).not.toEqual(bitsOf(startTraining(optionsOf(method))));
  });

  test('goesOnAfterKill9_asIfItHadNeverStopped', async () => {
    const file = join(FOLDER, 'killed.json');
    await killAfter(3, file);
    const resumed = resumeTraining(file, SHORT);
    const done = resumed.curve.length;
    expect(done).toBeGreaterThanOrEqual(3);
    const whole = trained(startTraining(SHORT), done + 1);
    expect(bitsOf(trained(resumed, 1))).toEqual(bitsOf(whole));
    expect(resumed.curve).toEqual(whole.curve);
  });

  test('stopsWithAMessage_whenANumberIsNoneAnyMore', () => {
    const training = startTraining(SHORT);
    training.agent.actor.parameters[0] = NaN;
    const refusal = refusalOf(() => training.epoch());
    expect(refusal.sentence).toContain('Epoch 1');
    expect(refusal.fix).toContain('checkpoint');
    expect(training.curve).toHaveLength(0);
  });

  test('resume_refusesACheckpointOfOtherOptions', () => {
    const file = join(FOLDER, 'other.json');
    startTraining(SHORT).save(file);
    expect(refusalOf(() => resumeTraining(file, { ...SHORT, seed: 2 })).code).toBe('MALFORMED');
  });

  test('neverSeesATestSeed', () => {
    expect(TEST_SEEDS.first + TEST_SEEDS.count).toBeLessThanOrEqual(TRAINING_SEEDS.first);
    for (const index of [0, 1, 4_799, 500_000_000, 999_999_999, 1_000_000_000])
      expect(drawScene(index).seed).toBeGreaterThanOrEqual(TRAINING_SEEDS.first);
    expect(seedIn(TEST_SEEDS, 999_998)).toBeLessThan(TRAINING_SEEDS.first);
  });
});

function setup({ seed, ...change }: Partial<Settings> & { seed: number }): { world: World; demand: Demand } {
  const world = drawWorld({ ...PAPER, ...change }, seed);
  return {
    world,
    demand: expectedDemand(world, 3),
  };
}

function expectAdmissible({ distance, servers, settings }: World, partition: Partition): void {
  const clusters = clustersOf(partition);
  expect(clusters.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: servers }, (_, i) => i));
  for (const members of clusters)
    for (const i of members)
      for (const j of members) expect(distance[i * servers + j]!).toBeLessThanOrEqual(settings.reach);
}

function optionsOf(method: Method): TrainingOptions {
  return method === 'a2c' ? SHORT : { ...REINFORCE, worlds: 2, actors: 2, heldOut: 0 };
}

function trained(training: Training, epochs: number): Training {
  for (let epoch = 0; epoch < epochs; epoch++) training.epoch();
  return training;
}

function bitsOf({ agent: { actor, critic } }: Training): string {
  return [actor, critic]
    .map(({ parameters }) => Buffer.from(parameters.slice().buffer).toString('hex'))
    .join();
}

function refusalOf(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** A training in a process of its own that saves after every epoch, killed after some. */
async function killAfter(epochs: number, file: string): Promise<void> {
  const module = new URL('../../scheduler/cluster/training/training.ts', import.meta.url).href;
  const script = `
    const { startTraining } = await import(${JSON.stringify(module)});
    const training = startTraining(${JSON.stringify(SHORT)});
    for (;;) {
      training.epoch();
      training.save(${JSON.stringify(file)});
      console.log(training.curve.length);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) {
    if (Number(line) < epochs) continue;
    child.kill('SIGKILL');
    break;
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
