/** Why nothing on offer serves an order, in words. The reasons are the auction's own filters'. */
import type { FilterReason, Wanted } from '../../domain/filters.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import type { NothingServes } from '../../domain/on-offer.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';
import { formatMoney } from '../../domain/units.ts';
import type { OpenAsk } from './open-asks.ts';
import { wantedClasses } from './order-checks.ts';

/** What ids are called: those of classes and regions that some node has. */
export interface Names {
  classes: ReadonlyMap<Hex, string>;
  regions: ReadonlyMap<Hex, string>;
}

/** What an accepted order should know: nobody would serve it now. */
export interface Note {
  code: string;
  sentence: string;
  fix: string;
  /** The filter that left nothing, and how many asks were left after each up to it. */
  reason: FilterReason;
  counts: NothingServes<OpenAsk>['counts'];
}

type Nothing = NothingServes<OpenAsk>;

export function noteOf(none: Nothing, wanted: Wanted, asks: readonly OpenAsk[], names: Names): Note {
  const { code, sentence, fix } = noSupply(none, wanted, asks, names);
  return { code, sentence, fix, reason: none.reason, counts: none.counts };
}

/** @param asks all that are on offer */
export function noSupply(none: Nothing, wanted: Wanted, asks: readonly OpenAsk[], names: Names): Refusal {
  const { sentence, fix } = WORDS[none.reason](none, {
    order: wanted.order,
    where: placeWords(classWords(wanted, names), wanted.order.region, names),
    what: classWords(wanted, names),
    asks: asks.filter(isOf(wanted)),
    all: asks,
  });
  const code = none.reason === 'PRICE' ? 'PRICE_TOO_LOW' : 'NO_SUPPLY';
  return new Refusal(code, sentence, `${fix}${missWords(none)}`, { retryable: true });
}

interface Subject {
  order: Wanted['order'];
  /** The classes that would do, and the same with the region. */
  what: string;
  where: string;
  /** On offer: of these classes, and all. */
  asks: readonly OpenAsk[];
  all: readonly OpenAsk[];
}
type Words = (none: Nothing, subject: Subject) => { sentence: string; fix: string };

const WORDS: Record<FilterReason, Words> = {
  NO_CLASS: (_, { what, all }) => ({
    sentence: `No ${what} is in the auction now.`,
    fix: `${choice(all.map(({ className }) => className))}, or wait.`,
  }),
  NO_REGION: (_, { where, asks }) => ({
    sentence: `No ${where} is in the auction now.`,
    fix: `${choice(asks.map(({ regionName }) => regionName))}, or wait.`,
  }),
  NO_CARDS: ({ most }, { where, order }) => ({
    sentence: `No node with ${where} offers ${order.cards} cards: the most is ${most}.`,
    fix: most === 0 ? 'Wait until a lease ends.' : `Ask for ${most} or fewer, or wait until a lease ends.`,
  }),
  NO_REPUTATION: ({ most }, { where, order }) => ({
    sentence: `No provider of ${where} has reputation ${order.minReputation}: the best has ${most}.`,
    fix: `Lower minReputation${down(most)}, or wait.`,
  }),
  NO_TIER: ({ most }, { where, order }) => ({
    sentence: `No node with ${where} has tier ${order.minTier}: the highest is ${most}.`,
    fix: `Lower minTier${down(most)}, or wait.`,
  }),
  PRICE: ({ nearestReserve }, { where, order }) => ({
    sentence: `No ${where} below ${formatMoney(order.startPrice)}: the lowest ask is ${formatMoney(nearestReserve!)} per card-hour.`,
    fix: `Bid with a start price of ${formatMoney(nearestReserve!)} or more, or wait until prices fall.`,
  }),
};

/** To what there is, or below. */
function down(most: number | null): string {
  return most === 0 ? ' to 0' : ` to ${most} or less`;
}

const FAILS: Record<FilterReason, string> = {
  NO_CLASS: 'it is of another class',
  NO_REGION: 'it is in another region',
  NO_CARDS: 'it has too few cards',
  NO_REPUTATION: 'its provider’s reputation is lower',
  NO_TIER: 'its tier is lower',
  PRICE: 'it asks for more',
};

/** The ask that comes nearest, unless what is said already says it. Its reserve stays sealed. */
function missWords({ reason, miss }: Nothing): string {
  if (miss === null) return '';
  const { ask, fails } = miss;
  if (fails.length === 1 && fails[0] === reason && (reason === 'PRICE' || reason === 'NO_CARDS')) return '';
  const cards = `${ask.cardsLeft} ${ask.cardsLeft === 1 ? 'card' : 'cards'}`;
  return ` Nearest: ${cards} of ${ask.className} in ${ask.regionName}, but ${listed(fails.map((one) => FAILS[one]))}.`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function isOf(wanted: Wanted): (ask: OpenAsk) => boolean {
  const classes = wantedClasses(wanted);
  return ({ resourceClass }) => classes.length === 0 || classes.includes(resourceClass);
}

function classWords(wanted: Wanted, { classes }: Names): string {
  const names = wantedClasses(wanted).map((id) => classes.get(id) ?? `class ${id.slice(0, 10)}…`);
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
