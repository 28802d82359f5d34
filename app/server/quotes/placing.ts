/** Accepted quotes enter the book by themselves: what the chain says of them comes from the indexer. */
import type { Deployment } from '../../../contracts/deployment.ts';
import { createSeal } from '../../../domain/seal.ts';
import { QUOTED } from '../../../domain/signing.ts';
import type { Hex, SigningDomain } from '../../../domain/types.ts';
import type { Database } from '../../../prisma/client.ts';
import type { Prisma } from '../../../prisma/generated/client.ts';
import { insertOrders, lockBook } from '../book.ts';
import { createReceipts } from '../receipts.ts';
import { orderOfRow } from '../wire.ts';

/** Offers of one transaction. */
const BATCH = 1_000;
/** An offer that nobody took is forgotten so long after its order expired, seconds. */
const FORGET_AFTER = 3_600n;

export interface PlacingOptions {
  db: Database;
  deployment: Deployment;
  /** Private key that signs the receipts. */
  receiptKey: Hex;
  /** Timestamp of the chain's newest block, unix seconds. */
  chainNow: () => Promise<bigint>;
}

export interface Placing {
  /**
   * Puts the order of every quote that is held into the slot now open, with a receipt, once. Two that do it at the same time wait for
   * each other.
   * @returns the ids that it placed
   */
  placeAccepted(): Promise<Hex[]>;
  /** Forgets offers that nobody took. */
  forgetLapsed(): Promise<number>;
}

interface Held {
  id: Hex;
  message: unknown;
}

export function createPlacing({ db, deployment, receiptKey, chainNow }: PlacingOptions): Placing {
  const domain: SigningDomain = { chainId: deployment.chainId, auction: deployment.auction };
  const receipts = createReceipts(domain, receiptKey);
  const seal = createSeal(receiptKey);
  const slotSeconds = BigInt(deployment.parameters.slotSeconds);

  /** Held, not placed, and in time for the slot that ends then. */
  const waiting = (tx: Prisma.TransactionClient, slotEnd: bigint): Promise<Held[]> =>
    tx.$queryRaw<Held[]>`
      SELECT o.id, o.message FROM quote q JOIN quote_offer o ON o.id = q.id
      WHERE q.outcome = 'HELD' AND o."orderUntil" >= ${slotEnd}
        AND NOT EXISTS (SELECT 1 FROM "order" x WHERE x.id = q.id)
      ORDER BY q."blockNumber", q.id LIMIT ${BATCH}`;

  const endOf = (now: bigint): bigint => (now / slotSeconds + 1n) * slotSeconds;

  return {
    async placeAccepted() {
      // Most looks find nothing, and need no lock.
      if ((await waiting(db, endOf(await chainNow()))).length === 0) return [];
      return db.$transaction(
        async (tx) => {
          await lockBook(tx);
          const now = await chainNow();
          const slot = now / slotSeconds;
          const rows = await waiting(tx, endOf(now));
          const chain = await receipts.open(tx, slot);
          for (const { id } of rows) chain.issue(id);
          const orders = rows.map((row) => ({
            id: row.id,
            signer: null,
            ...orderOfRow({ message: row.message, signature: QUOTED }),
          }));
          await insertOrders(tx, slot, orders, seal);
          await chain.save();
          return rows.map((row) => row.id);
        },
        { maxWait: 30_000, timeout: 120_000 },
      );
    },

    async forgetLapsed() {
      const before = (await chainNow()) - FORGET_AFTER;
      return db.$executeRaw`
        DELETE FROM quote_offer o WHERE o."orderUntil" < ${before} AND NOT EXISTS (SELECT 1 FROM quote q WHERE q.id = o.id)`;
    },
  };
}
