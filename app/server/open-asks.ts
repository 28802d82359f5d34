/** What the auction has on offer at this moment, and in words what it has not. Reserves stay sealed but for the lowest that an answer names. */
import { ZERO_HASH } from '../../domain/hash.ts';
import { regionId } from '../../domain/names.ts';
import { Refusal } from '../../domain/refusal.ts';
import { scoreAt, type Outcomes } from '../../domain/reputation.ts';
import { ANY_CLASS } from '../../domain/requirement.ts';
import type { Hex, Order } from '../../domain/types.ts';
import { formatMoney } from '../../domain/units.ts';
import type { Database } from '../../prisma/client.ts';
import { openClusters } from './clusters/open.ts';

/** An ask that the slot now open would count as eligible. */
export interface OpenAsk {
  resourceClass: Hex;
  className: string;
  region: string;
  /** Hash of the region. */
  place: Hex;
  /** Base units per card-hour. */
  reserve: bigint;
  /** Cards that one order could get of it. */
  free: number;
  tier: number;
  reputation: number;
}

/** What an order asks of an ask. */
export type Wish = Pick<Order, 'region' | 'cards' | 'minReputation' | 'minTier' | 'startPrice'>;

/** Milliseconds for which an answer is repeated: what it says is advice, the slot decides. */
const FRESH_MS = 1_000;

/** What the slot that ends then (unix seconds) has on offer. */
export type OpenAsks = (slotEnd: bigint) => Promise<{ asks: readonly OpenAsk[]; floors: Floors }>;

/** @param minProviderStake prior of a reputation, base units */
export function createOpenAsks(db: Database, minProviderStake: bigint): OpenAsks {
  let last: { slotEnd: bigint; at: number; read: ReturnType<OpenAsks> } | null = null;
  return (slotEnd) => {
    const now = Date.now();
    if (last?.slotEnd !== slotEnd || now - last.at > FRESH_MS) {
      const read = readAsks(db, slotEnd, minProviderStake).then((asks) => ({ asks, floors: floorsOf(asks) }));
      last = { slotEnd, at: now, read };
      read.catch(() => (last = null));
    }
    return last.read;
  };
}

interface AskRow {
  resourceClass: Hex;
  className: string;
  region: string;
  reserve: string;
  free: number;
  tier: number;
  day: number | null;
  good: string;
  bad: string;
  newGood: string;
  newBad: string;
}

async function readAsks(db: Database, slotEnd: bigint, prior: bigint): Promise<OpenAsk[]> {
  const rows = await db.$queryRaw<AskRow[]>`
    SELECT n."resourceClass", n."className", n.region, a.message->>'reservePrice' AS reserve, n.tier,
           least((a.message->>'cards')::int - coalesce(f.filled, 0), n.cards - coalesce(l.cards, 0))::int AS free,
           p."outcomeDay" AS day, p.good::text AS good, p.bad::text AS bad, p."newGood"::text AS "newGood", p."newBad"::text AS "newBad"
    FROM ask a
      JOIN node n ON n.id = a.node AND n.provider = a.provider AND n.epoch = (a.message->>'nodeEpoch')::bigint
        AND n."clusteredUntil" < ${slotEnd}
      JOIN provider p ON p.address = a.provider AND p."exitAt" IS NULL
      LEFT JOIN fill f ON f.id = a.id
      LEFT JOIN (SELECT node, sum(cards) AS cards FROM lease WHERE "end" > ${slotEnd} GROUP BY node) l ON l.node = n.id
    WHERE a."validUntil" >= ${slotEnd} AND (a.message->>'validFrom')::numeric <= ${slotEnd}
      AND NOT EXISTS (SELECT 1 FROM used_nonce u
        WHERE u.kind = 'ask' AND u.account = a.provider AND u.nonce = (a.message->>'nonce')::numeric)`;
  const places = new Map([...new Set(rows.map((row) => row.region))].map((name) => [name, regionId(name)]));
  const clusters = await asksOfClusters(db, slotEnd, prior);
  const asks = rows.map(({ resourceClass, className, region, reserve, free, tier, ...record }) => ({
    resourceClass,
    className,
    region,
    place: places.get(region)!,
    reserve: BigInt(reserve),
    free,
    tier,
    reputation: scoreAt(outcomesOf(record), slotEnd, prior),
  }));
  return [...asks, ...clusters];
}

/** A cluster's reputation is the least of its members'. */
async function asksOfClusters(db: Database, slotEnd: bigint, prior: bigint): Promise<OpenAsk[]> {
  const open = await openClusters(db, slotEnd);
  if (open.length === 0) return [];
  const providers = await db.$queryRaw<(Parameters<typeof outcomesOf>[0] & { address: string })[]>`
    SELECT address, "outcomeDay" AS day, good::text AS good, bad::text AS bad, "newGood"::text AS "newGood", "newBad"::text AS "newBad"
    FROM provider WHERE address = ANY(${open.flatMap(({ members }) => members)})`;
  const scores = new Map(
    providers.map(({ address, ...record }) => [address, scoreAt(outcomesOf(record), slotEnd, prior)]),
  );
  return open.map(({ members, ...ask }) => ({
    ...ask,
    reputation: Math.min(...members.map((member) => scores.get(member) ?? 0)),
  }));
}

