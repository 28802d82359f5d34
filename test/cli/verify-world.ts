/** A market with slots to verify: real chain, real gateway with its receipts, the real API behind a server of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { serverContext } from '../../app/server/context.ts';
import type { Accepted } from '../../app/server/intake.ts';
import { readFlags, type VerifyFlags } from '../../cli/verify/flags.ts';
import { verify, type Watch } from '../../cli/verify/verify.ts';
import { formatDeployment } from '../../contracts/deployment.ts';
import { workloadHash } from '../../domain/workload.ts';
import { signAsk, signOrder } from '../scheduler/market.ts';
import { setup as setupMarket } from '../scheduler/setup.ts';
import { openDoor } from '../app/v1/door.ts';

const WORKLOAD = { command: ['true'] };
const QUIET = { say: () => undefined, start: () => undefined, at: () => undefined, end: () => undefined };

export interface TradedSlot {
  slot: bigint;
  order: Accepted;
  ask: Accepted;
}

/** One call of the node's API, and what the node answers: return something else to lie. */
export type Lie = (method: string, params: unknown[], result: unknown) => unknown;

export async function setup() {
  const world = await setupMarket();
  const { deployment, domain, schedulerKey } = world.market;
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-verify-'));
  const deploymentFile = join(dir, 'deployment.json');
  await writeFile(deploymentFile, formatDeployment(deployment));
  vi.stubEnv('DATABASE_URL', world.database.url);
  vi.stubEnv('RPC_URL', world.chain.rpcUrl);
  vi.stubEnv('DEPLOYMENT_FILE', deploymentFile);
  vi.stubEnv('RECEIPT_KEY', schedulerKey);
  const context = serverContext();
  const { db, intake } = context;
  const door = await openDoor(context);
  await intake.putWorkload(WORKLOAD);
  const servers: Server[] = [];

  const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>) => {
    const server = createServer((request, response) => void answer(request, response));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  return {
    ...world,
    dir,
    deploymentFile,
    apiUrl: door.url,
    serve,
    /** A slot with one receipted ask and one receipted order that match, committed. */
    async trade(nonce: bigint): Promise<TradedSlot> {
      const slot = await world.openSlot();
      const at = await world.now();
      const offer = { supply: world.nodes[0]!, cards: 2, reservePrice: 1_500_000n, nonce };
      const bid = { cards: 1, startPrice: 2_000_000n, nonce, workload: workloadHash(WORKLOAD) };
      const { id: _, ...signedAsk } = signAsk(domain, 'alice', offer, at);
      const { id: __, ...signedOrder } = signOrder(domain, 'carol', bid, at);
      const ask = await intake.acceptAsk(signedAsk);
      const order = await intake.acceptOrder(signedOrder);
      await world.closeSlot(slot);
      await world.pipeline().runSlot(slot);
      await world.indexer.syncTo();
      return { slot, order, ask };
    },
    /** A node in front of the chain that may lie. */
    liar: (lie: Lie): Promise<string> =>
      serve(async (request, response) => {
        const body = await new Response(request as unknown as ReadableStream).text();
        const calls = [JSON.parse(body)].flat() as { id: number; method: string; params: unknown[] }[];
        const answers = await Promise.all(
          calls.map(async ({ id, method, params }) => {
            const result = lie(method, params, await world.chain.rpc(method, params));
            return { jsonrpc: '2.0', id, result };
          }),
        );
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(body.startsWith('[') ? answers : answers[0]));
      }),
    /** What the command prints, and its exit code. */
    async run(
      flags: Partial<VerifyFlags>,
      watch?: Watch,
      files: readonly string[] = [deploymentFile],
    ): Promise<{ code: number; lines: string[]; said: string[] }> {
      const lines: string[] = [];
      const said: string[] = [];
      const options = readFlags({
        api: door.url,
        rpc: world.chain.rpcUrl,
        ...(files[0] === undefined ? {} : { deployment: files[0] }),
        ...flags,
      });
      const output = {
        print: (line: string) => void lines.push(line),
        say: (sentence: string) => void said.push(sentence),
        progress: QUIET,
      };
      return { code: await verify(options, output, watch), lines, said };
    },
    async teardown(): Promise<void> {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      await door.close();
      await db.$disconnect();
      vi.unstubAllEnvs();
      await world.teardown();
      await rm(dir, { recursive: true });
    },
  };
}
