/** Computing-power identifiers: resolution, search, statistics, the dictionary (docs/cpi.md). */
import { z } from 'zod';
import { Refusal } from '../../../../domain/refusal.ts';
import { workloadDemandOf } from '../../cpi/demand.ts';
import { dictionaryView } from '../../cpi/dictionary.ts';
import { historyOf } from '../../cpi/history.ts';
import { searchIdentifiers, searchSchema } from '../../cpi/search.ts';
import { statisticsOf } from '../../cpi/statistics.ts';
import { usageOf } from '../../cpi/usage.ts';
import { route } from '../declaration.ts';
import { decimal, hashOut } from '../texts.ts';

const tag = 'Identifiers';
const open = { tag, access: 'anyone', rate: 'read' } as const;
const MOST_IDS = 256;
const idText = z.string().min(1).max(1_024);
const resolution = z.looseObject({ identifier: z.string().nullable(), node: z.string() });

/** The readers below take the query as it was sent. */
const asParams = (query: object): URLSearchParams =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );

export const cpiRoutes = {
  'GET /cpi': route({
    ...open,
    summary: 'Identifiers by prefix and by attribute, in the order of their texts',
    query: searchSchema,
    answer: z.object({
      items: z.array(
        z.object({
          identifier: z.string(),
          node: hashOut,
          provider: z.string(),
          region: z.string(),
          chip: z.string(),
          gflops: decimal.nullable(),
          grade: z.string(),
        }),
      ),
      next: z.string().nullable(),
    }),
    handler: ({ server, query }) => searchIdentifiers(server.db, asParams(query)),
  }),
  'GET /cpi/statistics': route({
    ...open,
    rate: 'heavy',
    summary: 'How many identifiers, cards and operations a second, by one or two dimensions',
    query: z.strictObject({
      by: z
        .string()
        .max(64)
        .default('region')
        .describe('one or two of region, industry, chip, provider, grade, day'),
    }),
    answer: z.looseObject({ by: z.array(z.string()), asOf: decimal }),
    handler: ({ server, query }) => statisticsOf(server.db, asParams(query)) as never,
  }),
  'GET /cpi/usage': route({
    ...open,
    rate: 'heavy',
    summary: 'Card-hours, peaks and the pool’s capacity by chip, region, industry or provider',
    query: z.strictObject({
      by: z.string().max(32).optional(),
      from: z.string().max(20).optional(),
      to: z.string().max(20).optional(),
    }),
    answer: z.looseObject({ by: z.string(), from: decimal, to: decimal }),
    handler: ({ server, query }) => usageOf(server.db, asParams(query)) as never,
  }),
  'GET /cpi/demand': route({
    ...open,
    rate: 'heavy',
    summary: 'What a workload’s finished runs say of its work, and how long it would take on a class',
    query: z.strictObject({
      workload: z.string().max(80).optional(),
      class: z.string().max(80).optional(),
      cards: z.string().max(10).optional(),
    }),
    answer: z.looseObject({ runs: z.int(), needed: z.int() }),
    handler: ({ server, query }) => workloadDemandOf(server.db, asParams(query)) as never,
  }),
  'GET /cpi/dictionary': route({
    ...open,
    summary: 'What fields mean, and tables of codes with their versions',
    query: z.strictObject({ table: z.string().max(64).optional() }),
    answer: z.unknown(),
    handler: ({ query }) => dictionaryView(query.table ?? null),
  }),
  'GET /cpi/{id}': route({
    ...open,
    summary: 'An identifier (percent-encoded) or a node’s id: what it says, and the node’s live status',
    path: z.strictObject({ id: idText }),
    answer: resolution,
    handler: ({ server, path }) => server.resolver.resolve(path.id) as never,
  }),
  'GET /cpi/{id}/history': route({
    ...open,
    summary: 'Every version of a node’s identifier, newest first',
    path: z.strictObject({ id: idText }),
    answer: z.object({
      items: z.array(
        z.object({
          version: z.int(),
          identifier: z.string(),
          cards: z.int(),
          block: decimal,
          at: decimal.nullable(),
          txHash: hashOut,
        }),
      ),
    }),
    async handler({ server, path }) {
      const { node } = await server.resolver.resolve(path.id);
      return { items: await historyOf(server.db, node) };
    },
  }),
  'POST /cpi/resolutions': route({
    ...open,
    summary: 'Many identifiers at once: for each what GET /cpi/{id} would answer, or why it is refused',
    body: z.strictObject({ ids: z.array(idText).max(MOST_IDS) }),
    answer: z.object({ items: z.array(z.looseObject({ ok: z.boolean() })) }),
    async handler({ server, body }) {
      const answers = await server.resolver.resolveAll(body.ids);
      const items = answers.map((item) =>
        item instanceof Refusal
          ? { ok: false, code: item.code, sentence: item.sentence, fix: item.fix }
          : { ok: true, ...item },
      );
      return { items };
    },
  }),
};
