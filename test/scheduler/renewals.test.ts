import { createPublicClient, http, type PublicClient } from 'viem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createIntake } from '../../app/server/intake.ts';
import { refOf } from '../../app/server/reads/leases.ts';
import { leaseBookAbi, marketAbi, vaultAbi } from '../../contracts/generated/abi.ts';
import { listingId } from '../../domain/eip712.ts';
import { classId, regionId } from '../../domain/names.ts';
import type { Hex, Listing } from '../../domain/types.ts';
import { Wallet } from 'ethers';
import { openDatabase, type Database } from '../../prisma/client.ts';
import { addressOf, CLASS, keyOf, REGION } from './market.ts';
import { setup } from './setup.ts';

const PRICE = 2_000_000n;

describe('open-ended leases', () => {
  let at: Awaited<ReturnType<typeof setup>>;
  let db: Database;
  let client: PublicClient;
  beforeEach(async () => {
    at = await setup();
    db = openDatabase(at.database.url, 4);
    client = createPublicClient({ transport: http(at.chain.rpcUrl) });
    await at.market.deposit('dora', 100_000_000n);
    await at.indexer.syncTo();
    await list(0, 3, PRICE, 1n);
  });
  afterEach(async () => {
    await db.$disconnect();
    await at.teardown();
  });

  it('renewDue_prolongsByTheHour_untilTheWordEnds', async () => {
    const first = await buy(1n);
    const { end } = await lease(first);
    await allow(first, end + 5_400n);
    const pipeline = at.pipeline();
    expect(await pipeline.renewDue()).toBe(0);

    await at.mineAt(end - 600n);
    expect(await pipeline.renewDue()).toBe(1);
    await at.indexer.syncTo();
    expect(await pipeline.renewDue()).toBe(0);
    const [second] = await children(first);
    expect(second).toMatchObject({ start: end, end: end + 3_600n, rate: PRICE });

    await at.mineAt(second!.end - 10n);
    expect(await pipeline.renewDue()).toBe(1);
    await at.indexer.syncTo();
    const [third] = await children(second!.id);
    // Half an hour is left of the word.
    expect(third).toMatchObject({ start: second!.end, end: end + 5_400n });
    await at.mineAt(third!.end - 10n);
    expect(await pipeline.renewDue()).toBe(0);
  });

  it('renewDue_takesTheCheapestListingThatIsAllowed', async () => {
    const first = await buy(1n);
    const { end } = await lease(first);
    await allow(first, end + 3_600n);
    await list(0, 1, 1_500_000n, 2n);
    await list(0, 1, 1_700_000n, 3n);
    await list(0, 1, PRICE + 1n, 4n);
    await at.mineAt(end - 60n);
    expect(await at.pipeline().renewDue()).toBe(1);
    await at.indexer.syncTo();
    expect(await children(first)).toMatchObject([{ rate: 1_500_000n }]);
  });

  it('renewDue_spendsNoGas_onALeaseWithoutMoneyOrThatWasClosed', async () => {
    const first = await buy(1n);
    const { end } = await lease(first);
    await allow(first, end + 3_600n);
    const [available] = await client.readContract({
      address: at.market.deployment.vault,
      abi: vaultAbi,
      functionName: 'balanceOf',
      args: [addressOf('dora')],
    });
    await at.market.send('dora', at.market.deployment.vault, vaultAbi, 'withdraw', available);
    await at.mineAt(end - 60n);
    const pipeline = at.pipeline();
    const sent = await at.sent();
    expect(await pipeline.renewDue()).toBe(0);
    expect(await at.sent()).toBe(sent);
    // The money comes in time: the next tick renews it.
    await at.market.deposit('dora', 10_000_000n);
    expect(await pipeline.renewDue()).toBe(1);
    await at.indexer.syncTo();

    const [second] = await children(first);
    await at.mineAt(second!.start + 5n);
    await at.market.send(
      'dora',
      at.market.deployment.leaseBook,
      leaseBookAbi,
      'close',
      await ref(second!.id),
    );
    await at.mineAt(second!.end - 60n);
    expect(await pipeline.renewDue()).toBe(0);
  });

  interface LeaseRow {
    id: bigint;
    start: bigint;
    end: bigint;
    rate: bigint;
  }

  async function leases(where: string, value: bigint): Promise<LeaseRow[]> {
    const { rows } = await at.pool.query<Record<keyof LeaseRow, string>>(
      `SELECT id, start, "end", rate::text FROM lease WHERE ${where} = $1`,
      [value],
    );
    return rows.map(({ id, start, end, rate }) => ({
      id: BigInt(id),
      start: BigInt(start),
      end: BigInt(end),
      rate: BigInt(rate),
    }));
  }

  async function lease(id: bigint): Promise<LeaseRow> {
    const [row] = await leases('id', id);
    return row!;
  }

  function children(id: bigint): Promise<LeaseRow[]> {
    return leases('parent', id);
  }

  function ref(id: bigint): Promise<unknown> {
    return refOf(db, id);
  }

  async function allow(id: bigint, until: bigint): Promise<void> {
    const word = { node: at.nodes[0]!, resourceClass: classId(CLASS), maxRate: PRICE, until };
    await at.market.send('dora', at.market.deployment.market, marketAbi, 'allowRenewal', await ref(id), word);
    await at.indexer.syncTo();
  }

  /** One card of the listing with the nonce, for an hour; the lease's id. */
  async function buy(nonce: bigint): Promise<bigint> {
    const row = await db.listing.findFirstOrThrow({
      where: { message: { path: ['nonce'], equals: nonce.toString() } },
    });
    const args = [row.message, row.signature, 1, 3_600, `0x${'00'.repeat(32)}`, 10_000_000n];
    await at.market.send('dora', at.market.deployment.market, marketAbi, 'buy', ...args);
    await at.indexer.syncTo();
    const { rows } = await at.pool.query<{ id: string }>('SELECT id FROM lease WHERE "sourceId" = $1', [
      row.id,
    ]);
    return BigInt(rows[0]!.id);
  }

  async function list(node: number, cards: number, pricePerCardHour: bigint, nonce: bigint): Promise<Hex> {
    const { deployment, domain, schedulerKey } = at.market;
    const listing: Listing = {
      provider: addressOf('alice'),
      node: at.nodes[node]!,
      nodeEpoch: 0,
      resourceClass: classId(CLASS),
      region: regionId(REGION),
      cards,
      pricePerCardHour,
      validFrom: 0n,
      validUntil: (await at.now()) + 86_400n,
      nonce,
    };
    const id = listingId(domain, listing);
    const signature = new Wallet(keyOf('alice')).signingKey.sign(id).serialized;
    const intake = createIntake({ db, deployment, receiptKey: schedulerKey, chainNow: at.now });
    await intake.acceptListing({ listing, signature });
    return id;
  }
});
