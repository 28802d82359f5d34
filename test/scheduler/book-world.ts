/** A book's tables as gateway and indexer write them, without a chain: blocks and events are what the test says. */
import pg from 'pg';
import { insertAsks, insertOrders, lockBook } from '../../app/server/book.ts';
import { storedArgs } from '../../contracts/events.ts';
import { askId, orderId } from '../../domain/eip712.ts';
import { keccakText, ZERO_HASH } from '../../domain/hash.ts';
import { classId, regionId } from '../../domain/names.ts';
import { DEFAULTS } from '../../domain/parameters.ts';
import { createSeal, type Seal } from '../../domain/seal.ts';
import { recoverSigner, signDigest } from '../../domain/signature.ts';
import type { Ask, Hex, Order, SigningDomain } from '../../domain/types.ts';
import { openDatabase } from '../../prisma/client.ts';
import { createBook, type Book } from '../../scheduler/book/book.ts';
import { createChainState } from '../../scheduler/chain-state.ts';
import { createInputs, type Inputs } from '../../scheduler/slot/inputs.ts';
import { testDatabase } from '../support/postgres.ts';

export const KEY = keccakText('scheduler');
const DOMAIN: SigningDomain = { chainId: 31_337, auction: `0x${'44'.repeat(20)}` };
export const SLOT_SECONDS = BigInt(DEFAULTS.slotSeconds);
export const NODES = ['node 0', 'node 1'].map(keccakText);
const OPEN_SLOTS = 8n;

export const keyOf = (name: string): Hex => keccakText(`key of ${name}`);
export const addressOf = (name: string): Hex => recoverSigner(ZERO_HASH, signDigest(ZERO_HASH, keyOf(name)))!;
const [CONSUMER, PROVIDER] = [addressOf('consumer'), addressOf('provider')];

/** How a row comes to its signer and seal: as the gateway writes them, without, or by whoever writes the database alone. */
export type Sealing = 'sealed' | 'bare' | 'forged';

interface Event {
  name: string;
  args: Record<string, unknown>;
}

/** A process of the scheduler: what it has in memory, and how it reads a slot. */
export interface Replica {
  book: Book;
  read(slot: bigint): Promise<Inputs>;
}

