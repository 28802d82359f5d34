/** The market's commands for who rents: look, ask for a price, bid. */
import { classId, regionId } from '../../domain/names.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { slotAt, slotEnd, type Parameters } from '../../domain/parameters.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';
import { formatMoney, lockFor, parseMoney } from '../../domain/units.ts';
import { taskVector } from '../../domain/vectors.ts';
import { parseDeployment } from '../../contracts/deployment.ts';
import { sendOrder } from '../../sdk/index.ts';
import { table, type Desk } from './desk.ts';

const amount = (units: string | bigint): string => formatMoney(BigInt(units));

/** Classes with what is free and what they cost. */
export async function showMarket(desk: Desk): Promise<void> {
  const market = await desk.client.call('GET /market');
  desk.print(
    market,
    table([
      ['CLASS', 'FREE', 'OF', 'REGIONS', 'LISTED FROM', 'LAST CLEARED'],
      ...market.classes.map(({ name, freeCards, cards, regions, listings, prices }) => [
        name,
        String(freeCards),
        String(cards),
        regions.join(','),
        listings[0] === undefined ? '–' : amount(listings[0].price),
        prices[0] === undefined ? '–' : amount(prices[0].price),
      ]),
    ]),
  );
}

export interface Wish {
  class: string;
  cards: string;
  hours: string;
  region?: string;
  /** Shell command that the lease runs. */
  run: string;
}

interface Terms {
  classes: Hex[];
  cards: number;
  duration: number;
  region: Hex;
  workload: { command: string[] };
}

function termsOf(wish: Wish): Terms {
  const cards = Number(wish.cards);
  const duration = Math.round(Number(wish.hours) * 3_600);
  if (!Number.isInteger(cards) || cards < 1 || !(duration >= 1))
    throw new Refusal(
      'MALFORMED',
      `${wish.cards} cards for ${wish.hours} hours can not be had.`,
      'Give --cards as a whole number and --hours as a number above 0.',
    );
  return {
    classes: wish.class === 'any' ? [] : [classId(wish.class)],
    cards,
    duration,
    region: wish.region === undefined ? ZERO_HASH : regionId(wish.region),
    workload: { command: ['sh', '-c', wish.run] },
  };
}

/** A nonce that nobody guesses: 53 bits. */
const newNonce = (): bigint => crypto.getRandomValues(new BigUint64Array(1))[0]! >> 11n;

/** A firm price, with its parts. */
export async function askQuote(desk: Desk, wish: Wish): Promise<void> {
  const { classes, cards, duration, region, workload } = termsOf(wish);
  const { hash } = await desk.client.call('POST /workloads', { body: workload });
  const { now } = await desk.client.call('GET /stats');
  const quote = await desk.client.call('POST /quotes', {
    body: {
      consumer: desk.signer().address.toLowerCase(),
      ...{ classes, cards, duration, region, workload: hash },
      ...taskVector({ cards, networkMbps: 0, storageGb: 0 }),
      latestStart: BigInt(now) + 3_600n,
      nonce: newNonce(),
    },
  });
  const { pricePerCardHour, cost, fee, total } = quote.breakdown;
  desk.print(quote, [
    `quote ${quote.id}`,
    `${amount(pricePerCardHour)} per card-hour: cost ${amount(cost)}, fee ${amount(fee)}, total ${amount(total)}`,
    `accepted until ${quote.validUntil} (chain time); what is not procured by ${quote.refundAfter} comes back`,
  ]);
}

/** Signs a bid and hands it in; the receipt is checked. @param price the most that it pays, per card-hour */
export async function bid(desk: Desk, wish: Wish, price: string): Promise<void> {
  const { classes, cards, duration, region, workload } = termsOf(wish);
  const startPrice = moneyOf(price);
  const account = desk.signer();
  const [{ deployment: raw }, { now }] = await Promise.all([
    desk.client.call('GET /config'),
    desk.client.call('GET /stats'),
  ]);
  const deployment = parseDeployment(raw);
  const { parameters, chainId, auction, scheduler } = deployment;
  const validUntil = endAfter(BigInt(now) + 900n, parameters);
  const order = {
    consumer: account.address.toLowerCase() as Hex,
    requirement: classes[0] ?? ZERO_HASH,
    ...{ cards, duration, startPrice, region, validUntil },
    ...taskVector({ cards, networkMbps: 0, storageGb: 0 }),
    latestStart: validUntil + BigInt(parameters.commitDeadlineSeconds),
    minReputation: 0,
    minTier: 0,
    nonce: newNonce(),
  };
  const sent = await sendOrder(desk.client, { domain: { chainId, auction }, scheduler }, order, {
    workload,
    sign: (hash) => account.sign({ hash }),
  });
  const most = lockFor(cards, duration, startPrice, parameters.feeBps);
  desk.print(sent, [
    `order ${sent.id}`,
    `in slot ${sent.receipt.slot} as number ${sent.receipt.seq}; it locks ${amount(most)} at most, with its fee`,
  ]);
}

const endAfter = (at: bigint, parameters: Parameters): bigint => slotEnd(slotAt(at, parameters), parameters);

function moneyOf(text: string): bigint {
  try {
    return parseMoney(text);
  } catch {
    throw new Refusal('MALFORMED', `${text} is no price.`, 'Give it in tokens, as 2.5.');
  }
}

/** Your orders, newest first. */
export async function listOrders(desk: Desk): Promise<void> {
  await desk.account();
  const { items } = await desk.client.call('GET /orders', { query: { limit: 50 } });
  desk.print(
    items,
    table([
      ['ORDER', 'CLASS', 'CARDS', 'SECONDS', 'MOST', 'STATE', 'WHY', 'LEASE'],
      ...items.map(({ id, className, order, state, outcome, leaseId }) => [
        id,
        className,
        String(order['cards']),
        String(order['duration']),
        amount(String(order['startPrice'])),
        state,
        outcome?.code ?? '–',
        leaseId ?? '–',
      ]),
    ]),
  );
}
