/** What the API answers and the pages read. Money, times and slots are decimal strings; addresses and ids lower-case hex. */

export interface ListingView {
  id: string;
  provider: string;
  node: string;
  className: string;
  region: string;
  /** The signed listing's fields, as `Auction.buy` takes them. */
  message: Record<string, string | number>;
  signature: string;
  /** Base units per card-hour. */
  price: string;
  validUntil: string;
  /** Cards not yet sold. */
  left: number;
}

export interface ClassView {
  id: string;
  name: string;
  nodes: number;
  cards: number;
  /** Cards that no lease holds. */
  freeCards: number;
  /** Cards that live asks still offer to the auction. */
  askedCards: number;
  /** Peak dense FP16 of one card, GFLOPS, and its grade; null for a class that the table of cards lacks. */
  compute: { low: number; high: number; grade: string } | null;
  regions: string[];
  /** Clearing prices of Bid leases, newest first. */
  prices: { slot: string; price: string }[];
  listings: ListingView[];
}

export interface MarketView {
  /** Chain time, unix seconds. */
  now: string;
  slot: string;
  classes: ClassView[];
}

export interface StatsView {
  now: string;
  slot: string;
  leases: { open: number; running: number; settled: number };
  slots: { committed: number; abandoned: number; newest: string | null };
  orders: { total: number; waiting: number; matched: number };
  providers: number;
  nodes: number;
  cards: number;
  leasedCards: number;
  /** Card-hours of settled leases, two decimals. */
  cardHoursSettled: number;
  /** Base units held for leases. */
  escrow: string;
  /** Base units paid to providers and in fees. */
  paid: string;
  fees: string;
  refusals: { kind: string; code: string; count: string }[];
}

export interface OrderView {
  id: string;
  consumer: string;
  order: Record<string, string | number>;
  className: string;
  /** KEY, APPROVAL, QUOTE */
  signing: string;
  /** First slot that holds it. */
  slot: string;
  validUntil: string;
  createdAt: string;
  /** waiting, matched, expired, cancelled */
  state: string;
  /** The newest slot's word: matched, or why not. */
  outcome: { slot: string; code: string } | null;
  leaseId: string | null;
}

/** A firm quote as it is given; money in base units. */
export interface QuoteAnswer {
  id: string;
  order: Record<string, string | number>;
  /** Last second (chain time) at which it can be accepted. */
  validUntil: string;
  signature: `0x${string}`;
  breakdown: {
    base: string;
    urgency: string;
    transfer: string;
    pricePerCardHour: string;
    cost: string;
    fee: string;
    total: string;
    basis: { from: 'auctions'; slots: number; clearings: number } | { from: 'listing' };
    toleranceSeconds: string;
    gigabytes: number;
    /** How long they take, and the link that they are priced by; null when nothing moves. */
    transferSeconds: string;
    link: { from: string; to: string; mbps: number; rttMicros: number; source: string } | null;
  };
  refundAfter: string;
  /** How long the work is expected to run, by class, from measured runs of its command or of its kind; seconds and base units. */
  expected: {
    className: string;
    cards: number;
    kind: string;
    from: 'command' | 'kind';
    runs: number;
    seconds: number;
    low: number;
    high: number;
    cost: string;
    highCost: string;
    fits: boolean;
  }[];
}

/** What became of a firm quote; money in base units. */
export interface QuoteView {
  id: string;
  /** OFFERED, LAPSED (nobody accepted it in time), HELD, PROCURED, REFUNDED */
  state: string;
  /** What accepting it locked. */
  amount: string | null;
  /** What of it came back when it was procured. */
  shared: string | null;
  refundAfter: string | null;
  /** The newest slot that held its order, and that slot's word. */
  slot: string | null;
  outcome: string | null;
  receipt: {
    scheduler: string;
    slot: string;
    seq: number;
    item: string;
    head: string;
    signature: string;
  } | null;
  lease: { id: string; rate: string; locked: string } | null;
}

/** `LeaseRef` of the contracts: one lease with its proof against its page. */
export interface LeaseRefView {
  pageId: string;
  index: number;
  count: number;
  start: string;
  source: `0x${string}`;
  lease: {
    consumer: `0x${string}`;
    provider: `0x${string}`;
    rate: string;
    cards: number;
    duration: number;
  };
  proof: `0x${string}`[];
}

