/** The API on a real socket. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServerContext } from '../../../app/server/context.ts';
import { createApi, type ApiOptions } from '../../../app/server/v1/server.ts';
import { readSettings } from '../../../app/server/v1/settings.ts';

/** Slow senders are found out sooner than in `app/serve.ts`. */
const SHORT = { headersTimeout: 5_000, requestTimeout: 20_000, connectionsCheckingInterval: 500 };

export interface Door {
  url: string;
  port: number;
  /** @param path below `/api/v1` */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** @param body JSON text, or what becomes it */
  post(path: string, body: unknown, headers?: Record<string, string>, method?: string): Promise<Response>;
  close(): Promise<void>;
}

export async function openDoor(
  context: ServerContext,
  { env = { RATE_FACTOR: '0' }, ...options }: ApiOptions & { env?: Record<string, string> } = {},
): Promise<Door> {
  const server = createServer({ ...SHORT, keepAliveTimeout: 65_000 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const api = createApi(context, readSettings(env, port), { checkAnswers: true, ...options });
  server.on('request', (request, response) => void api.answer(request, response));
  const url = `http://127.0.0.1:${port}`;
  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}/api/v1${path}`, init);
  return {
    url,
    port,
    call,
    post: (path, body, headers = {}, method = 'POST') =>
      call(path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body, bigintText),
      }),
    async close() {
      await api.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const bigintText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;
