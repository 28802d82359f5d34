import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';

/** JSON-RPC over kept-alive connections, without the per-call cost of a full client library. */
export interface Rpc {
  call<T>(method: string, params?: readonly unknown[]): Promise<T>;
  /** Answers in the order of the calls; they travel in one request. */
  batch<T>(calls: readonly (readonly [method: string, params?: readonly unknown[]])[]): Promise<T[]>;
  close(): void;
}

/** The node's own refusal of a call. */
export class RpcError extends Error {
  readonly code: number;

  constructor(method: string, code: number, message: string) {
    super(`${method}: ${message}`);
    this.name = 'RpcError';
    this.code = code;
  }
}

interface Answer {
  id: number;
  result?: unknown;
  error?: { code: number; message: string };
}

/** @param timeoutMs how long the node may stay silent */
export function openRpc(url: string, timeoutMs = 60_000): Rpc {
  const target = new URL(url);
  const secure = target.protocol === 'https:';
  const options = { keepAlive: true, maxSockets: 8 };
  const agent = secure ? new SecureAgent(options) : new Agent(options);
  const send = secure ? secureRequest : request;
  let lastId = 0;

  const post = async (body: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const sent = send(target, { method: 'POST', agent, headers, timeout: timeoutMs }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        response.on('error', reject);
      });
      sent.on('timeout', () => sent.destroy(new Error(`${target.host} did not answer in time`)));
      sent.on('error', reject);
      sent.end(body);
    });

  const message = (method: string, params: readonly unknown[] = []) => ({
    jsonrpc: '2.0',
    id: ++lastId,
    method,
    params,
  });

  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(
        `${target.host} answers, but not as a chain: ${text.slice(0, 60).replace(/\s+/g, ' ')}`,
      );
    }
  };

  const unwrap = (method: string, answer: Answer | undefined): unknown => {
    if (answer?.error !== undefined) throw new RpcError(method, answer.error.code, answer.error.message);
    if (answer?.result === undefined) throw new Error(`${target.host} answers, but not as a chain`);
    return answer.result;
  };

  return {
    async call<T>(method: string, params?: readonly unknown[]) {
      return unwrap(method, parse(await post(JSON.stringify(message(method, params)))) as Answer) as T;
    },
    async batch<T>(calls: readonly (readonly [method: string, params?: readonly unknown[]])[]) {
      if (calls.length === 0) return [];
      const messages = calls.map(([method, params]) => message(method, params));
      const answers = parse(await post(JSON.stringify(messages))) as Answer[];
      const byId = new Map(answers.map((answer) => [answer.id, answer]));
      return messages.map(({ id, method }) => unwrap(method, byId.get(id)) as T);
    },
    close() {
      agent.destroy();
    },
  };
}
