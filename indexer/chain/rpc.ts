import http from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** JSON-RPC over HTTP with one node. What it answers is taken as it comes; who uses it judges it. */
export interface Call {
  method: string;
  params: unknown[];
}

/**
 * `away`: no answer; `garbled`: an answer that is no JSON-RPC, or one cut off; `refused`: the node says it won't (too much at once, too
 * often); `unknown`: it lacks the method; `reverted`: the contract that was called refused.
 */
export type TroubleKind = 'away' | 'garbled' | 'refused' | 'unknown' | 'reverted';

export class RpcTrouble extends Error {
  readonly kind: TroubleKind;

  constructor(kind: TroubleKind, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.kind = kind;
  }
}

const TIMEOUT_MS = 30_000;
/** What a JSON-RPC node calls it when it has no such method. */
const NO_METHOD = -32_601;
const REVERTED = 3;

interface Answer {
  id?: unknown;
  result?: unknown;
  error?: { code?: unknown; message?: unknown };
}

/** The results of the calls, in their order, from one request. @throws RpcTrouble when any of them has none */
export async function ask(url: string, calls: readonly Call[], timeoutMs = TIMEOUT_MS): Promise<unknown[]> {
  if (calls.length === 0) return [];
  const sent = calls.map(({ method, params }, id) => ({ jsonrpc: '2.0', id, method, params }));
  const answers = await post(url, JSON.stringify(sent.length === 1 ? sent[0] : sent), timeoutMs);
  const list = (Array.isArray(answers) ? answers : [answers]) as (Answer | null)[];
  const results: unknown[] = [];
  const seen = new Set<unknown>();
  for (const answer of list) {
    if (typeof answer !== 'object' || answer === null)
      throw new RpcTrouble('garbled', 'its answer is no object');
    if (answer.error !== undefined && answer.error !== null) throw refusalOf(answer.error);
    if (answer.result === undefined) throw new RpcTrouble('garbled', 'its answer has no result');
    results[Number(answer.id)] = answer.result;
    seen.add(answer.id);
  }
  if (seen.size !== calls.length || results.length !== calls.length)
    throw new RpcTrouble('garbled', `it answered ${seen.size} of ${calls.length} calls`);
  return results;
}

async function post(url: string, body: string, timeoutMs: number): Promise<unknown> {
  let text: string;
  let status: number;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    // A kept connection may be closed by the other side just when it is used again; nothing we ask changes anything.
    const response = await send(url, body, signal).catch((error: unknown) => {
      if (!/ECONNRESET|EPIPE/.test(reasonOf(error))) throw error;
      return send(url, body, signal);
    });
    status = response.statusCode ?? 0;
    text = await textOf(response);
  } catch (error) {
    throw new RpcTrouble('away', signal.aborted ? `no answer in ${timeoutMs} ms` : reasonOf(error), error);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  // Some nodes put what they refuse into a body with an HTTP error.
  if (status === 413 || status === 429) throw new RpcTrouble('refused', `HTTP ${status}`);
  if (json === undefined && status >= 400) throw new RpcTrouble('away', `HTTP ${status}`);
  if (json === undefined) throw new RpcTrouble('garbled', 'its answer is no JSON, or was cut off');
  return json;
}

/** Connections are kept. By `fetch` a first sync costs the process 8 % more. */
const WAYS = {
  'http:': { request: http.request, agent: new http.Agent({ keepAlive: true }) },
  'https:': { request: https.request, agent: new https.Agent({ keepAlive: true }) },
};
const unzip = promisify(gunzip);

function send(url: string, body: string, signal: AbortSignal): Promise<http.IncomingMessage> {
  const { request, agent } = url.startsWith('https:') ? WAYS['https:'] : WAYS['http:'];
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'accept-encoding': 'gzip',
  };
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', agent, headers, signal }, resolve).on('error', reject).end(body);
  });
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', resolve).on('error', reject);
  });
  const bytes = Buffer.concat(chunks);
  return (response.headers['content-encoding'] === 'gzip' ? await unzip(bytes) : bytes).toString();
}

function refusalOf({ code, message }: { code?: unknown; message?: unknown }): RpcTrouble {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  const reverted = code === REVERTED || /revert/i.test(text);
  const kind = code === NO_METHOD ? 'unknown' : reverted ? 'reverted' : 'refused';
  return new RpcTrouble(kind, `it says: ${text.slice(0, 200)}`);
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: string }).code;
  return code ?? (cause instanceof Error ? cause.message : String(cause));
}
