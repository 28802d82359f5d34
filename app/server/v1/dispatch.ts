/** One request of the API from its first byte to its answer: find, admit, check, do, tell. */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { Refusal } from '../../../domain/refusal.ts';
import type { ServerContext } from '../context.ts';
import { errorFields, inRequest, log } from '../log.ts';
import { parse } from '../parse.ts';
import { toJson } from '../wire.ts';
import { admit, type Principal } from './access.ts';
import { noteDeed } from './audit.ts';
import { parseJson, readText, refuseOddText } from './body.ts';
import { once } from './idempotency.ts';
import type { Gatekeeper } from './identity/who.ts';
import { whoAsks } from './identity/who.ts';
import type { ApiMetrics } from './metrics.ts';
import { problemOf } from './problem.ts';
import type { RateLimiter } from './rate.ts';
import type { AnyRoute, Input, RawAnswer, StreamAnswer } from './declaration.ts';
import type { Found, Router } from './router.ts';

export const BASE = '/api/v1';
/** Bytes of events that wait for a reader. */
const STREAM_BACKLOG = 1_048_576;

export interface Desk {
  server: ServerContext;
  router: Router;
  gate: Gatekeeper;
  rates: RateLimiter;
  metrics: ApiMetrics;
  /** Milliseconds in which a body has to come. */
  bodyMs: number;
  /** Number of proxies before us whose word on the caller's address counts. */
  trustedProxies: number;
  /** Holds every answer against its schema; tests do. */
  checkAnswers: boolean;
}

interface Asked {
  desk: Desk;
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  from: string;
  url: URL;
  /** What the audit log will say. */
  deed?: { action: string; who: Principal; subject: string } | undefined;
}

/** Answers every request below `/api/v1`; never rejects. */
export async function answerApi(
  desk: Desk,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : randomUUID();
  const started = performance.now();
  response.setHeader('x-request-id', requestId);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-expose-headers', 'etag, x-request-id, retry-after, idempotent-replayed');
  const from = callerOf(request, desk.trustedProxies);
  let key = 'none';
  let asked: Asked | undefined;
  await inRequest(requestId, async () => {
    try {
      if (request.method === 'OPTIONS') return preflight(response);
      const url = new URL(request.url ?? '/', 'http://localhost');
      asked = { desk, request, response, requestId, from, url };
      const found = find(asked);
      key = found.key;
      await serve(asked, found);
    } catch (error) {
      const { status, body, headers } = problemOf(error, requestId);
      if (asked !== undefined) await noteOnce(asked, status);
      if (response.headersSent) response.destroy();
      else {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        send(response, request, status, 'application/problem+json', body);
        // What is left of a body that was not read is nobody's.
        if (!request.complete) request.resume();
      }
    }
    const ms = performance.now() - started;
    desk.metrics.answered(key, response.statusCode, ms);
    log('debug', 'answered', {
      method: request.method,
      route: key,
      status: response.statusCode,
      ms: Math.round(ms),
    });
  });
}

function find({ desk, request, response, url }: Asked): Found {
  const found = desk.router.find(request.method ?? '', url.pathname.slice(BASE.length));
  if (found === null)
    throw new Refusal(
      'NOT_FOUND',
      'There is no such route.',
      'See GET /api/v1/openapi.json for all of them.',
    );
  if ('allow' in found) {
    response.setHeader('allow', found.allow.join(', '));
    throw new Refusal('NO_METHOD', `This path knows ${found.allow.join(', ')} alone.`, 'Use one of them.');
  }
  return found;
}

async function serve(asked: Asked, { key, route, path: segments }: Found): Promise<void> {
  const { desk, request, response, requestId, from, url } = asked;
  const { server, gate, rates } = desk;
  const headers = headersOf(request);
  const setHeader = (name: string, value: string): void => void response.setHeader(name, value);
  // A guess at a key costs as much as a right one.
  rates.take(route.rate, from);
  const who = await whoAsks(gate, { method: request.method ?? '', headers, setHeader });
  if (who.account !== null) rates.take(route.rate, who.account);

  refuseOddText(segments);
  const path = route.path === undefined ? {} : parse(route.path, segments);
  if (route.audit !== undefined) asked.deed = { action: route.audit, who, subject: subjectOf(path) };
  await admit(route.access, who, server, path);
  const query = queryOf(route, url.searchParams);
  const text = takesBody(request) ? await readText(request, desk.bodyMs) : '';
  const body = route.body === undefined ? undefined : parse(route.body, bodyOf(route, headers, text));

  const input = { path, query, body, who, server, requestId, from, headers, setHeader };
  const make = () => route.handler(input as unknown as Input<never, never, never>);
  const repeat = headers['idempotency-key'];
  if (repeat === undefined || request.method !== 'POST')
    return tell(asked, route, checked(desk, route, await make()));
  const owner = who.account ?? `address ${from}`;
  const { answer, again } = await once(
    server.db,
    owner,
    repeat,
    `${key} ${url.pathname} ${text}`,
    async () => ({
      status: route.status ?? 200,
      body: toJson(checked(desk, route, await make())),
    }),
  );
  if (again) setHeader('idempotent-replayed', 'true');
  await noteOnce(asked, answer.status);
  send(response, request, answer.status, 'application/json', answer.body);
}

