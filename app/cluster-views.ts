/** What GET /api/v1/clusters answers. Money in base units and times in unix seconds of chain time, as decimal digits. */
interface ClusterMemberView {
  node: string;
  provider: string;
  /** The provider's name for people; empty without one. */
  name: string;
  power: string;
  /** What it was paid of the cluster's earnings so far. */
  paid: string;
}

export interface ClusterView {
  cluster: string;
  account: string;
  className: string;
  region: string;
  /** Cards that the cluster sells in its cycle: its scarcest member's. */
  cards: number;
  /** A card-hour: its dearest member's. */
  reserve: string;
  validFrom: string;
  validUntil: string;
  state: 'formed' | 'trading' | 'over';
  members: ClusterMemberView[];
  leases: {
    id: string;
    cards: number;
    start: string;
    end: string;
    rate: string;
    paid: string;
    runner: string;
  }[];
  /** Paid by its leases so far; what of that its members have; what of it is above the cluster's reserve. */
  earned: string;
  shared: string;
  aboveReserve: string;
  /** By the decision's model, above their reserves: its members alone, and together. Null for one that nobody proposed here. */
  estimate: { alone: string; together: string } | null;
}

export interface ProposalView {
  id: string;
  cycle: string;
  className: string;
  region: string;
  state: 'open' | 'forming' | 'formed' | 'lapsed';
  reason: string | null;
  /** Largest distance of two members, microseconds. */
  widest: number;
  consentBy: string;
  validFrom: string;
  validUntil: string;
  members: {
    node: string;
    name: string;
    cards: number;
    alone: string;
    together: string;
    answer: 'consented' | 'declined' | 'none';
    /** Why it declined. */
    reason: string | null;
  }[];
}

export interface CycleView {
  cycle: string;
  decidedAt: string;
  servers: number;
  tasks: number;
  proposed: number;
  profit: string;
  profitAlone: string;
  milliseconds: number;
  notes: { code: string; sentence: string }[];
}

export interface ClustersView {
  now: string;
  clusters: ClusterView[];
  proposals: ProposalView[];
  cycles: CycleView[];
  latency: {
    nodes: { node: string; name: string; className: string; region: string }[];
    /** Between two of `nodes`, by their places; microseconds; null while it is not measured from both sides. */
    pairs: { a: number; b: number; micros: number | null }[];
  };
}
