import type { Refusal } from '../../domain/refusal.ts';
import type { Database } from '../../prisma/client.ts';

/** What kind of input was refused; a column of the table of refusals. */
export type InputKind = 'order' | 'ask' | 'listing' | 'quote' | 'workload' | 'report' | 'cluster';

/** Adds refusals to their counters; apart from the refused transaction, which left nothing. */
export async function countRefusals(db: Database, kind: InputKind, refusals: Refusal[]): Promise<void> {
  const counts = new Map<string, number>();
  for (const refusal of refusals) counts.set(refusal.code, (counts.get(refusal.code) ?? 0) + 1);
  // Sorted, so that two writers take the rows' locks in the same order.
  const codes = [...counts.keys()].sort();
  if (codes.length === 0) return;
  await db.$executeRaw`
    INSERT INTO refusal (kind, code, count)
    SELECT ${kind}, code, count FROM unnest(${codes}::text[], ${codes.map((code) => counts.get(code) ?? 0)}::bigint[]) AS t(code, count)
    ON CONFLICT (kind, code) DO UPDATE SET count = refusal.count + excluded.count`;
}