export async function openBookWorld() {
  const database = await testDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  // Dropping the database may reach a connection that is still closing.
  pool.on('error', () => undefined);
  const db = openDatabase(database.url);
  const seal = createSeal(KEY);
  let nonce = 0n;
  let fork = 0;

  const sealWith = (sealing: Sealing): Seal => (sealing === 'sealed' ? seal : () => ZERO_HASH);
  /** A forged row names another signer than the signature's. */
  const signerOf = (name: Hex, sealing: Sealing): Hex | null =>
    sealing === 'bare' ? null : sealing === 'sealed' ? name : addressOf('mallory');

  return {
    pool,
    /** Of the run at hand alone. */
    async reset(): Promise<void> {
      await pool.query('TRUNCATE "order", ask, block, chain_event, slot_run, receipt');
    },

    /** An order accepted in `slot`, signed by `by`; the gateway calls it `found`'s. */
    async order(slot: bigint, lasts: bigint, sealing: Sealing, by = 'consumer', found = by): Promise<Order> {
      const order: Order = {
        consumer: CONSUMER,
        requirement: classId('H100'),
        cards: 1,
        duration: 3_600,
        startPrice: 5n,
        taskCompute: 0,
        taskNetwork: 0,
        taskStorage: 0,
        region: ZERO_HASH,
        latestStart: 2n ** 39n,
        validUntil: (slot + 1n + lasts) * SLOT_SECONDS,
        minReputation: 0,
        minTier: 0,
        workload: ZERO_HASH,
        nonce: nonce++,
      };
      const id = orderId(DOMAIN, order);
      const item = { id, order, classes: [], signature: signDigest(id, keyOf(by)) };
      await db.$transaction(async (tx) => {
        await lockBook(tx);
        const signer = signerOf(addressOf(found), sealing);
        await insertOrders(tx, slot, [{ ...item, signer }], sealWith(sealing));
      });
      return order;
    },

    async ask(slot: bigint, lasts: bigint, node: number, sealing: Sealing): Promise<{ id: Hex; ask: Ask }> {
      const ask: Ask = {
        provider: PROVIDER,
        supply: NODES[node]!,
        supplyKind: 0,
        nodeEpoch: 0,
        resourceClass: classId('H100'),
        region: regionId('here'),
        cards: 2,
        reservePrice: 1n,
        validFrom: 0n,
        validUntil: (slot + 1n + lasts) * SLOT_SECONDS,
        nonce: nonce++,
      };
      const id = askId(DOMAIN, ask);
      const item = { id, ask, signature: signDigest(id, keyOf('provider')) };
      await db.$transaction(async (tx) => {
        await lockBook(tx);
        await insertAsks(tx, slot, [{ ...item, signer: signerOf(PROVIDER, sealing) }], sealWith(sealing));
      });
      return { id, ask };
    },

    /** The next block, with its events. */
    async mine(timestamp: bigint, events: readonly Event[] = []): Promise<void> {
      const { rows } = await pool.query<{ number: string }>(
        'SELECT coalesce(max(number) + 1, 0) AS number FROM block',
      );
      const number = rows[0]!.number;
      const hash = keccakText(`block ${number} of fork ${fork}`);
      await pool.query('INSERT INTO block (number, hash, "parentHash", timestamp) VALUES ($1, $2, $3, $4)', [
        number,
        hash,
        ZERO_HASH,
        timestamp,
      ]);
      for (const [logIndex, { name, args }] of events.entries())
        await pool.query(
          `INSERT INTO chain_event ("blockNumber", "logIndex", "blockHash", "txHash", contract, name, args)
           VALUES ($1, $2, $3, $3, 'auction', $4, $5)`,
          [number, logIndex, hash, name, JSON.stringify(storedArgs(args))],
        );
    },

    /** Takes the last blocks out, but for the first one; what is mined now has other hashes. Returns the timestamps of what was lost. */
    async reorganise(depth: number): Promise<bigint[]> {
      fork += 1;
      const { rows } = await pool.query<{ number: string; timestamp: string }>(
        'DELETE FROM block WHERE number > 0 AND number > (SELECT max(number) FROM block) - $1 RETURNING number, timestamp',
        [depth],
      );
      await pool.query('DELETE FROM chain_event WHERE "blockNumber" > (SELECT max(number) FROM block)');
      return rows.toSorted((a, b) => Number(a.number) - Number(b.number)).map((row) => BigInt(row.timestamp));
    },

    /** No slot up to this one has anything open. */
    async giveUp(slot: bigint): Promise<void> {
      await pool.query(
        `INSERT INTO slot_run (slot, state, matched, unmatched, manifest, "updatedAt") VALUES ($1, 'abandoned', 0, 0, '', now())
         ON CONFLICT DO NOTHING`,
        [slot],
      );
    },

    /** What the second one has to start with: nothing. */
    replica(): Replica {
      const book = createBook({ domain: DOMAIN, seal }, OPEN_SLOTS);
      const read = createInputs({
        parameters: DEFAULTS,
        chainState: createChainState({ treasury: ZERO_HASH, feeBps: 0 }),
        book,
        openSlots: OPEN_SLOTS,
        waitMs: 0,
      });
      return {
        book,
        async read(slot) {
          const client = await pool.connect();
          try {
            const inputs = await read(client, slot);
            if (inputs === null || 'on' in inputs) throw new Error(`slot ${slot} can't be read`);
            return inputs;
          } finally {
            client.release();
          }
        },
      };
    },

    events: {
      nodes: NODES.map((node, n): Event => {
        const hardware = { cards: 8, networkMbps: 1_000, storageGb: 1_000 };
        const place = { x: 'x', y: 'y', z: `${n}`, className: 'H100', region: 'here' };
        return { name: 'NodeAdded', args: { node, provider: PROVIDER, ...place, ...hardware } };
      }),
      cancelOrder: (order: Order): Event => ({
        name: 'OrderCancelled',
        args: { account: order.consumer, nonce: order.nonce },
      }),
      cancelAsk: (ask: Ask): Event => ({
        name: 'AskCancelled',
        args: { provider: ask.provider, nonce: ask.nonce },
      }),
      raiseEpoch: (node: number): Event => ({
        name: 'NodeEpochRaised',
        args: { node: NODES[node]!, epoch: 1 },
      }),
    },

    async close(): Promise<void> {
      await db.$disconnect();
      await pool.end();
      await database.drop();
    },
  };
}
