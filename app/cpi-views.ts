/** What the routes of identifiers answer; whole numbers beyond 2⁵³ are decimal strings. */

/** An identifier, resolved. */
export interface CpiView {
  /** Null for a node whose segments on-chain make no identifier; `problem` says why. */
  identifier: string | null;
  /** What stands on-chain for this node: another text when Y or Y′ has changed. Null without an identifier. */
  current: string | null;
  node: string;
  fields: { segment: string; name: string; value: string; path: string[] | null }[];
  extensions: { segment: string; index: number; value: string }[];
  flags: { code: string; segment: string; field: string; sentence: string }[];
  /** Peak dense FP16 of the zone, GFLOPS: a range where sources differ. */
  gflops: { low: number; high: number; from: string } | null;
  /** super, large, medium, small */
  grade: string | null;
  /** Null when the node is not registered. */
  status: NodeStatusView | null;
  problem: string | null;
}

/** A node at this moment. Money in base units, times in unix seconds of chain time, both in decimal digits. */
export interface NodeStatusView {
  node: string;
  provider: string;
  className: string;
  /** The market's region, e.g. cn-310000. */
  region: string;
  cards: number;
  freeCards: number;
  /** Cheapest open listing of the node per card-hour, and what its newest auction cleared at; null without one. */
  price: string | null;
  lastCleared: string | null;
  /** 0 to 10,000. */
  reputation: number;
  /** Attestation tier; 0 without one. */
  tier: number;
  /** The provider is on its way out. */
  leaving: boolean;
  /** When its agent last reported of a lease, ISO 8601; null when it never did. */
  lastHeartbeat: string | null;
  /** Chain time of the newest indexed block, at which all of it holds. */
  asOf: string;
}

/** A page of identifiers, in the order of their texts. */
export interface CpiPage {
  items: {
    identifier: string;
    node: string;
    provider: string;
    region: string;
    chip: string;
    gflops: string | null;
    grade: string;
  }[];
  /** Ask for the next page with `after` of this; null on the last. */
  next: string | null;
}

/** What stands for one value of a dimension. */
export interface CpiCount {
  /** Value of each dimension that was asked for, in that order; a day is YYYY-MM-DD. */
  key: string[];
  identifiers: number;
  cards: number;
  freeCards: number;
  /** Peak dense FP16, GFLOPS. */
  gflops: string;
}

export interface CpiStatistics {
  by: string[];
  asOf: string;
  rows: CpiCount[];
  /** Nodes whose segments make no identifier; they are in no row. */
  unreadable: number;
}

/** What the finished runs of a workload's command say (document 001, Eq. 2). */
export interface WorkloadDemandView {
  runs: number;
  /** Fewer make no model. */
  needed: number;
  model: {
    overheadSeconds: number;
    workGflop: number;
    dataPasses: number;
    runs: number;
    errorSeconds: number;
    explained: number;
  } | null;
  /** On the class and cards that were asked about; `low` and `high` are two standard deviations away. */
  expected: { seconds: number; low: number; high: number } | null;
}

/** What was used in a time, and what the pool can do. */
export interface CpiUsage {
  by: string;
  /** Unix seconds of chain time. */
  from: string;
  to: string;
  /** The card whose hours `referenceCardHours` are. */
  reference: string;
  rows: {
    key: string;
    /** Two decimals. */
    cardHours: number;
    /** Null when a card of it has no rate. */
    referenceCardHours: number | null;
    peakCards: number;
    peakAt: string;
    /** Peak over mean; 1 is even use. */
    burst: number;
  }[];
  /** By kind: Σ αf(a), q and their sum (document 001, Eq. 1), operations a second. */
  capacity: Record<string, { sum: string; redundant: string; total: string }>;
}

/** A version of a node's identifier. */
export interface CpiVersionView {
  /** Counts from 1. */
  version: number;
  identifier: string;
  cards: number;
  block: string;
  /** Unix seconds; null for a block whose header is not kept. */
  at: string | null;
  txHash: string;
}
