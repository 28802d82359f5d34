/** A node over the simulated chain: real HTTP and JSON-RPC, and whatever can be wrong with them. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Hex } from '../../domain/types.ts';
import type { SimBlock, SimChain } from './chain.ts';

/** Shares of the answers that go wrong. */
export interface Faults {
  /** Of requests: no answer, half of one, no JSON, an HTTP error, an error of JSON-RPC. */
  broken: number;
  /** Of requests: an answer that is not what the chain says. */
  wrong: number;
  /** Blocks that the node is behind. */
  lag: number;
}

export interface SimNode {
  rpcUrl: string;
  faults: Faults;
  requests: number;
  faulty: number;
  close(): Promise<void>;
}

interface Call {
  id: number;
  method: string;
  params: unknown[];
}
type Answer = Record<string, unknown>;

export const HONEST: Faults = { broken: 0, wrong: 0, lag: 0 };

export async function startNode(chain: SimChain, random: () => number): Promise<SimNode> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const sent = JSON.parse(Buffer.concat(chunks).toString()) as Call | Call[];
      node.requests++;
      respond(response, sent);
    });
  });
  const respond = (response: ServerResponse, sent: Call | Call[]): void => {
    const { faults } = node;
    const calls = Array.isArray(sent) ? sent : [sent];
    const answers = calls.map((call) => answerOf(chain, call, faults.lag));
    if (random() < faults.wrong) {
      node.faulty++;
      spoil(answers, random);
    }
    // An answer that was dropped alone leaves an empty list.
    const text = JSON.stringify(Array.isArray(sent) ? answers : (answers[0] ?? []));
    if (random() >= faults.broken) {
      response.setHeader('content-type', 'application/json').end(text);
      return;
    }
    node.faulty++;
    BREAKS[Math.floor(random() * BREAKS.length)]!(response, text);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const node: SimNode = {
    rpcUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: { ...HONEST },
    requests: 0,
    faulty: 0,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return node;
}

const BREAKS: readonly ((response: ServerResponse, text: string) => void)[] = [
  (response) => void response.destroy(),
  (response, text) => {
    response.writeHead(200, { 'content-length': Buffer.byteLength(text) });
    response.write(text.slice(0, text.length >> 1), () => response.destroy());
  },
  (response, text) => void response.end(text.slice(0, text.length >> 1)),
  (response) => void response.end('<html>Bad gateway</html>'),
  (response) => void response.end(''),
  (response) => void response.writeHead(503).end('busy'),
  (response) => void response.writeHead(429).end('{}'),
  (response) => void response.end('{"jsonrpc":"2.0","id":0,"error":{"code":-32005,"message":"too much"}}'),
  (response) => void response.end('null'),
];

function answerOf(chain: SimChain, { id, method, params }: Call, lag: number): Answer {
  const result = METHODS[method]?.(chain, Math.max(0, chain.head - lag), params);
  if (result === undefined)
    return { jsonrpc: '2.0', id, error: { code: -32_601, message: `no method ${method}` } };
  return { jsonrpc: '2.0', id, result: structuredClone(result) };
}

const METHODS: Record<string, (chain: SimChain, head: number, params: unknown[]) => unknown> = {
  eth_chainId: (chain) => `0x${chain.deployment.chainId.toString(16)}`,
  eth_getCode: () => '0x60',
  eth_getBlockByNumber: (chain, head, [tag]) => {
    const number = tag === 'latest' ? head : Number(tag);
    return number > head ? null : (chain.block(number)?.header ?? null);
  },
  eth_getBlockReceipts: (chain, head, [tag]) => {
    const block = String(tag).length === 66 ? chain.byHash(tag as Hex) : chain.block(Number(tag));
    return block === undefined || Number(block.header.number) > head ? null : block.receipts;
  },
  eth_getLogs: (chain, head, [filter]) => {
    const { address, fromBlock, toBlock } = filter as { address: Hex[]; fromBlock: Hex; toBlock: Hex };
    const blocks: SimBlock[] = [];
    for (let number = Number(fromBlock); number <= Math.min(head, Number(toBlock)); number++)
      blocks.push(chain.block(number)!);
    return blocks.flatMap(({ receipts }) =>
      receipts.flatMap(({ logs }) => logs.filter((log) => address.includes(log.address))),
    );
  },
};

/** Makes one of the answers wrong, in a way that still looks like an answer. */
function spoil(answers: Answer[], random: () => number): void {
  const any = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const ways: (() => void)[] = [
    () => answers.splice(Math.floor(random() * answers.length), 1),
    () => void Object.assign(any(answers) ?? {}, { result: null }),
    () => void Object.assign(any(answers) ?? {}, { id: 0 }),
  ];
  const headers = answers
    .map(({ result }) => result as Record<string, Hex> | null)
    .filter((r) => r?.['logsBloom']);
  if (headers.length > 0) {
    const header = any(headers)!;
    const other = (name: string, value: string) => () => void (header[name] = value as Hex);
    ways.push(other('timestamp', '0x1'), other('logsBloom', `0x${'0'.repeat(512)}`), other('number', '0x5'));
    ways.push(other('receiptsRoot', ZERO), other('hash', ZERO), other('parentHash', ZERO));
  }
  const lists = answers
    .map(({ result }) => result)
    .filter((r): r is unknown[] => Array.isArray(r) && r.length > 0);
  if (lists.length > 0) {
    const list = any(lists)! as { logs?: Answer[] }[];
    ways.push(
      () => void list.pop(),
      () => void (list.length = 0),
      () => void list.reverse(),
    );
    const logs = list.flatMap((item) => item.logs ?? [item as Answer]);
    const log = any(logs);
    const holder = list.find((item) => (item.logs?.length ?? 0) > 0);
    if (holder !== undefined)
      ways.push(
        () => void holder.logs!.pop(),
        () => void holder.logs!.push(holder.logs![0]!),
      );
    if (log !== undefined) {
      ways.push(() => void (log['data'] = `0x${'1'.repeat(64)}`));
      ways.push(() => void (log['address'] = ZERO.slice(0, 42)));
      ways.push(() => void (log['transactionHash'] = ZERO));
    }
  }
  any(ways)!();
}

const ZERO = `0x${'0'.repeat(64)}`;
