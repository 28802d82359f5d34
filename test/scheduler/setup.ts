import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { createIndexer } from '../../indexer/indexer.ts';
import type { Parameters } from '../../domain/parameters.ts';
import type { Hex } from '../../domain/types.ts';
import { createEvidence } from '../../app/evidence/evidence.ts';
import { verifySlot } from '../../domain/verify.ts';
import { createPipeline, type Pipeline, type PipelineOptions } from '../../scheduler/pipeline.ts';
import { startChain } from '../support/chain.ts';
import { testDatabase } from '../support/postgres.ts';
import { addressOf, openMarket, signAsk, signOrder, storeItems } from './market.ts';

/** Mint, approve, deposit, bond. */
const BOND_TRANSACTIONS = 4;

/** One provider with two nodes, one funded consumer, everything real; `teardown` stops all. */
export async function setup(parameters: Partial<Parameters> = {}) {
  const [database, chain] = await Promise.all([testDatabase(), startChain()]);
  const pool = new pg.Pool({ connectionString: database.url });
  // Dropping the database may reach a connection that is still closing.
  pool.on('error', () => undefined);
  const market = await openMarket(chain, parameters);
  const { deployment, domain } = market;
  const nodes = await market.addProvider('alice', [
    { name: 'a', cards: 8 },
    { name: 'b', cards: 4 },
  ]);
  await market.fundConsumer('carol', 1_000_000_000n);
  const indexer = await createIndexer({ rpcUrl: chain.rpcUrl, databaseUrl: database.url, deployment });
  const slotSeconds = BigInt(deployment.parameters.slotSeconds);
  const pipelines: Pipeline[] = [];
  const proxies: Server[] = [];

  const now = async (): Promise<bigint> => {
    const block = await chain.rpc<{ timestamp: Hex }>('eth_getBlockByNumber', ['latest', false]);
    return BigInt(block.timestamp);
  };
  const mineAt = async (timestamp: bigint): Promise<void> => {
    await chain.mine(timestamp);
    await indexer.syncTo();
  };

  /** What the slot's run was made of, as it is published. */
  const inputs = async (slot: bigint): Promise<Uint8Array> => {
    const { rows } = await pool.query<{ manifest: Buffer }>('SELECT manifest FROM slot_run WHERE slot = $1', [
      slot,
    ]);
    if (rows[0] === undefined) throw new Error(`slot ${slot} has no run`);
    return rows[0].manifest;
  };

  return {
    pool,
    chain,
    market,
    indexer,
    database,
    nodes,
    now,
    mineAt,
    deadlineOf: (slot: bigint): bigint =>
      (slot + 1n) * slotSeconds + BigInt(deployment.parameters.commitDeadlineSeconds),
    pipeline(extra: Partial<PipelineOptions> = {}): Pipeline {
      const pipeline = createPipeline({
        databaseUrl: database.url,
        rpcUrl: chain.rpcUrl,
        deployment,
        schedulerKey: market.schedulerKey,
        pollMs: 10,
        indexerWaitMs: 1_000,
        ...extra,
      });
      pipelines.push(pipeline);
      return pipeline;
    },
    /** Opens a new slot, so that what follows is in its first seconds; returns it. */
    async openSlot(): Promise<bigint> {
      const slot = (await now()) / slotSeconds + 1n;
      await mineAt(slot * slotSeconds);
      return slot;
    },
    /** Ends the slot: its seed's block exists afterwards and is indexed. */
    closeSlot: (slot: bigint): Promise<void> => mineAt((slot + 1n) * slotSeconds),
    /** The indexer follows the chain until `work` is done. */
    async following<T>(work: Promise<T>): Promise<T> {
      const done = { yet: false };
      const finished = work.finally(() => (done.yet = true));
      finished.catch(() => undefined);
      while (!done.yet) {
        await indexer.syncTo();
        await Promise.race([finished.catch(() => undefined), sleep(50)]);
      }
      return finished;
    },
    inputs,
    /** Names of the rules that the slot breaks, by an outsider's replay of its published inputs. */
    async broken(slot: bigint): Promise<string[]> {
      const evidence = await createEvidence({ rpcUrl: chain.rpcUrl, deployment }).collect(
        slot,
        await inputs(slot),
      );
      const results = verifySlot(evidence);
      return results
        .filter((result) => !result.ok)
        .map((result) => `${result.rule}: ${result.firstDifference}`);
    },
    async ask(slot: bigint, node: number, cards: number, reservePrice: bigint, nonce: bigint): Promise<Hex> {
      const supply = nodes[node];
      if (supply === undefined) throw new Error(`there is no node ${node}`);
      const item = signAsk(domain, 'alice', { supply, cards, reservePrice, nonce }, await now());
      await storeItems(pool, slot, [item], []);
      return item.id;
    },
    async order(
      slot: bigint,
      cards: number,
      startPrice: bigint,
      nonce: bigint,
      duration = 3_600,
    ): Promise<Hex> {
      const item = signOrder(domain, 'carol', { cards, startPrice, nonce, duration }, await now());
      await storeItems(pool, slot, [], [item]);
      return item.id;
    },
    /** A node that answers everything but takes no transaction: what a scheduler sees that is killed before it broadcasts. */
    async deafNode(): Promise<string> {
      const server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          if (body.includes('eth_sendRawTransaction')) {
            response.destroy();
            return;
          }
          void fetch(chain.rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
            .then((answer) => answer.text())
            .then((text) => response.setHeader('content-type', 'application/json').end(text));
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
      proxies.push(server);
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    /** Transactions that the scheduler has on the chain since its market was set up. */
    async sent(): Promise<number> {
      const count = await chain.rpc<Hex>('eth_getTransactionCount', [addressOf('scheduler'), 'latest']);
      return Number(count) - BOND_TRANSACTIONS;
    },
    async outcomes(slot: bigint): Promise<Record<string, string>> {
      const { rows } = await pool.query<{ orderId: string; code: string }>(
        'SELECT "orderId", code FROM order_outcome WHERE slot = $1',
        [slot],
      );
      return Object.fromEntries(rows.map((row) => [row.orderId, row.code]));
    },
    async run(
      slot: bigint,
    ): Promise<{ state: string; matched: number; error: string | null; manifest: Buffer } | undefined> {
      const { rows } = await pool.query<{
        state: string;
        matched: number;
        error: string | null;
        manifest: Buffer;
      }>('SELECT state, matched, error, manifest FROM slot_run WHERE slot = $1', [slot]);
      return rows[0];
    },
    async teardown(): Promise<void> {
      for (const pipeline of pipelines) await pipeline.close();
      for (const proxy of proxies) proxy.close();
      await indexer.close();
      await market.close();
      await pool.end();
      await chain.stop();
      await database.drop();
    },
  };
}
