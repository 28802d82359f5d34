import { Refusal } from '../../domain/refusal.ts';
import { toJson } from './wire.ts';

/** Largest body of a request, bytes. */
const BODY_LIMIT = 256 * 1024;

export function json(value: unknown, status = 200): Response {
  return new Response(toJson(value), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}

/** An error as RFC 9457 puts it, with the code and the fix of ours beside. */
function problem(refusal: { code: string; sentence: string; fix: string; http: number }): Response {
  const body = {
    type: 'about:blank',
    code: refusal.code,
    title: refusal.sentence,
    detail: `${refusal.sentence} ${refusal.fix}`,
    fix: refusal.fix,
    status: refusal.http,
  };
  return new Response(JSON.stringify(body), {
    status: refusal.http,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  });
}

/** Runs a route's work: what it returns is JSON, what it refuses a problem, what breaks a 500 without its insides. */
export async function answer(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return problem(error);
    console.error(error);
    return problem({
      code: 'INTERNAL',
      sentence: 'The server could not answer.',
      fix: 'Try again in a moment; its log says what broke.',
      http: 500,
    });
  }
}

/** The request's body as JSON, read no further than the limit. */
export async function readJson(request: Request): Promise<unknown> {
  const tooLarge = new Refusal(
    'TOO_LARGE',
    `The body is larger than ${BODY_LIMIT} bytes.`,
    'Send less in one request.',
  );
  if (Number(request.headers.get('content-length') ?? 0) > BODY_LIMIT) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
    if (done || value === undefined) break;
    size += value.length;
    if (size > BODY_LIMIT) {
      await reader.cancel();
      throw tooLarge;
    }
    chunks.push(value);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new Refusal(
      'MALFORMED',
      'The body is not JSON.',
      'Send a JSON object with content-type application/json.',
    );
  }
}

export function notFound(what: string, fix: string): Refusal {
  return new Refusal('NOT_FOUND', `${what} is not known here.`, fix);
}

/** A path segment or query value that must be an unsigned integer. */
export function integerOf(text: string | null, name: string): bigint {
  if (text === null || !/^[0-9]{1,18}$/.test(text)) {
    throw new Refusal(
      'MALFORMED',
      `The ${name} must be an unsigned integer.`,
      `Give the ${name} in decimal digits.`,
    );
  }
  return BigInt(text);
}

/** A query value that must be an address. */
export function addressOf(text: string, name: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
    throw new Refusal(
      'MALFORMED',
      `The ${name} must be an address.`,
      `Give the ${name} as 0x and 40 hexadecimal digits.`,
    );
  }
  return text.toLowerCase();
}
