/** The market as everybody sees it: classes, prices and their history, listings, numbers. */
import { z } from 'zod';
import { configOf } from '../../context.ts';
import { fresh } from '../../fresh.ts';
import { healthOf } from '../../health.ts';
import { demandOf } from '../../reads/demand.ts';
import { classesOf, openListings } from '../../reads/market.ts';
import { missedOf } from '../../reads/missed.ts';
import { statsOf } from '../../reads/stats.ts';
import { whyNoListing } from '../../reads/no-listing.ts';
import { notFound } from '../../unknown.ts';
import { cursorAfter, readCursor } from '../cursor.ts';
import { candlesOf, INTERVALS } from '../reads/candles.ts';
import { route } from '../declaration.ts';
import { candle, listing, noListing, resourceClass, stats } from '../schemas.ts';
import { addressIn, hashIn, integerIn, pageOf, pageQuery, seconds, decimal } from '../texts.ts';

const tag = 'Market';
const open = { tag, access: 'anyone', rate: 'read' } as const;

export const marketRoutes = {
  'GET /config': route({
    ...open,
    summary: 'The deployment, and the chain’s address for clients',
    answer: z.object({
      deployment: z.record(z.string(), z.unknown()),
      rpcUrl: z.string(),
      testMoney: z.boolean(),
    }),
    handler: async ({ server }) => configOf(server) as never,
  }),
  'GET /health': route({
    ...open,
    summary: 'Whether the market works: database, chain and indexer, each by itself',
    answer: z.object({
      ready: z.boolean(),
      database: z.string(),
      chain: z.string(),
      indexer: z.string(),
      block: decimal.nullable(),
      indexed: decimal.nullable(),
    }),
    handler: ({ server }) => healthOf(server),
  }),
  'GET /market': route({
    ...open,
    summary: 'The classes of the network with listings, free cards and clearing prices',
    answer: z.object({ now: seconds, slot: decimal, classes: z.array(resourceClass) }),
    handler: ({ server }) =>
      fresh('v1 market', 500, async () => {
        const now = await server.recentNow();
        return {
          now,
          slot: now / BigInt(server.deployment.parameters.slotSeconds),
          classes: await classesOf(server.db, now),
        };
      }),
  }),
  'GET /classes/{class}': route({
    ...open,
    summary: 'One resource class',
    path: z.strictObject({ class: hashIn }),
    answer: resourceClass,
    async handler({ server, path }) {
      const now = await server.recentNow();
      const classes = await fresh('v1 classes', 500, () => classesOf(server.db, now));
      const found = classes.find(({ id }) => id === path.class);
      if (found === undefined) throw notFound('This class', 'Take its id from GET /api/v1/market.');
      return found;
    },
  }),
  'GET /classes/{class}/candles': route({
    ...open,
    rate: 'heavy',
    summary: 'Clearing prices of a class, and of a region of it, as candles; oldest first',
    path: z.strictObject({ class: hashIn }),
    query: z.strictObject({
      region: z.string().min(1).max(64).optional().describe('e.g. cn-310000; all of them when left out'),
      interval: z.enum(INTERVALS).default('1h'),
      from: integerIn.optional().describe('unix seconds; 200 intervals ago when left out'),
      to: integerIn.optional().describe('unix seconds; now when left out'),
    }),
    answer: z.object({ items: z.array(candle) }),
    handler: async ({ server, path, query }) => ({
      items: await candlesOf(server.db, await server.recentNow(), { ...query, resourceClass: path.class }),
    }),
  }),
  'GET /listings': route({
    ...open,
    summary: 'Listings that can be bought now, cheapest first; when there is none, why',
    query: z.strictObject({
      ...pageQuery,
      class: hashIn.optional(),
      provider: addressIn.optional(),
      region: z.string().min(1).max(64).optional().describe('its name'),
      cards: z.coerce.number().int().min(1).max(0x7fff).optional().describe('at least so many left'),
      maxPrice: integerIn.optional().describe('base units per card-hour'),
    }),
    answer: pageOf(listing).extend({
      none: noListing.nullable().describe('why the list is empty; null when it is not'),
    }),
    async handler({ server, query }) {
      const at = readCursor(query.cursor, [/^[0-9]{1,30}$/, /^0x[0-9a-f]{64}$/]);
      const after = at === null ? null : { price: at[0]!, id: at[1]! };
      const { limit, cursor: _, ...wish } = query;
      const now = await server.recentNow();
      const rows = await openListings(server.db, now, wish, limit + 1, after);
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return {
        items,
        next: rows.length > items.length && last !== undefined ? cursorAfter([last.price, last.id]) : null,
        none: rows.length === 0 && after === null ? await whyNoListing(server.db, now, wish) : null,
      };
    },
  }),
  'GET /stats': route({
    ...open,
    summary: 'The market in numbers',
    answer: stats,
    handler: ({ server }) =>
      fresh('v1 stats', 2_000, async () =>
        statsOf(server.db, await server.recentNow(), server.deployment.parameters.slotSeconds),
      ),
  }),
  'GET /demand': route({
    ...open,
    summary: 'Arrivals and service times by kind and class with 95% intervals, and the next hour’s forecast',
    answer: z.looseObject({ now: seconds, hours: z.number(), watchedHours: z.number() }),
    handler: ({ server }) =>
      fresh('demand', 5_000, async () =>
        demandOf(server.db, await server.recentNow(), server.deployment.parameters.slotSeconds),
      ) as never,
  }),
  'GET /demand/missed': route({
    ...open,
    summary: 'What the auctions could not serve: what, where, how often, at what price',
    answer: z.looseObject({ now: seconds, hours: z.number(), orders: z.number() }),
    handler: ({ server }) =>
      fresh('missed', 5_000, async () =>
        missedOf(server.db, await server.recentNow(), server.deployment.parameters.slotSeconds),
      ) as never,
  }),
};
