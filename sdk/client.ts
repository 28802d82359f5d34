/**
 * The market's API, typed from the routes' own declarations: the types cost nothing at run time, so this works in a browser
 * as in Node.
 *
 *   const market = createClient({ url: 'https://market.example', key: 'ch_…' });
 *   const { items } = await market.call('GET /leases', { query: { account } });
 */
import type { z } from 'zod';
import type { Api } from '../app/server/v1/table.ts';

type Routes = Api;
/** A route's name: method and path. */
export type RouteName = keyof Routes;
type Asked<S> = S extends z.ZodType ? z.input<S> : never;
type Part<R, Name extends string> = R extends { [K in Name]?: infer S } ? Asked<NonNullable<S>> : never;

/** What a route takes: `path`, `query` and `body`, each where it has one. */
export type RequestOf<Name extends RouteName> = ([Part<Routes[Name], 'path'>] extends [never]
  ? { path?: undefined }
  : { path: Wire<Part<Routes[Name], 'path'>> }) &
  ([Part<Routes[Name], 'query'>] extends [never]
    ? { query?: undefined }
    : { query?: Wire<Part<Routes[Name], 'query'>> }) &
  ([Part<Routes[Name], 'body'>] extends [never]
    ? { body?: undefined }
    : { body: Part<Routes[Name], 'body'> });

/** Numbers and texts alike: a URL has text alone. */
type Wire<T> = { [K in keyof T]: T[K] | string | number | bigint };

/** What a route answers. */
export type AnswerOf<Name extends RouteName> = Routes[Name] extends { answer?: infer S }
  ? NonNullable<S> extends z.ZodType
    ? z.output<NonNullable<S>>
    : Uint8Array
  : never;

export interface ClientOptions {
  /** Where the market is, without /api/v1. */
  url: string;
  /** API key; without one, the session that `signIn` opens. */
  key?: string;
  /** Milliseconds for one request; 15,000 when left out. */
  timeoutMs?: number;
}

export interface CallOptions {
  /** The same key again is the same request, done once. */
  idempotencyKey?: string;
}

/** An answer that is a refusal: a code for programs, a sentence for people, and what to do. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: string;
  readonly sentence: string;
  readonly fix: string;
  readonly status: number;
  readonly requestId: string | null;

  constructor(status: number, body: Partial<Record<string, string>>, requestId: string | null) {
    super(`${body['title'] ?? `The server answered ${status}.`} ${body['fix'] ?? 'Try again in a moment.'}`);
    this.code = body['code'] ?? `HTTP_${status}`;
    this.sentence = body['title'] ?? `The server answered ${status}.`;
    this.fix = body['fix'] ?? 'Try again in a moment.';
    this.status = status;
    this.requestId = requestId;
  }
}

export interface Client {
  /** @throws ApiProblem for a refusal, TypeError without a connection */
  call<Name extends RouteName>(
    name: Name,
    ...request: Record<string, never> extends RequestOf<Name>
      ? [request?: RequestOf<Name>, options?: CallOptions]
      : [request: RequestOf<Name>, options?: CallOptions]
  ): Promise<AnswerOf<Name>>;
  /** Every item of a list, page after page. */
  all<Name extends ListName>(name: Name, query?: Record<string, string>): AsyncGenerator<ItemOf<Name>>;
}

/** Routes that answer in pages. */
export type ListName = {
  [Name in RouteName]: AnswerOf<Name> extends { items: unknown[]; next: string | null } ? Name : never;
}[RouteName];
export type ItemOf<Name extends ListName> = AnswerOf<Name> extends { items: (infer T)[] } ? T : never;

interface Plain {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

export function createClient({ url, key, timeoutMs = 15_000 }: ClientOptions): Client {
  // Of a program that signed in: browsers keep cookies themselves, and let no script see or set them.
  let cookie: string | undefined;
  const base = url.replace(/\/$/, '');
  const send = async <T>(name: string, request: Plain = {}, options: CallOptions = {}): Promise<T> => {
    const [method = 'GET', route = ''] = name.split(' ');
    const headers: Record<string, string> = {};
    if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
    if (request.body !== undefined) headers['content-type'] = 'application/json';
    if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey;
    if (cookie !== undefined && key === undefined)
      Object.assign(headers, { cookie, origin: new URL(base).origin });
    const response = await fetch(`${base}/api/v1${pathOf(route, request)}`, {
      method,
      headers,
      body: request.body === undefined ? undefined : JSON.stringify(request.body, asText),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const [given] = response.headers.getSetCookie();
    if (given !== undefined) [cookie] = given.split(';');
    if (!response.ok) {
      const body = (await response.json().catch(() => ({}))) as Record<string, string>;
      throw new ApiProblem(response.status, body, response.headers.get('x-request-id'));
    }
    if (response.status === 204) return null as T;
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return (isJson ? await response.json() : new Uint8Array(await response.arrayBuffer())) as T;
  };
  return {
    call: (name, ...[request, options]) => send(name, request, options),
    async *all(name, query = {}) {
      let cursor: string | null = null;
      do {
        const more: Record<string, string> = cursor === null ? {} : { cursor };
        const page = await send<{ items: ItemOf<typeof name>[]; next: string | null }>(name, {
          query: { ...query, ...more },
        });
        yield* page.items;
        cursor = page.next;
      } while (cursor !== null);
    },
  };
}

function pathOf(route: string, { path = {}, query = {} }: Plain): string {
  const filled = route.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(textOf(path[name])));
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const params = new URLSearchParams(given.map(([name, value]) => [name, textOf(value)]));
  return given.length === 0 ? filled : `${filled}?${params.toString()}`;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : String(value));

const asText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;
