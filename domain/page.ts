/**
 * Pages (ADR 0007): the bytes that commit a slot's matches, the roots that the contract makes of them, and the bytes that settle
 * their leases.
 */
import { askId, orderId } from './eip712.ts';
import { bytesToHex, concat, hexToBytes, keccak, uintBytes, writeHex, writeUint, ZERO_HASH } from './hash.ts';
import { leaseLeaf, matchLeaf, type LeaseTerms, type MatchLeaf } from './leaves.ts';
import { merkleProof, merkleRoot, merkleTop, TAG } from './merkle.ts';
import { clock, priceAt } from './rea.ts';
import { ANY_CLASS } from './requirement.ts';
import type { Hex, SignedAsk, SignedOrder, SigningDomain } from './types.ts';

/** What a page says of a match: its messages, and its places in the shortlist. */
export interface PageMatch {
  order: SignedOrder;
  ask: SignedAsk;
  leaf: Pick<MatchLeaf, 'winner' | 'runnerUp' | 'step' | 'shortlist'>;
}

const ASK_HEAD = 70;
const MATCH_HEAD = 86;
const RECORD = 157;

/** The argument `data` of `commitPage`. @throws RangeError when a message is wider than the contract's words. */
export function encodePage(matches: readonly PageMatch[]): Uint8Array {
  const providers = new Table<Hex>(matches.map((match) => match.ask.ask.provider));
  const consumers = new Table<Hex>(matches.map((match) => match.order.order.consumer));
  const kinds = new Table<Hex>(matches.map((match) => kindOf(match.ask)));
  const asks = new Map<string, { index: number; bytes: Uint8Array }>();
  for (const { ask } of matches) {
    const key = JSON.stringify([ask.ask.provider, String(ask.ask.nonce), ask.signature]);
    if (asks.has(key)) continue;
    const bytes = encodeAsk(ask, providers.indexOf(ask.ask.provider), kinds.indexOf(kindOf(ask)));
    asks.set(key, { index: asks.size, bytes });
  }
  const bids = matches.map((match) => {
    const key = JSON.stringify([
      match.ask.ask.provider,
      String(match.ask.ask.nonce),
      match.ask.signature,
    ]);
    return encodeMatch(match, asks.get(key)!.index, consumers.indexOf(match.order.order.consumer));
  });
  return concat(
    uintBytes(providers.items.length, 1),
    uintBytes(consumers.items.length, 1),
    ...[...providers.items, ...consumers.items].map(hexToBytes),
    uintBytes(kinds.items.length, 1),
    ...kinds.items.map(hexToBytes),
    uintBytes(asks.size, 1),
    ...[...asks.values()].map((ask) => ask.bytes),
    uintBytes(bids.length, 1),
    ...bids,
  );
}

function encodeAsk({ ask, signature }: SignedAsk, provider: number, kind: number): Uint8Array {
  const size = (signature.length - 2) / 2;
  const bytes = new Uint8Array(ASK_HEAD + size);
  writeUint(bytes, 0, 1, provider);
  writeUint(bytes, 1, 1, kind);
  writeUint(bytes, 2, 1, ask.supplyKind);
  writeUint(bytes, 3, 2, ask.nodeEpoch);
  writeUint(bytes, 5, 2, ask.cards);
  writeUint(bytes, 7, 12, ask.reservePrice);
  writeUint(bytes, 19, 5, ask.validFrom);
  writeUint(bytes, 24, 5, ask.validUntil);
  writeUint(bytes, 29, 8, ask.nonce);
  writeHex(bytes, 37, ask.supply);
  writeUint(bytes, 69, 1, size);
  writeHex(bytes, ASK_HEAD, signature);
  return bytes;
}