/** Sends an answer of any kind. */
async function tell(asked: Asked, route: AnyRoute, answer: unknown): Promise<void> {
  const { request, response } = asked;
  await noteOnce(asked, route.status ?? 200);
  if (isStream(answer)) return stream(response, answer);
  if (isRaw(answer)) {
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
    return send(response, request, 200, answer.type, answer.raw);
  }
  if (route.status === 204) {
    response.writeHead(204).end();
    return;
  }
  send(response, request, route.status ?? 200, 'application/json', toJson(answer));
}

function stream(response: ServerResponse, { open }: StreamAnswer): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // Proxies that collect would hold the events back.
    'x-accel-buffering': 'no',
  });
  return new Promise((resolve) => {
    const close = open(
      (piece) => {
        if (response.writableEnded || response.destroyed) return false;
        // Who reads slower than things happen is cut off, and starts again where it wants.
        if (response.writableLength > STREAM_BACKLOG) response.destroy();
        return response.write(piece);
      },
      () => response.end(),
    );
    response.once('close', () => {
      close();
      resolve();
    });
  });
}

/** Writes the whole body; a reader that has it already is told so. */
function send(
  response: ServerResponse,
  request: IncomingMessage,
  status: number,
  type: string,
  body: string | Uint8Array,
): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.setHeader('content-type', type);
  if (status === 200 && (request.method === 'GET' || request.method === 'HEAD')) {
    const etag = `"${createHash('sha1').update(bytes).digest('base64url')}"`;
    response.setHeader('etag', etag);
    response.setHeader('cache-control', 'no-cache');
    response.setHeader('vary', 'authorization, cookie');
    if (matches(request.headers['if-none-match'], etag)) {
      response.writeHead(304).end();
      return;
    }
  } else response.setHeader('cache-control', 'no-store');
  response.setHeader('content-length', bytes.length);
  response.writeHead(status);
  if (request.method === 'HEAD') response.end();
  else response.end(bytes);
}

function matches(given: string | undefined, etag: string): boolean {
  return (
    given !== undefined &&
    given.split(',').some((each) => [etag, '*'].includes(each.trim().replace(/^W\//, '')))
  );
}

function preflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST, PUT, DELETE',
    'access-control-allow-headers':
      'authorization, content-type, idempotency-key, if-none-match, x-request-id',
    'access-control-max-age': '86400',
  });
  response.end();
}

function queryOf(route: AnyRoute, params: URLSearchParams): unknown {
  const given: Record<string, string> = {};
  for (const [name, value] of params) {
    if (Object.hasOwn(given, name))
      throw new Refusal('MALFORMED', `The parameter ${name.slice(0, 40)} stands twice.`, 'Give it once.');
    Object.defineProperty(given, name, { value, enumerable: true });
  }
  refuseOddText(given);
  return parse(route.query ?? NO_QUERY, given);
}

const NO_QUERY = z.strictObject({});

function takesBody(request: IncomingMessage): boolean {
  return request.method === 'POST' || request.method === 'PUT';
}

function bodyOf(route: AnyRoute, headers: Record<string, string | undefined>, text: string): unknown {
  const type = headers['content-type'] ?? '';
  // Forms of other sites can send anything but this type.
  if (!/^application\/json\b/i.test(type))
    throw new Refusal('NOT_JSON', 'The body is not said to be JSON.', 'Send content-type: application/json.');
  return parseJson(text, route.anyText === true);
}

function checked(desk: Desk, route: AnyRoute, answer: unknown): unknown {
  if (!desk.checkAnswers || route.answer === undefined) return answer;
  const result = z.safeParse(route.answer, JSON.parse(toJson(answer)));
  if (!result.success)
    throw new Error(`an answer is not what its schema says: ${z.prettifyError(result.error)}`);
  return answer;
}

/** Before the answer: who has it finds what was done in the log, in its order. */
async function noteOnce(asked: Asked, status: number): Promise<void> {
  const { desk, requestId, deed } = asked;
  if (deed === undefined) return;
  asked.deed = undefined;
  await noteDeed(desk.server.db, { ...deed, requestId, status }).catch((error: unknown) =>
    log('error', 'no audit entry', errorFields(error)),
  );
}

function subjectOf(path: Record<string, unknown>): string {
  return Object.values(path).map(String).join(' ');
}

function headersOf(request: IncomingMessage): Record<string, string | undefined> {
  return request.headers as Record<string, string | undefined>;
}

/** The address that asks: of the connection, or the one that the last trusted proxy saw. */
function callerOf(request: IncomingMessage, trustedProxies: number): string {
  const direct = request.socket.remoteAddress ?? 'unknown';
  if (trustedProxies === 0) return direct;
  const seen = String(request.headers['x-forwarded-for'] ?? '').split(',');
  return seen.at(-trustedProxies)?.trim() || direct;
}

function isStream(answer: unknown): answer is StreamAnswer {
  return typeof answer === 'object' && answer !== null && typeof (answer as StreamAnswer).open === 'function';
}

function isRaw(answer: unknown): answer is RawAnswer {
  return typeof answer === 'object' && answer !== null && 'raw' in answer;
}
