import type { ClientBase } from 'pg';
import { NO_RECEIPTS, type SlotReceipts } from '../../domain/manifest.ts';
import type { Hex } from '../../domain/types.ts';

/** The receipts that the gateway gave for a slot. @throws Error when their numbers have a gap: then the database was tampered with */
export async function readReceipts(client: ClientBase, slot: bigint): Promise<SlotReceipts> {
  const { rows } = await client.query<{ seq: number; item: Hex }>(
    'SELECT seq, item FROM receipt WHERE slot = $1 ORDER BY seq',
    [slot],
  );
  if (rows.length === 0) return NO_RECEIPTS;
  const gap = rows.findIndex(({ seq }, place) => seq !== place);
  if (gap >= 0) throw new Error(`slot ${slot} has no receipt ${gap}, and one after it`);
  const last = await client.query<{ signature: Hex }>(
    'SELECT signature FROM receipt WHERE slot = $1 AND seq = $2',
    [slot, rows.length - 1],
  );
  return { items: rows.map(({ item }) => item), signature: last.rows[0]!.signature };
}