function encodeMatch({ order: signed, ask, leaf }: PageMatch, askIndex: number, consumer: number): Uint8Array {
  const { order, classes, signature } = signed;
  const size = (signature.length - 2) / 2;
  const classCount = order.requirement === ANY_CLASS ? 0 : classes.length > 1 ? classes.length : 1;
  const listed = classCount > 1 ? classes : [];
  if (classCount === 1 && order.requirement !== ask.ask.resourceClass)
    throw new RangeError(`order of class ${order.requirement} can't take an ask of ${ask.ask.resourceClass}`);
  const shortlistAt = MATCH_HEAD + size + 32 * listed.length;
  const bytes = new Uint8Array(shortlistAt + 4 * leaf.shortlist.length);
  writeUint(bytes, 0, 1, askIndex);
  writeUint(bytes, 1, 1, consumer);
  writeUint(bytes, 2, 1, order.region === ZERO_HASH ? 0 : 1);
  writeUint(bytes, 3, 1, classCount);
  writeUint(bytes, 4, 2, order.cards);
  writeUint(bytes, 6, 4, order.duration);
  writeUint(bytes, 10, 12, order.startPrice);
  writeUint(bytes, 22, 2, order.taskCompute);
  writeUint(bytes, 24, 2, order.taskNetwork);
  writeUint(bytes, 26, 2, order.taskStorage);
  writeUint(bytes, 28, 5, order.latestStart);
  writeUint(bytes, 33, 5, order.validUntil);
  writeUint(bytes, 38, 2, order.minReputation);
  writeUint(bytes, 40, 1, order.minTier);
  writeUint(bytes, 41, 8, order.nonce);
  writeHex(bytes, 49, order.workload);
  writeUint(bytes, 81, 1, leaf.winner);
  writeUint(bytes, 82, 1, leaf.runnerUp);
  writeUint(bytes, 83, 1, leaf.step);
  writeUint(bytes, 84, 1, leaf.shortlist.length);
  writeUint(bytes, 85, 1, size);
  writeHex(bytes, MATCH_HEAD, signature);
  listed.forEach((id, place) => writeHex(bytes, MATCH_HEAD + size + 32 * place, id));
  leaf.shortlist.forEach((index, place) => writeUint(bytes, shortlistAt + 4 * place, 4, index));
  return bytes;
}

/** The matches that `commitPage` was given. @throws RangeError when the bytes are no page. */
export function decodePage(data: Uint8Array): PageMatch[] {
  const read = new Reader(data);
  const [providerCount, consumerCount] = [read.int(1), read.int(1)];
  const providers = read.list(providerCount, () => read.hex(20));
  const consumers = read.list(consumerCount, () => read.hex(20));
  const kinds = read.list(read.int(1), () => ({ resourceClass: read.hex(32), region: read.hex(32) }));
  const asks = read.list(read.int(1), () => decodeAsk(read, providers, kinds));
  const matches = read.list(read.int(1), () => decodeMatch(read, asks, consumers));
  read.end();
  return matches;
}

function decodeAsk(
  read: Reader,
  providers: readonly Hex[],
  kinds: readonly { resourceClass: Hex; region: Hex }[],
): SignedAsk {
  const provider = read.of(providers);
  const kind = read.of(kinds);
  const ask = {
    provider,
    ...kind,
    supplyKind: read.int(1),
    nodeEpoch: read.int(2),
    cards: read.int(2),
    reservePrice: read.big(12),
    validFrom: read.big(5),
    validUntil: read.big(5),
    nonce: read.big(8),
    supply: read.hex(32),
  };
  return { ask, signature: read.hex(read.int(1)) };
}

function decodeMatch(read: Reader, asks: readonly SignedAsk[], consumers: readonly Hex[]): PageMatch {
  const ask = read.of(asks);
  const consumer = read.of(consumers);
  const region = read.int(1) === 0 ? ZERO_HASH : ask.ask.region;
  const classCount = read.int(1);
  const terms = {
    cards: read.int(2),
    duration: read.int(4),
    startPrice: read.big(12),
    taskCompute: read.int(2),
    taskNetwork: read.int(2),
    taskStorage: read.int(2),
    latestStart: read.big(5),
    validUntil: read.big(5),
    minReputation: read.int(2),
    minTier: read.int(1),
    nonce: read.big(8),
    workload: read.hex(32),
  };
  const places = { winner: read.int(1), runnerUp: read.int(1), step: read.int(1) };
  const shortlistCount = read.int(1);
  const signature = read.hex(read.int(1));
  const classes = read.list(classCount > 1 ? classCount : 0, () => read.hex(32));
  const shortlist = read.list(shortlistCount, () => read.int(4));
  const requirement =
    classCount === 0
      ? ANY_CLASS
      : classCount === 1
        ? ask.ask.resourceClass
        : keccak(concat(...classes.map(hexToBytes)));
  return {
    order: { order: { consumer, region, requirement, ...terms }, classes, signature },
    ask,
    leaf: { ...places, shortlist },
  };
}

