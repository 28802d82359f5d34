/**
 * What lies between the place of the data and the node (002, sections 3.1 and 3.5): round-trip time, bandwidth, and what a gigabyte
 * costs to move. A table row is one direction, and says where it comes from.
 */
export interface Link {
  from: string;
  to: string;
  /** There and back, microseconds. */
  rttMicros: number;
  /** Mb/s. */
  mbps: number;
  /** Base units (10^-6 tokens). */
  pricePerGigabyte: bigint;
  source: string;
}

/** A row of which something may be unknown. */
export type LinkRow = Pick<Link, 'from' | 'to' | 'source'> & Partial<Omit<Link, 'from' | 'to' | 'source'>>;

/**
 * What is assumed where nothing was measured: halfway around the world at an ordinary rate, and the commonest price between two regions
 * of one cloud, 0.02 dollars a gigabyte (skyplane, aws_transfer_costs.csv at 4602d9c: 323 of 674 pairs).
 */
export const ASSUMED = {
  rttMicros: 200_000,
  mbps: 1_000,
  pricePerGigabyte: 20_000n,
  source: 'assumed: nobody measured this pair',
} as const;

/** Within a region: the reference node's network (ADR 0001), free of charge as at all three large clouds within a zone. */
const WITHIN = {
  rttMicros: 1_000,
  mbps: 100_000,
  pricePerGigabyte: 0n,
  source: 'within one region',
} as const;

export class LinkTable {
  readonly #rows: ReadonlyMap<string, LinkRow>;

  /** Of two rows for one direction the later counts. */
  constructor(rows: readonly LinkRow[]) {
    this.#rows = new Map(rows.map((row) => [`${row.from} ${row.to}`, row]));
  }

  rows(): LinkRow[] {
    return [...this.#rows.values()];
  }

  /** Every place that a row begins or ends at. */
  places(): string[] {
    return [...new Set(this.rows().flatMap(({ from, to }) => [from, to]))];
  }

  /** The row of that direction, as it stands in the table; undefined without one. */
  measured(from: string, to: string): LinkRow | undefined {
    return this.#rows.get(`${from} ${to}`);
  }

  /** The link in that direction; what the table does not say is assumed. */
  between(from: string, to: string): Link {
    if (from === to) return { from, to, ...WITHIN };
    return { from, to, ...ASSUMED, ...this.#rows.get(`${from} ${to}`) };
  }
}

/** What moving data over a link takes and costs. */
export interface Moving {
  /** Seconds, rounded up. */
  seconds: bigint;
  /** Base units. */
  cost: bigint;
}

/** @param mbps bandwidth that the task has on its node, Mb/s: the narrower of the two decides; 0 for all that the link has */
export function moving(gigabytes: number, link: Link, mbps: number): Moving {
  if (gigabytes === 0) return { seconds: 0n, cost: 0n };
  const rate = BigInt(mbps === 0 ? link.mbps : Math.min(mbps, link.mbps));
  const seconds = (BigInt(gigabytes) * 8_000n + rate - 1n) / rate;
  return { seconds, cost: BigInt(gigabytes) * link.pricePerGigabyte };
}
