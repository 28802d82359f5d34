import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RpcCall {
  method: string;
  params: unknown[];
}

type Sent = RpcCall & { id: number };

/** A result, an error, or (null) a connection that breaks before the answer. */
export type RpcAnswer = { result: unknown } | { error: { code: number; message: string } } | null;

/** Answers in the node's place; `truth` asks the node, and is what an honest one says. */
export type Lie = (call: RpcCall, truth: () => Promise<RpcAnswer>) => Promise<RpcAnswer> | RpcAnswer;

export interface Liar {
  rpcUrl: string;
  /** Every call that came, in order. */
  calls: RpcCall[];
  /** From now on answers so; `null` is honest again. */
  tell(lie: Lie | null): void;
  close(): Promise<void>;
}

/** A node that can be made to lie, lag or break off: real HTTP before a real chain. */
export async function startLiar(rpcUrl: string): Promise<Liar> {
  let lie: Lie | null = null;
  const calls: RpcCall[] = [];

  const ask = async (call: RpcCall): Promise<RpcAnswer> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...call });
    const headers = { 'content-type': 'application/json' };
    return (await (await fetch(rpcUrl, { method: 'POST', headers, body })).json()) as RpcAnswer;
  };

  const answer = async ({ id, method, params }: Sent): Promise<object> => {
    const call = { method, params };
    calls.push(call);
    const truth = (): Promise<RpcAnswer> => ask(call);
    const said = await (lie === null ? truth() : lie(call, truth));
    if (said === null) throw new Error('breaks off');
    return { ...said, jsonrpc: '2.0', id };
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const sent = JSON.parse(Buffer.concat(chunks).toString()) as Sent | Sent[];
      const answers = Array.isArray(sent) ? Promise.all(sent.map(answer)) : answer(sent);
      answers.then(
        (body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
        () => response.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    rpcUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    tell(next) {
      lie = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
