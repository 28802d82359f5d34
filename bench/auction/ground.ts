/** A durable PostgreSQL with the rows that the indexer would have written of a world, and the gateway's real intake before it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createIntake, type Intake } from '../../app/server/intake.ts';
import { createOpenAsks } from '../../app/server/open-asks.ts';
import { toJson } from '../../app/server/wire.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import type { MarketState } from '../../domain/market-state.ts';
import type { SignedAsk, SignedOrder } from '../../domain/types.ts';
import { openDatabase } from '../../prisma/client.ts';
import { createDatabase, startPostgres } from '../../prisma/embedded.ts';
import { migrate } from '../../prisma/migrate.ts';
import { addressText, DOMAIN, GATEWAY, GATEWAY_KEY, PARAMETERS, WORKLOAD } from './world.ts';

export interface Ground {
  databaseUrl: string;
  pool: pg.Pool;
  intake: Intake;
  /** Chain time that the gateway sees, unix seconds. */
  setNow(seconds: bigint): void;
  close(): Promise<void>;
}

const DEPLOYMENT: Deployment = {
  chainId: DOMAIN.chainId,
  auction: DOMAIN.auction,
  token: addressText('token'),
  authority: addressText('authority'),
  vault: addressText('vault'),
  registry: addressText('registry'),
  clusters: addressText('clusters'),
  reputation: addressText('reputation'),
  market: addressText('market'),
  leaseBook: addressText('lease book'),
  monitors: addressText('monitors'),
  bond: addressText('bond'),
  claims: addressText('claims'),
  receipts: addressText('receipts'),
  oversold: addressText('oversold'),
  treasury: addressText('treasury'),
  scheduler: GATEWAY,
  deployBlock: 0,
  parameters: PARAMETERS,
};

export async function openGround(state: MarketState): Promise<Ground> {
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-bench-'));
  // Durable, as the market runs: an acceptance waits for the disk.
  const server = await startPostgres({ dir });
  const databaseUrl = await createDatabase(server.url, 'bench');
  await migrate(databaseUrl);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  const db = openDatabase(databaseUrl, 4);
  let now = 0n;
  const intake = createIntake({
    db,
    deployment: DEPLOYMENT,
    receiptKey: GATEWAY_KEY,
    chainNow: () => Promise.resolve(now),
    // As in the market: an order that nothing would serve hears why.
    openAsks: createOpenAsks(db, PARAMETERS.minProviderStake),
  });
  await storeState(pool, state);
  await intake.putWorkload(WORKLOAD);
  return {
    databaseUrl,
    pool,
    intake,
    setNow: (seconds) => {
      now = seconds;
    },
    async close() {
      await db.$disconnect();
      await pool.end();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A message as a client's JSON brings it. */
export function asSent(signed: SignedOrder | SignedAsk): unknown {
  return JSON.parse(toJson(signed));
}

async function storeState(pool: pg.Pool, state: MarketState): Promise<void> {
  await pool.query(
    `INSERT INTO account (address, available, bidding, unbidding, staked, "blockNumber", "blockHash")
     SELECT address, 0, bidding, 0, 0, 1, $3 FROM unnest($1::text[], $2::numeric[]) AS t(address, bidding)`,
    [[...state.accounts.keys()], [...state.accounts.values()].map(({ bidding }) => bidding), ZERO_HASH],
  );
  await pool.query(
    `INSERT INTO provider (address, payout, signer, metadata, stake, "blockNumber", "blockHash")
     SELECT address, address, address, '', $2, 1, $3 FROM unnest($1::text[]) AS t(address)`,
    [[...state.providers.keys()], PARAMETERS.minProviderStake, ZERO_HASH],
  );
  const nodes = [...state.nodes.values()];
  await pool.query(
    `INSERT INTO node (id, provider, x, y, z, "className", "resourceClass", region, cards, "networkMbps", "storageGb", epoch, "blockNumber", "blockHash")
     SELECT id, provider, 'x', 'y', id, class_name, resource_class, region, cards, network, storage, 0, 1, $9
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::bigint[])
       AS t(id, provider, class_name, resource_class, region, cards, network, storage)`,
    [
      nodes.map((node) => node.id),
      nodes.map((node) => node.provider),
      nodes.map((node) => node.className),
      nodes.map((node) => node.resourceClass),
      nodes.map((node) => node.region),
      nodes.map((node) => node.cards),
      nodes.map((node) => node.networkMbps),
      nodes.map((node) => node.storageGb),
      ZERO_HASH,
    ],
  );
  await pool.query('ANALYZE');
}
