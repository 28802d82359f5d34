/** What it takes to bring an order's data to where it may run: time decides whether it can, money goes into the quote. */
import { ZERO_HASH } from '../../../domain/hash.ts';
import { reachOf, type Reach } from '../../../domain/links/reach.ts';
import type { LinkTable } from '../../../domain/links/table.ts';
import { regionId } from '../../../domain/names.ts';
import { Refusal } from '../../../domain/refusal.ts';
import type { Hex } from '../../../domain/types.ts';
import { FULL, REFERENCE } from '../../../domain/vectors.ts';
import type { Database } from '../../../prisma/client.ts';

/** Of a request for a quote, what moving data depends on. */
export interface TransferRequest {
  data?: { region: Hex; gigabytes: number; maxRttMs: number } | undefined;
  /** Where it may run; 0 for anywhere. */
  region: Hex;
  classes: readonly Hex[];
  taskNetwork: number;
  /** Seconds. */
  duration: number;
}

/** The move that a quote pays for; nothing moves when the data are there already. */
export interface Transfer {
  gigabytes: number;
  /** Base units, and seconds. */
  cost: bigint;
  seconds: bigint;
  /** The link that it is priced by; null when nothing moves. */
  link: { from: string; to: string; mbps: number; rttMicros: number; source: string } | null;
}

const NOTHING: Transfer = { gigabytes: 0, cost: 0n, seconds: 0n, link: null };

/**
 * The dearest move among the regions that the auction may choose, so that the quote holds wherever the work lands.
 * @throws Refusal TRANSFER_TOO_SLOW when one of them is out of reach: an order can't leave out a region, only name one
 */
export async function transferFor(
  db: Database,
  links: LinkTable,
  request: TransferRequest,
): Promise<Transfer> {
  const { data, region, classes } = request;
  if (data === undefined) return NOTHING;
  const rows = await db.node.findMany({
    distinct: ['region'],
    select: { region: true },
    orderBy: { region: 'asc' },
    ...(classes.length === 0 ? {} : { where: { resourceClass: { in: [...classes] } } }),
  });
  const regions = rows
    .map((row) => row.region)
    .filter((name) => region === ZERO_HASH || regionId(name) === region);
  const names = [...regions, ...links.places()];
  const wish = {
    from: names.find((name) => regionId(name) === data.region) ?? null,
    gigabytes: data.gigabytes,
    mbps: Math.floor((request.taskNetwork * Number(REFERENCE.networkMbps)) / FULL),
    within: request.duration,
    maxRttMs: data.maxRttMs,
  };
  const reach = reachOf(wish, regions, links);
  const out = reach.find(({ why }) => why !== null);
  if (out !== undefined) throw outOfReach(out, reach, request);
  const dearest = reach.reduce<Reach | null>(
    (best, entry) => (best === null || entry.cost > best.cost ? entry : best),
    null,
  );
  if (dearest === null || data.gigabytes === 0 || reach.every(({ link }) => link.from === link.to))
    return NOTHING;
  const { from, to, mbps, rttMicros, source } = dearest.link;
  const seconds = reach.reduce((most, entry) => (entry.seconds > most ? entry.seconds : most), 0n);
  return {
    gigabytes: data.gigabytes,
    cost: dearest.cost,
    seconds,
    link: { from, to, mbps, rttMicros, source },
  };
}

function outOfReach(
  { region, link, seconds, why }: Reach,
  reach: readonly Reach[],
  { data, duration, taskNetwork }: TransferRequest,
): Refusal {
  const wished = Math.floor((taskNetwork * Number(REFERENCE.networkMbps)) / FULL);
  const rate = wished === 0 ? link.mbps : Math.min(wished, link.mbps);
  const sentence =
    why === 'TOO_FAR'
      ? `The data are ${Math.ceil(link.rttMicros / 1_000)} ms from ${region} and back; the most that the task takes is ${data!.maxRttMs} ms.`
      : `${data!.gigabytes} GB take ${seconds} s to ${region} at ${rate} Mb/s; the lease lasts ${duration} s.`;
  const near = reach.filter((entry) => entry.why === null).map((entry) => entry.region);
  const otherwise =
    why === 'TOO_FAR' ? 'allow a longer way' : 'ask for a longer lease or more bandwidth (taskNetwork)';
  const fix =
    near.length > 0
      ? `Name a region that the data reach (${near.join(', ')}), or ${otherwise}.`
      : `Move the data before, or ${otherwise}.`;
  return new Refusal('TRANSFER_TOO_SLOW', sentence, fix);
}
