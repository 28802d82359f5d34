/** Puts nodes into the tables as the indexer and the gateway would have: providers, nodes, identifiers, leases, listings, one block. */
import type pg from 'pg';
import { ZERO_HASH } from '../../domain/hash.ts';
import { TABLES, upsert } from '../../indexer/store/tables.ts';
import { random } from '../bench.ts';
import { PROVIDERS, providerOf, type BenchNode } from './nodes.ts';

const BATCH = 20_000;
const NOW = 1_700_000_000n;
const REF = { blockNumber: 1n, blockHash: ZERO_HASH };

type Row = Parameters<typeof upsert>[1][number];

export async function storeNodes(pool: pg.Pool, nodes: readonly BenchNode[], seed: number): Promise<void> {
  const next = random(seed + 3);
  const table = (name: string) => TABLES.find((known) => known.name === name)!;
  const write = async (name: string, rows: Row[]): Promise<void> => {
    if (rows.length > 0) await pool.query(upsert(table(name), rows));
  };
  // Only reads are measured: indexes are made at once, at the end.
  const { rows: indexes } = await pool.query<{ indexname: string; indexdef: string }>(
    `SELECT indexname, indexdef FROM pg_indexes
     WHERE tablename IN ('node', 'identifier', 'lease', 'listing') AND schemaname = 'public' AND indexname NOT LIKE '%_pkey'`,
  );
  for (const { indexname } of indexes) await pool.query(`DROP INDEX "${indexname}"`);
  await pool.query('INSERT INTO block VALUES (1, $1, $1, $2)', [ZERO_HASH, NOW]);
  await write(
    'provider',
    Array.from({ length: PROVIDERS }, (_, index) => {
      const address = providerOf(index);
      return {
        address,
        payout: address,
        signer: address,
        metadata: '',
        stake: 0n,
        exitAt: null,
        outcomeDay: null,
        good: 0n,
        bad: 0n,
        newGood: 0n,
        newBad: 0n,
        ...REF,
      };
    }),
  );
  let lease = 0n;
  for (let from = 0; from < nodes.length; from += BATCH) {
    const part = nodes.slice(from, from + BATCH);
    const leased = part.filter(() => next() < 0.2);
    const listed = part.filter(() => next() < 0.2);
    await write('node', part.map(nodeRow));
    await write(
      'identifier',
      part.map(({ row }) => ({ ...row, ...REF })),
    );
    await write(
      'lease',
      leased.flatMap((node) => [leaseRow((lease += 1n), node, true), leaseRow((lease += 1n), node, false)]),
    );
    await pool.query(
      `INSERT INTO listing (id, provider, node, "resourceClass", message, signature, price, cards, "validUntil")
       SELECT 'listing ' || node, provider, node, 'class', '{"validFrom": "0", "nodeEpoch": 0, "nonce": "1"}', '0x', 2500000, 1, 9000000000
       FROM unnest($1::text[], $2::text[]) AS t(node, provider)`,
      [listed.map(({ row }) => row.node), listed.map(({ row }) => row.provider)],
    );
  }
  for (const { indexdef } of indexes) await pool.query(indexdef);
  await pool.query('VACUUM ANALYZE');
}

function nodeRow({ row, x, y, z, cards }: BenchNode): Row {
  return {
    id: row.node,
    provider: row.provider,
    x,
    y,
    z,
    className: row.chip,
    resourceClass: row.chip,
    region: row.region,
    cards,
    networkMbps: 100_000n,
    storageGb: 20_000n,
    epoch: 0,
    tier: 0,
    auditor: null,
    clusteredUntil: 0n,
    maintenanceFrom: 0n,
    maintenanceTo: 0n,
    ...REF,
  };
}

function leaseRow(id: bigint, { row }: BenchNode, running: boolean): Row {
  const start = running ? NOW - 600n : NOW - 7_200n;
  return {
    id,
    consumer: row.provider,
    provider: row.provider,
    node: row.node,
    sourceId: `source ${id}`,
    slot: 1n,
    cards: 1,
    duration: 3_600n,
    start,
    end: start + 3_600n,
    rate: 2_000_000n,
    locked: 2_000_000n,
    paid: 0n,
    fee: 0n,
    refunded: 0n,
    settledUntil: start,
    outage: 0n,
    workload: 'none',
    endReason: 'NONE',
    settled: !running,
    parent: null,
    followsPage: true,
    ...REF,
  };
}
