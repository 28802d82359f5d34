/** Errors on the wire, as RFC 9457 puts them: a code for programs, a sentence for people, and what to do. */
import { Refusal } from '../../../domain/refusal.ts';
import { errorFields, log } from '../log.ts';
import { RateLimited } from './rate.ts';

export interface Problem {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/** What is no refusal is a bug: the log has its insides, the answer has none. */
export function problemOf(error: unknown, requestId: string): Problem {
  const refusal = Refusal[Symbol.hasInstance](error) ? (error as Refusal) : null;
  if (refusal === null) log('error', 'a request broke', errorFields(error));
  const { code, sentence, fix, http } = refusal ?? BROKEN;
  const body = JSON.stringify({
    type: 'about:blank',
    code,
    title: sentence,
    detail: `${sentence} ${fix}`,
    fix,
    status: http,
    requestId,
  });
  const headers: Record<string, string> = {};
  if (error instanceof RateLimited) headers['retry-after'] = String(error.retryAfterSeconds);
  if (http === 401) headers['www-authenticate'] = 'Bearer realm="cardhour"';
  return { status: http, body, headers };
}

const BROKEN = {
  code: 'INTERNAL',
  sentence: 'The server could not answer.',
  fix: 'Try again in a moment, and name the request id if it stays so.',
  http: 500,
};
