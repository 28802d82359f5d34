import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RpcCall {
  method: string;
  params: unknown[];
}

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

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const sent = JSON.parse(Buffer.concat(chunks).toString()) as RpcCall & { id: number };
      const call = { method: sent.method, params: sent.params };
      calls.push(call);
      const truth = (): Promise<RpcAnswer> => ask(call);
      Promise.resolve(lie === null ? truth() : lie(call, truth)).then(
        (answer) => {
          if (answer === null) response.destroy();
          else
            response
              .setHeader('content-type', 'application/json')
              .end(JSON.stringify({ ...answer, jsonrpc: '2.0', id: sent.id }));
        },
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
