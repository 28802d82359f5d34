/** The API as a function of Node's HTTP: one table, one gatekeeper, one way through. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerContext } from '../context.ts';
import { healthOf } from '../health.ts';
import { errorFields, log } from '../log.ts';
import { toJson } from '../wire.ts';
import { answerApi, BASE, type Desk } from './dispatch.ts';
import { hubOf } from './hub.ts';
import { forgetAnswers } from './idempotency.ts';
import { metricsOf } from './metrics.ts';
import { describeRoutes } from './openapi.ts';
import { createRateLimiter } from './rate.ts';
import { createRouter } from './router.ts';
import { settle, type ApiSettings } from './settings.ts';
import { ROUTES } from './table.ts';

/** A body has to come within this. */
const BODY_MS = 10_000;
const SWEEP_MS = 3_600_000;
/** For supervisors and balancers: 503 until all parts work, whoever asks and however often. */
const HEALTH = '/api/health';

export interface ApiServer {
  /** Whether the request is the API's. */
  owns(request: IncomingMessage): boolean;
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

export interface ApiOptions {
  /** Holds every answer against its schema. */
  checkAnswers?: boolean;
  bodyMs?: number;
}

export function createApi(server: ServerContext, settings: ApiSettings, options: ApiOptions = {}): ApiServer {
  const { origins, secure, roles, rateFactor, trustedProxies } = settle(server, settings);
  describeRoutes(ROUTES);
  const hub = hubOf(server);
  const metrics = metricsOf(server);
  const desk: Desk = {
    server,
    router: createRouter(ROUTES),
    gate: { db: server.db, roles, origins, secure },
    rates: createRateLimiter(rateFactor),
    metrics,
    bodyMs: options.bodyMs ?? BODY_MS,
    trustedProxies,
    checkAnswers: options.checkAnswers ?? false,
  };
  const sweep = setInterval(() => {
    forgetAnswers(server.db).catch((error: unknown) => log('warn', 'old answers stay', errorFields(error)));
  }, SWEEP_MS);
  sweep.unref();
  return {
    owns: ({ url = '' }) => url.startsWith(`${BASE}/`) || url === BASE || url === HEALTH,
    async answer(request, response) {
      if (request.url === HEALTH) return answerHealth(server, response);
      metrics.streams(hub.open());
      await answerApi(desk, request, response);
    },
    async close() {
      clearInterval(sweep);
      await hub.close();
    },
  };
}

async function answerHealth(server: ServerContext, response: ServerResponse): Promise<void> {
  const health = await healthOf(server);
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  response.writeHead(health.ready ? 200 : 503, headers).end(toJson(health));
}