/** What `PageCommitted` records of one match. */
export interface PageRecord {
  /** Code of `IAuction.Skip`; 0 for a match that became a lease. */
  skip: number;
  orderId: Hex;
  askId: Hex;
  node: Hex;
  workload: Hex;
  nonce: bigint;
  lease: LeaseTerms;
}

/** `accounts` and `records` of `PageCommitted`, read. */
export function decodeRecords(accounts: Hex, records: Hex): PageRecord[] {
  const table = accountTable(accounts);
  const read = new Reader(hexToBytes(records));
  return read.list(((records.length - 2) / 2 / RECORD) | 0, () => ({
    skip: read.int(1),
    orderId: read.hex(32),
    askId: read.hex(32),
    node: read.hex(32),
    workload: read.hex(32),
    nonce: read.big(8),
    lease: decodeLease(read, table),
  }));
}

/** The leaves of a page's match tree: what was sent, with what the contract made of it. */
export function pageLeaves(
  domain: SigningDomain,
  gammaWad: bigint,
  matches: readonly PageMatch[],
  records: readonly PageRecord[],
): MatchLeaf[] {
  const factors = clock(gammaWad);
  return matches.map(({ order, ask, leaf }, index) => ({
    skip: records[index]?.skip ?? 0,
    orderId: orderId(domain, order.order),
    askId: askId(domain, ask.ask),
    node: ask.ask.supply,
    cards: order.order.cards,
    ...leaf,
    price: priceAt(order.order.startPrice, factors[leaf.step] ?? 0n),
  }));
}

export function matchRoot(leaves: readonly MatchLeaf[]): Hex {
  return merkleRoot(TAG.matches, leaves.map(matchLeaf));
}

/** Where a slot's page comes from; its lease root binds it. */
export function slotSource(slot: bigint, page: number, root: Hex): Hex {
  return keccak(concat(uintBytes(0, 1), uintBytes(slot, 8), uintBytes(page, 2), hexToBytes(root)));
}

/** Where a bought lease comes from. */
export function listingSource(listingId: Hex, node: Hex): Hex {
  return keccak(concat(uintBytes(1, 1), hexToBytes(listingId), hexToBytes(node)));
}

/** A page of leases as settlements name it; both texts are packed bytes. */
export interface LeasePage {
  id: bigint;
  start: bigint;
  source: Hex;
  /** 20 bytes each. */
  accounts: Hex;
  /** 20 bytes each: rate 12, cards 2, duration 4, consumer's place 1, provider's place 1. */
  leases: Hex;
}

/** The page that a `PageCommitted` opened. */
export function leasePageOf(
  id: bigint,
  start: bigint,
  source: Hex,
  accounts: Hex,
  records: Hex,
): LeasePage {
  let leases = '0x';
  for (let at = 2; at < records.length; at += 2 * RECORD) leases += records.slice(at + 2 * 137, at + 2 * RECORD);
  return { id, start, source, accounts, leases: leases as Hex };
}

/** The page that a Buy opened. */
export function boughtPageOf(id: bigint, start: bigint, source: Hex, lease: LeaseTerms): LeasePage {
  const bytes = concat(
    uintBytes(lease.rate, 12),
    uintBytes(lease.cards, 2),
    uintBytes(lease.duration, 4),
    uintBytes(1, 1),
    uintBytes(0, 1),
  );
  const accounts = concat(hexToBytes(lease.provider), hexToBytes(lease.consumer));
  return { id, start, source, accounts: bytesToHex(accounts), leases: bytesToHex(bytes) };
}

