import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lightRttMs } from '../../domain/links/places.ts';
import { reachOf } from '../../domain/links/reach.ts';
import { skyplaneLinks } from '../../domain/links/skyplane.ts';
import { ASSUMED, LinkTable, moving } from '../../domain/links/table.ts';

describe('light', () => {
  test('needs 54 ms from London to New York and back in fibre', () => {
    // 5,570 km at 204.2 km a millisecond; here Virginia, 5,900 km.
    expect(lightRttMs('aws:eu-west-2', 'aws:us-east-1')).toBeGreaterThan(56);
    expect(lightRttMs('aws:eu-west-2', 'aws:us-east-1')).toBeLessThan(60);
    expect(lightRttMs('aws:eu-west-2', 'azure:uksouth')).toBe(0);
    expect(lightRttMs('aws:eu-west-2', 'nowhere')).toBe(0);
    // Nearly half around the world.
    expect(lightRttMs('aws:sa-east-1', 'gcp:asia-northeast1-a')).toBeGreaterThan(170);
  });
});

describe('measured links', () => {
  test('a pair is the mean of its directions, in microseconds, with bandwidth and price of its own direction', () => {
    const { links, rejected } = read({ there: 70, back: 72 });
    expect(rejected).toEqual([]);
    expect(links).toContainEqual({
      from: 'aws:eu-west-1',
      to: 'aws:us-east-1',
      rttMicros: 71_000,
      mbps: 4_311,
      pricePerGigabyte: 20_000n,
      source: expect.stringContaining('skyplane') as string,
    });
    expect(links).toContainEqual(
      expect.objectContaining({ from: 'aws:us-east-1', rttMicros: 71_000, mbps: 2_000 }),
    );
  });

  test.each([
    [153, 0.89, 'FASTER_THAN_LIGHT'],
    [70, 140, 'DIRECTIONS_DISAGREE'],
  ])('%d ms there and %d ms back are not believed', (there, back, why) => {
    const { links, rejected } = read({ there, back });
    expect(links).toEqual([]);
    expect(rejected).toEqual([
      { from: 'aws:eu-west-1', to: 'aws:us-east-1', thereMs: there, backMs: back, why },
    ]);
  });

  test('the standard tier is not read, and a file of another form is refused by column', () => {
    const [head] = LATENCY.split('\n');
    expect(
      skyplaneLinks({
        latency: `${head}\naws:a,STANDARD,x,aws:b,PREMIUM,x,1,1,1,1\n`,
        throughput: THROUGHPUT,
        costs: '',
      }).links,
    ).toEqual([]);
    expect(() => skyplaneLinks({ latency: 'a,b\n1,2\n', throughput: THROUGHPUT, costs: '' })).toThrow(
      /src_region/,
    );
  });

  const folder = `${process.env['CARDHOUR_DATA'] ?? '../shared/data'}/skyplane_network`;
  test.skipIf(!existsSync(folder))('of the whole file a few pairs are rejected', () => {
    const file = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8');
    const { links, rejected } = skyplaneLinks({
      latency: file('latency.csv'),
      throughput: file('throughput.csv'),
      costs: file('aws_transfer_costs.csv'),
    });
    expect(links.length + 2 * rejected.length).toBe(69 * 68);
    expect(rejected.length).toBeGreaterThan(50);
    expect(rejected.length).toBeLessThan(120);
    for (const { from, to, rttMicros } of links)
      expect(rttMicros! / 1000).toBeGreaterThanOrEqual(lightRttMs(from, to));
  });
});

describe('moving data', () => {
  const links = new LinkTable([{ from: 'a', to: 'b', rttMicros: 80_000, mbps: 4_000, source: 'test' }]);

  test('takes its time over the narrower of link and wish, rounded up, and costs by the gigabyte', () => {
    expect(moving(100, links.between('a', 'b'), 0)).toEqual({ seconds: 200n, cost: 2_000_000n });
    expect(moving(100, links.between('a', 'b'), 1_000).seconds).toBe(800n);
    expect(moving(100, links.between('a', 'b'), 10_000).seconds).toBe(200n);
    expect(moving(1, links.between('a', 'b'), 3_999).seconds).toBe(3n);
    expect(moving(0, links.between('a', 'b'), 0)).toEqual({ seconds: 0n, cost: 0n });
    expect(moving(1_000, links.between('b', 'b'), 0)).toEqual({ seconds: 80n, cost: 0n });
  });

  test('what nobody measured is assumed, row by row and field by field', () => {
    expect(links.between('b', 'a')).toEqual({ from: 'b', to: 'a', ...ASSUMED });
    expect(links.between('a', 'b')).toMatchObject({
      mbps: 4_000,
      pricePerGigabyte: ASSUMED.pricePerGigabyte,
    });
  });

  test('a region is out of reach when the data come too late or lie too far', () => {
    const wish = { from: 'a', gigabytes: 100, mbps: 0, within: 201, maxRttMs: 0 };
    const why = (change: Partial<typeof wish>) =>
      reachOf({ ...wish, ...change }, ['a', 'b', 'c'], links).map((entry) => entry.why);
    expect(why({})).toEqual([null, null, 'TOO_SLOW']);
    expect(why({ within: 200 })).toEqual([null, 'TOO_SLOW', 'TOO_SLOW']);
    expect(why({ within: 10_000, maxRttMs: 79 })).toEqual([null, 'TOO_FAR', 'TOO_FAR']);
    expect(why({ within: 10_000, maxRttMs: 80 })).toEqual([null, null, 'TOO_FAR']);
    expect(reachOf({ ...wish, from: null }, ['a'], links)[0]!.link.source).toBe(ASSUMED.source);
  });
});

const LATENCY =
  'src_region,src_tier,src_instance_class,dst_region,dst_tier,dst_instance_class,min_rtt,avg_rtt,max_rtt,mdev_rtt';
const THROUGHPUT = [
  'src_region,src_tier,src_instance_class,dst_region,dst_tier,dst_instance_class,iperf3_connections,iperf3_runtime,throughput_sent,throughput_received,success',
  'aws:eu-west-1,PREMIUM,m5,aws:us-east-1,PREMIUM,m5,64,5,1,4311900000.5,True',
  'aws:us-east-1,PREMIUM,m5,aws:eu-west-1,PREMIUM,m5,64,5,1,2000000000,True',
  '',
].join('\n');

function read({ there, back }: { there: number; back: number }) {
  const row = (from: string, to: string, ms: number): string =>
    `${from},PREMIUM,m5,${to},PREMIUM,m5,0,${ms},0,0`;
  const [a, b] = ['aws:eu-west-1', 'aws:us-east-1'];
  return skyplaneLinks({
    latency: `${LATENCY}\n${row(a, b, there)}\n${row(b, a, back)}\n`,
    throughput: THROUGHPUT,
    costs: 'src,dst,cost\neu-west-1,us-east-1,0.02\nus-east-1,internet,0.09\n',
  });
}