function outcomesOf({
  day,
  good,
  bad,
  newGood,
  newBad,
}: Pick<AskRow, 'day' | 'good' | 'bad' | 'newGood' | 'newBad'>): Outcomes | undefined {
  if (day === null) return undefined;
  return { day, good: BigInt(good), bad: BigInt(bad), newGood: BigInt(newGood), newBad: BigInt(newBad) };
}

/** What ids are called: those of classes and regions that some node has. */
export interface Names {
  classes: ReadonlyMap<Hex, string>;
  regions: ReadonlyMap<Hex, string>;
}

/** Why nothing on offer could serve an order now, by the first filter of the auction that leaves nothing; null when something could. */
export function whyNone(
  asks: readonly OpenAsk[],
  wanted: readonly Hex[],
  wish: Wish,
  names: Names,
): Refusal | null {
  const what = classWords(wanted, names);
  const where = placeWords(what, wish.region, names);
  const ofClass = asks.filter((ask) => wanted.length === 0 || wanted.includes(ask.resourceClass));
  if (ofClass.length === 0)
    return none(`No ${what} is in the auction now.`, `${choice(asks.map((ask) => ask.className))}, or wait.`);
  const inRegion = ofClass.filter((ask) => isAt(ask, wish.region));
  if (inRegion.length === 0)
    return none(
      `No ${where} is in the auction now.`,
      `${choice(ofClass.map((ask) => ask.region))}, or wait.`,
    );
  const free = inRegion.filter((ask) => ask.free >= wish.cards);
  if (free.length === 0) {
    const most = inRegion.reduce((best, ask) => Math.max(best, ask.free), 0);
    return none(
      `No node with ${where} offers ${wish.cards} cards: the most is ${most}.`,
      most === 0 ? 'Wait until a lease ends.' : `Ask for ${most} or fewer, or wait until a lease ends.`,
    );
  }
  const good = free.filter((ask) => ask.reputation >= wish.minReputation && ask.tier >= wish.minTier);
  if (good.length === 0)
    return none(
      `No provider of ${where} has reputation ${wish.minReputation} and tier ${wish.minTier}.`,
      'Lower minReputation or minTier, or wait.',
    );
  const lowest = good.reduce((least, { reserve }) => (reserve < least ? reserve : least), good[0]!.reserve);
  return lowest <= wish.startPrice ? null : tooLow(where, wish.startPrice, lowest);
}

/** What an accepted order should know: nobody would serve it now. */
export interface Note {
  code: string;
  sentence: string;
  fix: string;
}

/** The lowest ask of each class and region, for a look at many orders in no time. */
export interface Floors {
  /** The note for an order; null when some ask of its class and region accepts its start price. */
  noteFor(wanted: readonly Hex[], wish: Wish, names: Names): Note | null;
}

function floorsOf(asks: readonly OpenAsk[]): Floors {
  const lowest = new Map<string, bigint>();
  for (const { resourceClass, place: at, reserve, free } of asks) {
    if (free < 1) continue;
    for (const name of [ANY_CLASS, resourceClass])
      for (const place of [ZERO_HASH, at]) {
        const best = lowest.get(name + place);
        if (best === undefined || reserve < best) lowest.set(name + place, reserve);
      }
  }
  return {
    noteFor(wanted, wish, names) {
      const floors = (wanted.length === 0 ? [ANY_CLASS] : wanted).map((name) =>
        lowest.get(name + wish.region),
      );
      if (floors.some((floor) => floor !== undefined && floor <= wish.startPrice)) return null;
      // The rest of what an order may want is left to the slot.
      const refusal = whyNone(asks, wanted, { ...wish, cards: 1, minReputation: 0, minTier: 0 }, names);
      return refusal && { code: refusal.code, sentence: refusal.sentence, fix: refusal.fix };
    },
  };
}

function none(sentence: string, fix: string): Refusal {
  return new Refusal('NO_SUPPLY', sentence, fix, { retryable: true });
}

function tooLow(where: string, price: bigint, lowest: bigint): Refusal {
  return new Refusal(
    'PRICE_TOO_LOW',
    `No ${where} below ${formatMoney(price)}: the lowest ask is ${formatMoney(lowest)} per card-hour.`,
    `Bid with a start price of ${formatMoney(lowest)} or more, or wait until prices fall.`,
    { retryable: true },
  );
}

function isAt(ask: OpenAsk, region: Hex): boolean {
  return region === ZERO_HASH || ask.place === region;
}

function classWords(wanted: readonly Hex[], { classes }: Names): string {
  const names = wanted.map((id) => classes.get(id) ?? `class ${id.slice(0, 10)}…`);
  return names.length === 0 ? 'card of any class' : names.sort().join(' or ');
}

function placeWords(what: string, region: Hex, { regions }: Names): string {
  return region === ZERO_HASH
    ? what
    : `${what} in ${regions.get(region) ?? `region ${region.slice(0, 10)}…`}`;
}

function choice(names: readonly string[]): string {
  const distinct = [...new Set(names)].sort();
  return distinct.length === 0 ? 'Buy from a listing' : `Choose from: ${distinct.join(', ')}`;
}
