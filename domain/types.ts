/**
 * The words of the market as data. Addresses, ids and hashes are lower-case 0x-hex; money is `bigint` in token
 * base units; times are unix seconds as `bigint`; counts are `number`. See docs/adr/0001-shared-formats.md.
 */
export type Hex = `0x${string}`;

/** A provider's word that its node bids with others as one, for one cycle (`IClusters.Consent`). */
export interface Consent {
  provider: Hex;
  node: Hex;
  /** `membersHash` of all members. */
  members: Hex;
  cards: number;
  /** Computing power contributed, in a unit that all members share. */
  power: bigint;
  /** Base units per card-hour. */
  reservePrice: bigint;
  /** Unix seconds. */
  validFrom: bigint;
  validUntil: bigint;
  nonce: bigint;
}

/** What monitors sign: the lease did not run on the node in [from, to), unix seconds. */
export interface Outage {
  leaseId: bigint;
  node: Hex;
  from: bigint;
  to: bigint;
}

/** The scheduler's firm price for an order, which is the order's start price. */
export interface Quote {
  orderId: Hex;
  /** Last second (unix) at which it can be accepted. */
  validUntil: bigint;
}

/** EIP-712 domain: chain and the Auction contract. */
export interface SigningDomain {
  chainId: number;
  auction: Hex;
}

export interface Ask {
  provider: Hex;
  supply: Hex;
  supplyKind: number;
  nodeEpoch: number;
  resourceClass: Hex;
  region: Hex;
  cards: number;
  reservePrice: bigint;
  validFrom: bigint;
  validUntil: bigint;
  nonce: bigint;
}

export interface Listing {
  provider: Hex;
  node: Hex;
  nodeEpoch: number;
  resourceClass: Hex;
  region: Hex;
  cards: number;
  pricePerCardHour: bigint;
  validFrom: bigint;
  validUntil: bigint;
  nonce: bigint;
}

export interface Order {
  consumer: Hex;
  requirement: Hex;
  cards: number;
  duration: number;
  startPrice: bigint;
  taskCompute: number;
  taskNetwork: number;
  taskStorage: number;
  region: Hex;
  latestStart: bigint;
  validUntil: bigint;
  minReputation: number;
  minTier: number;
  workload: Hex;
  nonce: bigint;
}

export interface Receipt {
  scheduler: Hex;
  slot: bigint;
  seq: number;
  item: Hex;
  head: Hex;
}

/**
 * A message with its 65-byte ECDSA signature. `classes` are the 2 to 16 ascending class ids behind an order's requirement;
 * empty when it names one class or takes any.
 */
export interface SignedAsk {
  ask: Ask;
  signature: Hex;
}
export interface SignedListing {
  listing: Listing;
  signature: Hex;
}
export interface SignedOrder {
  order: Order;
  classes: Hex[];
  signature: Hex;
}

export interface SlotHeader {
  slot: bigint;
  closeBlock: bigint;
  seed: Hex;
  gammaWad: bigint;
  pageCount: number;
  orderCount: number;
  askCount: number;
  matchCount: number;
  ordersRoot: Hex;
  asksRoot: Hex;
  inputsHash: Hex;
}

/** One event of our contracts; `args` as the ABI names them, integers above 32 bits as `bigint`. */
export interface MarketEvent {
  blockNumber: bigint;
  logIndex: number;
  name: string;
  args: Record<string, unknown>;
}