export interface LeaseView {
  id: string;
  consumer: string;
  provider: string;
  node: string;
  className: string;
  region: string;
  sourceId: string;
  /** Null for a Buy. */
  slot: string | null;
  cards: number;
  duration: string;
  start: string;
  end: string;
  rate: string;
  locked: string;
  paid: string;
  fee: string;
  refunded: string;
  settledUntil: string;
  workload: string;
  endReason: string;
  settled: boolean;
  report: {
    state: string;
    exitCode: number | null;
    heartbeats: number;
    lastBeatAt: string;
    sandbox: string;
  } | null;
}

export interface CandidateView {
  askId: string;
  node: string;
  provider: string;
  reserve: string;
  distance: number;
  entropyGap: number;
  /** Last clock step at which it still accepts. */
  droppedAt: number;
}

export interface SlotView {
  slot: string;
  start: string;
  end: string;
  /** open, published, committed, abandoned, or empty (no order came) */
  state: string;
  error: string | null;
  gammaWad: string;
  header: Record<string, string | number> | null;
  orders: {
    id: string;
    consumer: string;
    className: string;
    cards: number;
    duration: number;
    startPrice: string;
    code: string;
  }[];
  matches: {
    index: number;
    orderId: string;
    askId: string;
    runnerUp: string | null;
    step: number;
    price: string;
    startPrice: string;
    leaseId: string | null;
    className: string;
    candidates: CandidateView[];
  }[];
}

export interface SlotRow {
  slot: string;
  state: string;
  orders: number;
  matched: number;
  unmatched: number;
  skipped: number;
  txHash: string | null;
}

export interface RuleView {
  rule: string;
  sentence: string;
  ok: boolean;
  checked: number;
  firstDifference?: string;
}

export interface ConfigView {
  deployment: Record<string, unknown>;
  rpcUrl: string;
  /** The token is test money that anyone may mint. */
  testMoney: boolean;
}

/** A value with the bounds of its 95% interval; null where nothing bounds it. */
export interface IntervalView {
  value: number;
  low: number;
  high: number | null;
}

export interface DemandRow {
  /** training, inference, rendering */
  kind: string;
  className: string;
  arrivals: number;
  perHour: IntervalView;
  /** Variance over mean of the hours' arrivals; 1 is Poisson. */
  dispersion: number | null;
  meanSeconds: IntervalView | null;
  deviationSeconds: IntervalView | null;
  /** Mean of an arrival. */
  cards: number;
  /** The next hour. */
  next: { arrivals: IntervalView; cardHours: number };
  /** Arrivals of each hour, oldest first; the newest is under way. */
  hourly: number[];
}

export interface DemandView {
  now: string;
  hours: number;
  /** Hours that the market has watched, of these. */
  watchedHours: number;
  kinds: DemandRow[];
  streams: DemandRow[];
}

/** Orders that found no supply, of one kind of want and reason. */
export interface MissedRow {
  /** The filter that left nothing: NO_CLASS, NO_REGION, NO_CARDS, NO_REPUTATION, NO_TIER, PRICE */
  reason: string;
  what: string;
  region: string;
  orders: number;
  /** Of them, those that a slot may still serve, and those that a later slot served. */
  consumersWaiting: number;
  servedLater: number;
  /** Clearings in which they were missed. */
  slots: number;
  cards: number;
  mostCards: number;
  cardHours: number;
  /** Median start price, base units per card-hour. */
  offered: string;
  /** Lowest reserve that only the price kept out; null when price was not it. */
  lowestReserve: string | null;
  lastSlot: string;
}

export interface MissedView {
  now: string;
  hours: number;
  /** All orders of that time. */
  orders: number;
  missed: MissedRow[];
  /** Matches whose nearest node was farther in state (002, Eq. 5) than the bound. */
  far: { matches: number; far: number; bound: number };
}

export interface NodeEntropyView {
  id: string;
  provider: string;
  className: string;
  region: string;
  cards: number;
  /** Unix seconds of the first of the 24 hours. */
  from: string;
  microBits: number;
  /** Hours in [0, 30), [30, 60), [60, 80), [80, 100] per cent. */
  bins: number[];
  usedShares: number[];
  /** The same of what agents measured within the leases (processor time); null when none did. */
  measured: { microBits: number; bins: number[]; usedShares: number[] } | null;
}

export interface EntropyView {
  now: string;
  balanceMicroBits: number;
  nodeCount: number;
  /** By hour, oldest first: network entropy (Eq. 4), mean distance from the balance entropy, share of all cards in use. */
  network: { at: string; microBits: number; meanGapMicroBits: number; usedShare: number }[];
  nodes: NodeEntropyView[];
}
