/**
 * Links from measurements in the format of skyplane's profiles (github.com/skyplane-project/skyplane): `latency.csv`, `throughput.csv` and
 * `aws_transfer_costs.csv`. Its premium tier alone is read. Some pairs are faulty, so each is checked before it counts.
 */
import { lightRttMs } from './places.ts';
import type { LinkRow } from './table.ts';

export interface SkyplaneFiles {
  latency: string;
  throughput: string;
  /** Empty for none. */
  costs: string;
}

/** A pair that is not believed: faster than light in fibre, or its two directions too far apart. */
export interface Rejected {
  from: string;
  to: string;
  thereMs: number;
  backMs: number;
  why: 'FASTER_THAN_LIGHT' | 'DIRECTIONS_DISAGREE';
}

/** A round trip is the same from both ends: beyond this ratio, and this difference, one of the two is wrong and nobody knows which. */
const MOST_RATIO = 1.5;
const MOST_DIFFERENCE_MS = 5;

const SOURCE =
  'skyplane profiles, latency at 945dca2 (2022-04-16), throughput at 87e32de (2022-01-30), costs at 4602d9c';

/** @throws RangeError on a file without the columns that are read */
export function skyplaneLinks(files: SkyplaneFiles): { links: LinkRow[]; rejected: Rejected[] } {
  const rtt = premium(files.latency, 'avg_rtt');
  const bits = premium(files.throughput, 'throughput_received');
  const cost = costsOf(files.costs);
  const links: LinkRow[] = [];
  const rejected: Rejected[] = [];
  for (const [pair, thereMs] of rtt) {
    const [from, to] = pair.split(' ') as [string, string];
    const backMs = rtt.get(`${to} ${from}`) ?? thereMs;
    const why = doubtOf(from, to, thereMs, backMs);
    if (why !== null) {
      // One entry a pair, not one a direction.
      if (from < to || !rtt.has(`${to} ${from}`)) rejected.push({ from, to, thereMs, backMs, why });
      continue;
    }
    const throughput = bits.get(pair);
    const price = cost(from, to);
    links.push({
      from,
      to,
      rttMicros: Math.round((thereMs + backMs) * 500),
      ...(throughput === undefined ? {} : { mbps: Math.floor(throughput / 1_000_000) }),
      ...(price === undefined ? {} : { pricePerGigabyte: price }),
      source: SOURCE,
    });
  }
  return { links, rejected };
}

function doubtOf(from: string, to: string, thereMs: number, backMs: number): Rejected['why'] | null {
  const [low, high] = thereMs < backMs ? [thereMs, backMs] : [backMs, thereMs];
  if (low < lightRttMs(from, to)) return 'FASTER_THAN_LIGHT';
  return high > low * MOST_RATIO && high - low > MOST_DIFFERENCE_MS ? 'DIRECTIONS_DISAGREE' : null;
}

/** Dollars with up to six decimals to base units. */
function baseUnits(dollars: string): bigint {
  return BigInt(Math.round(Number(dollars) * 1_000_000));
}

/** AWS alone publishes this table; a way out of AWS costs what the internet does. */
function costsOf(text: string): (from: string, to: string) => bigint | undefined {
  const costs = new Map(
    text === ''
      ? []
      : rowsOf(text, ['src', 'dst', 'cost']).map(([src, dst, cost]) => [`${src} ${dst}`, baseUnits(cost!)]),
  );
  return (from, to) => {
    if (!from.startsWith('aws:')) return undefined;
    return costs.get(`${from.slice(4)} ${to.startsWith('aws:') ? to.slice(4) : 'internet'}`);
  };
}

/**
 * A positive number per direction of the premium tier, by `from to`, as measured.
 * @throws RangeError on a file without the columns that are read
 */
export function premium(text: string, column: string): Map<string, number> {
  const rows = rowsOf(text, ['src_region', 'src_tier', 'dst_region', 'dst_tier', column]);
  const values = new Map<string, number>();
  for (const [from, fromTier, to, toTier, value] of rows)
    if (fromTier === 'PREMIUM' && toTier === 'PREMIUM' && Number(value) > 0)
      values.set(`${from} ${to}`, Number(value));
  return values;
}

/** The named columns of a CSV without quoted fields. */
function rowsOf(text: string, columns: readonly string[]): string[][] {
  const [head = '', ...lines] = text.trimEnd().split(/\r?\n/);
  const names = head.split(',');
  const places = columns.map((column) => names.indexOf(column));
  const missing = columns.filter((_, i) => places[i] === -1);
  if (missing.length > 0)
    throw new RangeError(`the file has no column ${missing.join(', ')}; it begins "${head.slice(0, 80)}"`);
  return lines.map((line) => {
    const fields = line.split(',');
    return places.map((place) => fields[place] ?? '');
  });
}
