/**
 * The web server: the API by itself, and the pages by Next.js.
 *
 *   node app/serve.ts --hostname 127.0.0.1 --port 3000
 *   node app/serve.ts --api-only --port 3000
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serverContext } from './server/context.ts';
import { errorFields, log } from './server/log.ts';
import { followQuotes } from './server/quotes/follow.ts';
import { createApi } from './server/v1/server.ts';
import { readSettings } from './server/v1/settings.ts';
import { runWebhooks } from './server/webhooks/run.ts';

const { values } = parseArgs({
  options: {
    hostname: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '3000' },
    /** Without the pages: a replica for programs. */
    'api-only': { type: 'boolean', default: false },
  },
});
const { hostname } = values;

/** Who sends a request drop by drop holds a socket no longer than this. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2_000,
};

// First, so that the pages' bundles find the process's one context.
const context = serverContext();
const answerPage = values['api-only'] ? noPage : await openPages();
const server = createServer(LIMITS);
await new Promise<void>((resolve) => server.listen(Number(values.port), hostname, resolve));
const { port } = server.address() as AddressInfo;
const settings = readSettings(process.env, port);
const api = createApi(context, settings);
server.on('request', (request: IncomingMessage, response: ServerResponse) => {
  const answered = api.owns(request) ? api.answer(request, response) : answerPage(request, response);
  answered.catch((error: unknown) => {
    log('error', 'a page broke', errorFields(error));
    response.destroy();
  });
});
followQuotes(context.placing);
runWebhooks({
  db: context.db,
  feeBps: context.deployment.parameters.feeBps,
  chainNow: context.chainNow,
  rules: settings.webhooks,
});
log('info', 'serving', { url: `http://${hostname}:${port}` });

type Page = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

async function openPages(): Promise<Page> {
  const { default: next } = await import('next');
  const pages = next({
    dev: false,
    dir: fileURLToPath(new URL('..', import.meta.url)),
    hostname,
    port: Number(values.port),
  });
  await pages.prepare();
  return pages.getRequestHandler();
}

async function noPage(_request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(404, { 'content-type': 'text/plain' }).end('The API is at /api/v1/openapi.json.\n');
}

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(1);
    stopping = true;
    server.close();
    void api.close().finally(() => {
      server.closeIdleConnections();
      // Requests under way get a moment.
      setTimeout(() => process.exit(0), 500).unref();
    });
  });
}