/** The leases of a page; a skipped match left one of no cards. */
export function leasesOf(page: Pick<LeasePage, 'accounts' | 'leases'>): LeaseTerms[] {
  const table = accountTable(page.accounts);
  const read = new Reader(hexToBytes(page.leases));
  return read.list((page.leases.length - 2) / 40, () => decodeLease(read, table));
}

/** What the lease book stores for the page. */
export function leaseRoot(page: LeasePage): Hex {
  const leaves = leasesOf(page).map(leaseLeaf);
  return keccak(
    concat(
      uintBytes(2, 1),
      uintBytes(TAG.leases, 1),
      uintBytes(leaves.length, 4),
      merkleTop(TAG.leases, leaves),
      uintBytes(page.start, 5),
      hexToBytes(page.source),
    ),
  );
}

/** `LeaseRef` of contracts/types/Lease.sol: one lease with its proof. */
export interface LeaseRef {
  pageId: bigint;
  index: number;
  count: number;
  start: bigint;
  source: Hex;
  lease: LeaseTerms;
  proof: Hex[];
}

/** @throws RangeError when the page has no such lease. */
export function leaseRef(page: LeasePage, index: number): LeaseRef {
  const leases = leasesOf(page);
  const lease = leases[index];
  if (!lease) throw new RangeError(`page ${page.id} has no lease ${index}`);
  const proof = merkleProof(TAG.leases, leases.map(leaseLeaf), index);
  return { pageId: page.id, index, count: leases.length, start: page.start, source: page.source, lease, proof };
}

export function leaseId(pageId: bigint, index: number): bigint {
  return (pageId << 8n) | BigInt(index);
}

/** The argument of `settlePages`. */
export function encodeSettlement(pages: readonly LeasePage[]): Uint8Array {
  return concat(
    ...pages.flatMap(({ id, start, source, accounts, leases }) => [
      uintBytes(id, 8),
      uintBytes(start, 5),
      hexToBytes(source),
      uintBytes((accounts.length - 2) / 40, 1),
      hexToBytes(accounts),
      uintBytes((leases.length - 2) / 40, 1),
      hexToBytes(leases),
    ]),
  );
}

function decodeLease(read: Reader, table: readonly Hex[]): LeaseTerms {
  const terms = { rate: read.big(12), cards: read.int(2), duration: read.int(4) };
  return { ...terms, consumer: read.of(table), provider: read.of(table) };
}

function accountTable(accounts: Hex): Hex[] {
  const read = new Reader(hexToBytes(accounts));
  return read.list((accounts.length - 2) / 40, () => read.hex(20));
}

function kindOf({ ask }: SignedAsk): Hex {
  return `${ask.resourceClass}${ask.region.slice(2)}`;
}

/** Distinct items in the order of their first appearance. */
class Table<T> {
  readonly items: T[];
  readonly #index: Map<T, number>;

  constructor(all: readonly T[]) {
    this.items = [...new Set(all)];
    this.#index = new Map(this.items.map((item, index) => [item, index]));
  }

  indexOf(item: T): number {
    return this.#index.get(item)!;
  }
}

/** Big-endian bytes, read one after the other. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  hex(size: number): Hex {
    const end = this.#at + size;
    if (end > this.#bytes.length) throw new RangeError(`the bytes end at ${this.#bytes.length}, before ${end}`);
    const slice = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytesToHex(slice);
  }

  big(size: number): bigint {
    return BigInt(this.hex(size));
  }

  int(size: number): number {
    return Number(this.hex(size));
  }

  list<T>(count: number, next: () => T): T[] {
    return Array.from({ length: count }, next);
  }

  /** The entry of a table that the next byte names. */
  of<T>(table: readonly T[]): T {
    const entry = table[this.int(1)];
    if (entry === undefined) throw new RangeError('the bytes name an entry that their table does not have');
    return entry;
  }

  end(): void {
    if (this.#at !== this.#bytes.length)
      throw new RangeError(`${this.#bytes.length - this.#at} bytes are left over`);
  }
}
