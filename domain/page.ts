/**
 * Pages (ADR 0007): the bytes that commit a slot's matches, and what the contract records of them.
 */
import { askId, orderId } from './eip712.ts';
import { concat, hexToBytes, keccak, uintBytes, writeHex, writeUint, ZERO_HASH } from './hash.ts';
import { accountTable, decodeLease, RECORD } from './lease-page.ts';
import { matchLeaf, type LeaseTerms, type MatchLeaf } from './leaves.ts';
import { merkleRoot, TAG } from './merkle.ts';
import { clock, priceAt } from './rea.ts';
import { Reader } from './reader.ts';
import { ANY_CLASS } from './requirement.ts';
import type { Hex, SignedAsk, SignedOrder, SigningDomain } from './types.ts';

/** Why a match was skipped, in the order of `IAuction.Skip`. */
export const SKIP_REASONS = [
  'NONE',
  'ORDER_SIGNATURE',
  'ASK_SIGNATURE',
  'ORDER_EXPIRED',
  'ASK_EXPIRED',
  'ORDER_NONCE_USED',
  'ASK_NONCE_USED',
  'NODE_MISMATCH',
  'CLASS_MISMATCH',
  'PROVIDER_NOT_SELLING',
  'QUANTITY',
  'DURATION',
  'PRICE',
  'FUNDS',
  'CAP',
  'REPUTATION',
  'TIER',
  'IN_CLUSTER',
] as const;

/** What a page says of a match: its messages, and its places in the shortlist. */
export interface PageMatch {
  order: SignedOrder;
  ask: SignedAsk;
  leaf: Pick<MatchLeaf, 'winner' | 'runnerUp' | 'step' | 'shortlist'>;
}

const ASK_HEAD = 70;
const MATCH_HEAD = 86;

/** The argument `data` of `commitPage`. @throws RangeError when a message is wider than the contract's words. */
export function encodePage(matches: readonly PageMatch[]): Uint8Array {
  const providers = new Table<Hex>(matches.map((match) => match.ask.ask.provider));
  const consumers = new Table<Hex>(matches.map((match) => match.order.order.consumer));
  const kinds = new Table<Hex>(matches.map((match) => kindOf(match.ask)));
  const asks = new AskTable();
  const bids = matches.map((match) => {
    const { ask, order } = match;
    const index = asks.indexOf(ask, () =>
      encodeAsk(ask, providers.indexOf(ask.ask.provider), kinds.indexOf(kindOf(ask))),
    );
    return encodeMatch(match, index, consumers.indexOf(order.order.consumer));
  });
  return concat(
    uintBytes(providers.items.length, 1),
    uintBytes(consumers.items.length, 1),
    ...[...providers.items, ...consumers.items].map(hexToBytes),
    uintBytes(kinds.items.length, 1),
    ...kinds.items.map(hexToBytes),
    uintBytes(asks.encoded.length, 1),
    ...asks.encoded,
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

function encodeMatch(
  { order: signed, ask, leaf }: PageMatch,
  askIndex: number,
  consumer: number,
): Uint8Array {
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

/** The page's asks, each once: by what they say, and faster by the object that most matches share. */
class AskTable {
  readonly encoded: Uint8Array[] = [];
  readonly #places = new Map<string, number>();
  readonly #seen = new Map<SignedAsk, number>();

  indexOf(signed: SignedAsk, encode: () => Uint8Array): number {
    const seen = this.#seen.get(signed);
    if (seen !== undefined) return seen;
    const { ask, signature } = signed;
    const key = `${ask.provider} ${ask.nonce} ${signature}`;
    const place = this.#places.get(key) ?? this.encoded.push(encode()) - 1;
    this.#places.set(key, place);
    this.#seen.set(signed, place);
    return place;
  }
}
