/** A market with a million leases, as the indexer would have left it: 1,000 consumers, 100 providers with 10 nodes each, 20,000 slots. */
import type pg from 'pg';
import { classId } from '../../domain/names.ts';
import { CLASS } from '../../test/scheduler/market.ts';

export const CONSUMERS = 1_000;
export const PROVIDERS = 100;
const NODES = 1_000;
const SLOTS = 20_000;

/** Address of a made-up party, as the statements below write it. */
export const partyOf = (kind: 'c' | 'd', number: number): string =>
  `0x${kind}${number.toString(16).padStart(39, '0')}`;

/** @param now chain time, unix seconds: the newest leases run, the others are settled */
export async function fillMarket(
  pool: pg.Pool,
  leases: number,
  now: bigint,
  slotSeconds: number,
): Promise<void> {
  const client = await pool.connect();
  const run = async (sql: string): Promise<void> => void (await client.query(sql));
  const hash = (text: string): string => `'0x' || lpad(to_hex(${text}), 64, '0')`;
  try {
    // Nobody listens while a table is filled.
    await run(`SET session_replication_role = replica`);
    const mirrored = `1, '0x${'0'.repeat(64)}'`;
    await run(`INSERT INTO provider (address, payout, signer, metadata, stake, "blockNumber", "blockHash")
      SELECT a, a, a, '', 100000000, ${mirrored} FROM (SELECT '0xd' || lpad(to_hex(i), 39, '0') AS a FROM generate_series(0, ${PROVIDERS - 1}) i) p`);
    await run(`INSERT INTO node (id, provider, x, y, z, "className", "resourceClass", region, cards, "networkMbps", "storageGb", epoch, "blockNumber", "blockHash")
      SELECT ${hash('i + 1')}, '0xd' || lpad(to_hex(i % ${PROVIDERS}), 39, '0'), 'x', 'y', i::text, '${CLASS}', '${classId(CLASS)}',
        'cn-' || (310000 + i % 5), 8, 100000, 20000, 0, ${mirrored} FROM generate_series(0, ${NODES - 1}) i`);
    await run(`INSERT INTO account (address, available, bidding, unbidding, staked, "blockNumber", "blockHash")
      SELECT '0xc' || lpad(to_hex(i), 39, '0'), 1000000, 0, 0, 0, ${mirrored} FROM generate_series(0, ${CONSUMERS - 1}) i`);
    const slot = `(${now / BigInt(slotSeconds)} - ${SLOTS} + i * ${SLOTS} / ${leases})`;
    await run(`INSERT INTO lease (id, consumer, provider, node, "sourceId", slot, cards, duration, start, "end", rate, locked, paid, fee, refunded,
        "settledUntil", workload, "endReason", settled, "followsPage", "blockNumber", "blockHash")
      SELECT i::bigint << 8, '0xc' || lpad(to_hex((i * 7919) % ${CONSUMERS}), 39, '0'), '0xd' || lpad(to_hex(i % ${PROVIDERS}), 39, '0'), ${hash(`i % ${NODES} + 1`)},
        ${hash('i')}, ${slot}, 1 + i % 8, 3600, start, start + 3600, 1000000 + (i * 31) % 1000000, 8080000,
        CASE WHEN i > ${leases} - 2000 THEN 0 ELSE 8000000 END, CASE WHEN i > ${leases} - 2000 THEN 0 ELSE 80000 END, 0, start + 3600,
        '0x${'0'.repeat(64)}', 'COMPLETED', i <= ${leases} - 2000, true, ${mirrored}
      FROM (SELECT i, ${slot}::bigint * ${slotSeconds} AS start FROM generate_series(1, ${leases}::bigint) i) l`);
    await run(`INSERT INTO slot_run (slot, state, matched, unmatched, manifest, "updatedAt", confirmed)
      SELECT ${now / BigInt(slotSeconds)} - i, 'committed', 50, 5, '', now(), true FROM generate_series(1, ${SLOTS}) i`);
    await run(`SET session_replication_role = DEFAULT`);
    await run('VACUUM ANALYZE');
  } finally {
    client.release(true);
  }
}
