/** The document of all routes, readiness, and numbers for whoever runs the market. */
import { z } from 'zod';
import { Refusal } from '../../../../domain/refusal.ts';
import { healthOf } from '../../health.ts';
import { withRole } from '../access.ts';
import { DOCS_PAGE } from '../docs-page.ts';
import { metricsText } from '../metrics-text.ts';
import { openApiOf } from '../openapi.ts';
import { route } from '../declaration.ts';

const tag = 'Operations';
/** The page runs what stands in it, and speaks to this server alone. */
const DOCS_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

export const operationRoutes = {
  'GET /openapi.json': route({
    tag,
    access: 'anyone',
    rate: 'read',
    summary: 'This document: OpenAPI 3.1',
    answer: z.looseObject({ openapi: z.string() }),
    handler: () => openApiOf() as never,
  }),
  'GET /docs': route({
    tag,
    access: 'anyone',
    rate: 'read',
    summary: 'This document as a page, with a form for each route',
    media: 'text/html',
    handler: () =>
      Promise.resolve({ raw: DOCS_PAGE, type: 'text/html; charset=utf-8', headers: DOCS_HEADERS }),
  }),
  'GET /ready': route({
    tag,
    access: 'anyone',
    rate: 'read',
    summary: 'Whether to send requests here: 503 until database, chain and indexer work',
    answer: z.object({ ready: z.boolean() }),
    async handler({ server }) {
      const { ready, database, chain, indexer } = await healthOf(server);
      if (!ready)
        throw new Refusal(
          'NOT_READY',
          `Database ${database}, chain ${chain}, indexer ${indexer}.`,
          'Wait, or see docs/api.md.',
        );
      return { ready };
    },
  }),
  'GET /metrics': route({
    tag,
    access: withRole(['operator', 'administrator'], 'operate'),
    rate: 'heavy',
    summary: 'Numbers of every part, as Prometheus reads them',
    media: 'text/plain',
    handler: async ({ server }) => ({
      raw: await metricsText(server),
      type: 'text/plain; version=0.0.4; charset=utf-8',
    }),
  }),
};
