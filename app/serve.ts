/**
 * The web server: the API by itself, and the pages by Next.js.
 *
 *   node app/serve.ts --hostname 127.0.0.1 --port 3000
 */
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import next from 'next';
import { serverContext } from './server/context.ts';
import { errorFields, log } from './server/log.ts';
import { createApi } from './server/v1/server.ts';
import { readSettings } from './server/v1/settings.ts';

const { values } = parseArgs({
  options: { hostname: { type: 'string', default: '127.0.0.1' }, port: { type: 'string', default: '3000' } },
});
const port = Number(values.port);

// First, so that the pages' bundles find the process's one context.
const context = serverContext();
const api = createApi(context, readSettings(process.env, port));
const pages = next({
  dev: false,
  dir: fileURLToPath(new URL('..', import.meta.url)),
  hostname: values.hostname,
  port,
});
await pages.prepare();
const handlePage = pages.getRequestHandler();

const server = createServer(
  // Who sends its request drop by drop holds a socket no longer than this.
  {
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: 2_000,
  },
  (request, response) => {
    const answered = api.owns(request) ? api.answer(request, response) : handlePage(request, response);
    answered.catch((error: unknown) => {
      log('error', 'a page broke', errorFields(error));
      response.destroy();
    });
  },
);
server.listen(port, values.hostname, () =>
  log('info', 'serving', { url: `http://${values.hostname}:${port}` }),
);

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(1);
    stopping = true;
    server.close();
    void api.close().then(() => {
      server.closeIdleConnections();
      // Requests under way get a moment.
      setTimeout(() => process.exit(0), 500).unref();
    });
  });
}
