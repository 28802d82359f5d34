import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPrices, spread } from '../../cli/replay/prices.ts';
import { median } from '../../domain/pricing.ts';
import { replay } from '../../cli/replay/replay.ts';
import { readNodes, readPods } from '../../cli/replay/trace.ts';

const NODES_HEADER = 'sn,cpu_milli,memory_mib,gpu,model';
const PODS_HEADER =
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time';
const SILENT = { say: () => undefined, start: () => undefined, at: () => undefined, end: () => undefined };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardhour-trace-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('trace', () => {
  it('reads_podsAsTheyStand', async () => {
    const { pods } = await files('plain', {
      pods: [
        'p-0,6000,12288,1,460,T4|P100|T4,LS,Running,100,400,150',
        'p-1,6000,12288,0,0,,LS,Running,1,2,1',
      ],
    });
    const trace = await readPods(pods);
    expect(trace.rows).toEqual([
      { name: 'p-0', cards: 1, models: ['T4', 'P100'], memoryMib: 12288, creation: 100, duration: 250 },
    ]);
    expect(trace.passedOver).toBe(1);
  });

  it.each([
    ['a missing cell', 'p,1,2,1,1000,,LS,Running,1,2'],
    ['a word for a number', 'p,1,2,one,1000,,LS,Running,1,2,1'],
    ['a negative number', 'p,1,2,-1,1000,,LS,Running,1,2,1'],
    ['more cards than a number holds', 'p,1,2,99999999999,1000,,LS,Running,1,2,1'],
    ['an end before its start', 'p,1,2,1,1000,,LS,Running,10,5,7'],
  ])('refuses_%s_byItsRow_andGoesOn', async (_what, row) => {
    const { pods } = await files('bad', { pods: [row, 'p-1,1,2,1,1000,,LS,Running,1,20,1'] });
    const trace = await readPods(pods);
    expect(trace.rows.map((pod) => pod.name)).toEqual(['p-1']);
    expect(trace.refused.map((refusal) => [refusal.code, refusal.sentence.slice(0, 5)])).toEqual([
      ['TRACE_ROW', 'Row 2'],
    ]);
  });

  it('refuses_aFileOfAnotherFormat_orNone', async () => {
    const { nodes } = await files('format', {});
    await expect(readPods(nodes)).rejects.toMatchObject({ code: 'TRACE_ROW' });
    await expect(readNodes(join(folder, 'nowhere.csv'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('prices', () => {
  it('come_fromTheFeed_orByRatioToTheNearestRate_orByAssumption', () => {
    const prices = openPrices();
    expect(prices.referenceOf('V100M16')).toEqual({ price: 190_000n, origin: 'feed' });
    expect(prices.referenceOf('T4')).toEqual({ price: (190_000n * 650n) / 1120n, origin: 'ratio' });
    expect(prices.referenceOf('G2')).toEqual({ price: 746_000n, origin: 'assumption' });
  });

  it('spread_withinTheirShares_alwaysTheSame', () => {
    for (let i = 0; i < 200; i++) {
      const price = spread(1_000_000n, 70, 110, `node-${i}`);
      expect(price).toBeGreaterThanOrEqual(700_000n);
      expect(price).toBeLessThanOrEqual(1_100_000n);
      expect(spread(1_000_000n, 70, 110, `node-${i}`)).toBe(price);
    }
    expect(spread(0n, 70, 110, 'node')).toBe(1n);
    expect(median([3n, 1n, 2n])).toBe(2n);
  });
});

describe('replay', () => {
  it('settlesAndVerifiesAllThatMatched_andCountsTheRest', { timeout: 240_000 }, async () => {
    const { nodes, pods } = await files('run', {
      nodes: ['n-0,64000,262144,2,T4', 'n-1,64000,262144,8,V100M16', 'n-2,1,1,two,T4'],
      pods: [
        'p-0,1,4096,1,500,T4,LS,Running,100,900,100',
        'p-1,1,4096,8,1000,V100M16|V100M32,LS,Running,120,50000,130',
        'p-2,1,4096,4,1000,T4,LS,Running,200,900,200',
        'p-3,1,4096,1,1000,A10,LS,Running,260,900,260',
        'p-4,1,4096,8,1000,V100M16,LS,Running,700,9000,700',
        'p-5,1,4096,8,1000,,LS,Running,90000,91000,90000',
        'p-6,1,4096,1,1000,,LS,Running,90000,80000,90000',
      ],
    });
    const report = await replay({ nodes, pods, orders: 100, slotSeconds: 600 }, SILENT);
    expect(report).toMatchObject({
      orders: 6,
      matched: 3,
      settled: 3,
      unmatched: { NO_CARDS: 1, NO_CLASS: 1, REFUSED: 1 },
      refused: { TRACE_ROW: 2, UNKNOWN_CLASS: 1 },
      escrow: '0',
      unaccounted: '0',
      ok: true,
    });
    expect(report.verified).toBe(report.slots);
    expect(report.slots).toBeGreaterThan(2);
  });
});

/** Writes a trace of these rows; returns the paths. */
async function files(
  name: string,
  { nodes = [], pods = [] }: { nodes?: string[]; pods?: string[] },
): Promise<{ nodes: string; pods: string }> {
  const paths = { nodes: join(folder, `${name}-nodes.csv`), pods: join(folder, `${name}-pods.csv`) };
  await writeFile(paths.nodes, [NODES_HEADER, ...nodes].join('\n'));
  await writeFile(paths.pods, [PODS_HEADER, ...pods].join('\n'));
  return paths;
}
