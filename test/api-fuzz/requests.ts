/** Requests out of the OpenAPI document: what it describes, bent in ways that it forbids. */
import { nasty, valueFor, type Random, type Schema } from './values.ts';

export interface Operation {
  key: string;
  method: string;
  path: string;
  parameters: { name: string; in: string; schema: Schema }[];
  body: Schema | null;
  streams: boolean;
}

export interface Wanted {
  key: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

interface Document {
  paths: Record<string, Record<string, Described>>;
}
interface Described {
  operationId: string;
  parameters: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, unknown> }>;
}

export function operationsOf(document: unknown): Operation[] {
  return Object.entries((document as Document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      key: described.operationId,
      method: method.toUpperCase(),
      path,
      parameters: described.parameters,
      body: described.requestBody?.content['application/json']?.schema ?? null,
      streams: Object.values(described.responses).some(
        (answer) => 'text/event-stream' in (answer.content ?? {}),
      ),
    })),
  );
}

/** Texts that mean something here, so that more than the first check is reached. */
export type Known = Record<string, readonly string[]>;

/** Whole bodies that are right, by operation: bent in one place at most. */
export type Bodies = Record<string, readonly object[]>;

export function requestFor(
  { key, method, path, parameters, body }: Operation,
  next: Random,
  known: Known,
  bodies: Bodies,
  auth: Record<string, string>,
): Wanted {
  const bad = [0, 0, 0.05, 0.2, 0.6][Math.floor(next() * 5)]!;
  const textOf = (name: string, schema: Schema): string => {
    const real = known[name];
    if (real !== undefined && next() < 0.5) return real[Math.floor(next() * real.length)]!;
    const value = valueFor(schema, next, bad);
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
  let filled = path;
  const query: string[] = [];
  for (const { name, in: place, schema } of parameters) {
    const text = encoded(textOf(name, schema), next() < 0.05);
    if (place === 'path') filled = filled.replace(`{${name}}`, text === '' ? '%20' : text);
    else if (next() < 0.6) query.push(`${name}=${text}`);
  }
  if (next() < bad) query.push(`${encoded(String(nasty(next)))}=${encoded(String(nasty(next)))}`);
  if (next() < 0.02 && query.length > 0) query.push(query[0]!);
  const headers: Record<string, string> = { ...auth };
  if (next() < 0.1) headers['idempotency-key'] = next() < 0.5 ? 'same-key' : `k${Math.floor(next() * 50)}`;
  if (next() < 0.1) headers['if-none-match'] = '*';
  if (next() < 0.05) headers['x-request-id'] = 'x'.repeat(Math.floor(next() * 100));
  const wanted: Wanted = {
    key,
    method: next() < 0.02 ? otherMethod(next) : method,
    path: filled + (query.length > 0 ? `?${query.join('&')}` : ''),
    headers,
  };
  if (body !== null && !['GET', 'HEAD'].includes(wanted.method)) {
    headers['content-type'] = next() < 0.03 ? 'text/plain' : 'application/json';
    const right = bodies[key];
    const value =
      right !== undefined && next() < 0.5
        ? bent(right[Math.floor(next() * right.length)]!, next, bad)
        : valueFor(body, next, bad);
    wanted.body = bodyText(value, next, bad);
  }
  return wanted;
}

/** The same with one part, at any depth, replaced. */
function bent(value: object, next: Random, bad: number): unknown {
  if (next() >= bad * 2) return value;
  const copy = structuredClone(value) as Record<string, unknown>;
  const names = Object.keys(copy);
  const name = names[Math.floor(next() * names.length)];
  if (name === undefined) return nasty(next);
  const part = copy[name];
  copy[name] = typeof part === 'object' && part !== null && next() < 0.8 ? bent(part, next, 1) : nasty(next);
  return copy;
}

function bodyText(value: unknown, next: Random, bad: number): string {
  if (next() > bad / 2) return JSON.stringify(value) ?? 'undefined';
  const ways = [
    () => '{',
    () => '',
    () => '['.repeat(20_000),
    () => '{"a":'.repeat(5_000),
    () => `"${'x'.repeat(300_000)}"`,
    () => '{"order":{"order":1,"order":2}}',
    () => '\u0000\u0001',
    () => '{"command":["\\u0000"]}',
    () => '{"command":["\\ud800"]}',
    () => '1'.repeat(1_000),
  ];
  return ways[Math.floor(next() * ways.length)]!();
}

const otherMethod = (next: Random): string =>
  ['POST', 'PUT', 'DELETE', 'PATCH', 'GET', 'OPTIONS', 'HEAD'][Math.floor(next() * 7)]!;

/** @param broken leaves a % that escapes nothing */
function encoded(text: string, broken = false): string {
  return `${encodeURIComponent(text.toWellFormed())}${broken ? '%E0%A4%A' : ''}`.slice(0, 6_000);
}
