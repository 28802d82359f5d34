/**
 * What surrounds the agent that is measured: a chain node that answers from a list of real, encoded events (no real chain opens
 * leases fast enough to load an agent), and a gateway that hands out workloads and takes reports, both over HTTP.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  encodeAbiParameters,
  encodeEventTopics,
  keccak256,
  toHex,
  type Abi,
  type AbiEvent,
  type AbiParameter,
} from 'viem';
import { formatDeployment } from '../../contracts/deployment.ts';
import { marketAbi, providerRegistryAbi } from '../../contracts/generated/abi.ts';
import { DEFAULTS } from '../../domain/parameters.ts';
import type { Hex } from '../../domain/types.ts';
import { workloadHash, type Workload } from '../../domain/workload.ts';

export interface NewLease {
  node: number;
  cards: number;
  seconds: number;
  /** The simulated job's length and exit code. */
  jobMs: number;
  exitCode: number;
}

export interface World {
  url: string;
  deployment: string;
  nodes: Hex[];
  /** Opens leases in one block. @returns their ids and when the block was there, unix milliseconds */
  open(leases: NewLease[]): { ids: bigint[]; at: number };
  /** Latest state that the agent reported of each lease. */
  reports: Map<string, { state: string; exitCode?: number; at: number }>;
  stop(): void;
}

const addressOf = (index: number): Hex => `0x${index.toString(16).padStart(40, '0')}`;
const hashOf = (text: string): Hex => keccak256(toHex(text));

export async function startWorld(provider: Hex, nodeCount: number, cards: number): Promise<World> {
  const names = [
    'token',
    'authority',
    'vault',
    'registry',
    'clusters',
    'reputation',
    'auction',
    'market',
    'leaseBook',
    'monitors',
    'bond',
    'claims',
    'receipts',
    'oversold',
    'treasury',
    'scheduler',
  ];
  const addresses = Object.fromEntries(names.map((name, index) => [name, addressOf(index + 1)])) as Record<
    string,
    Hex
  >;
  const deployment = formatDeployment({
    ...addresses,
    chainId: 31_337,
    deployBlock: 1,
    parameters: DEFAULTS,
  } as never);
  const logs: { block: number; log: object }[] = [];
  const blocks: number[] = [seconds()];
  const workloads = new Map<string, Workload>();
  const reports: World['reports'] = new Map();
  let next = 1n;

  const emit = (contract: string, abi: Abi, eventName: string, args: Record<string, unknown>) => {
    const event = abi.find((item): item is AbiEvent => item.type === 'event' && item.name === eventName);
    if (!event) throw new Error(`no event ${eventName}`);
    const plain = event.inputs.filter((input) => !input.indexed) as AbiParameter[];
    const data = encodeAbiParameters(
      plain,
      plain.map((input) => args[input.name ?? '']),
    );
    const topics = encodeEventTopics({ abi: [event], args });
    const block = blocks.length;
    const log = {
      address: addresses[contract],
      topics,
      data,
      blockNumber: toHex(block),
      logIndex: toHex(logs.length),
      removed: false,
      blockHash: blockHash(block),
      transactionHash: hashOf('t'),
      transactionIndex: '0x0',
    };
    logs.push({ block, log });
  };
  const mine = () => blocks.push(Math.max(seconds(), blocks.at(-1) ?? 0));

  emit('registry', providerRegistryAbi, 'ProviderRegistered', {
    provider,
    payout: provider,
    signer: provider,
    stake: 1n,
    metadata: '{}',
  });
  const nodes = Array.from({ length: nodeCount }, (_, index) => hashOf(`node ${index}`));
  for (const node of nodes)
    emit('registry', providerRegistryAbi, 'NodeAdded', {
      node,
      provider,
      x: 'x',
      y: 'y',
      z: 'z',
      className: 'SIM-80G',
      region: 'cn-310000',
      cards,
      networkMbps: 1,
      storageGb: 1,
    });
  mine();
  const clock = setInterval(mine, 1_000);

  const chain = (method: string, params: unknown[]): unknown => {
    if (method === 'eth_getBlockByNumber') {
      const number = params[0] === 'latest' ? blocks.length - 1 : Number(params[0]);
      const timestamp = blocks[number];
      return timestamp === undefined
        ? null
        : { number: toHex(number), hash: blockHash(number), timestamp: toHex(timestamp) };
    }
    if (method === 'eth_getLogs') {
      const { fromBlock, toBlock } = params[0] as { fromBlock: Hex; toBlock: Hex };
      return logs
        .filter(({ block }) => block >= Number(fromBlock) && block <= Number(toBlock))
        .map(({ log }) => log);
    }
    throw new Error(`the world has no ${method}`);
  };

  const answer = (path: string, body: unknown): unknown => {
    if (path === '/rpc') {
      const { id, method, params } = body as { id: number; method: string; params: unknown[] };
      return { jsonrpc: '2.0', id, result: chain(method, params) };
    }
    const [, , what, id = '', part] = path.split('/');
    if (what === 'leases' && part === 'workload') return workloads.get(id);
    if (what === 'leases' && part === 'report') {
      const { state, exitCode } = body as { state: string; exitCode?: number };
      reports.set(id, { state, exitCode, at: Date.now() });
      return { ok: true };
    }
    return [];
  };
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString());
    const value = answer((request.url ?? '').split('?')[0] ?? '', body);
    response.writeHead(value === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value ?? { code: 'NOT_FOUND' }));
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deployment,
    nodes,
    reports,
    open(leases) {
      const ids = leases.map(({ node, cards: held, seconds: duration, jobMs, exitCode }) => {
        const leaseId = (next += 1n) << 8n;
        const workload: Workload = { command: ['job', String(jobMs), String(exitCode)] };
        workloads.set(leaseId.toString(), workload);
        const sale = {
          provider,
          node: nodes[node],
          nonce: 0n,
          cards: held,
          duration,
          start: blocks.at(-1),
          rate: 1n,
          workload: workloadHash(workload),
          parent: 0n,
        };
        emit('market', marketAbi, 'ListingBought', {
          listingId: hashOf('l'),
          consumer: provider,
          leaseId,
          sale,
        });
        return leaseId;
      });
      // The events are of the block that is mined now.
      mine();
      return { ids, at: Date.now() };
    },
    stop() {
      clearInterval(clock);
      server.close();
      server.closeAllConnections();
    },
  };
}

function blockHash(number: number): Hex {
  return `0x${(number + 1).toString(16).padStart(64, 'b')}`;
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
