/** The versions of a node's identifier, from the events that made them: Y and Y′ change with the hardware. */
import { cpiOfSegments } from '../../../domain/cpi.ts';
import type { Database } from '../../../prisma/client.ts';
import type { CpiVersionView } from '../../cpi-views.ts';
import { notFound } from '../unknown.ts';

/** Newest first. @throws Refusal NOT_FOUND */
export async function historyOf(db: Database, node: string): Promise<CpiVersionView[]> {
  const rows = await db.$queryRaw<
    {
      name: string;
      x: string | null;
      y: string;
      z: string | null;
      cards: number;
      block: string;
      at: string | null;
      txHash: string;
    }[]
  >`
    SELECT e.name, e.args->>'x' AS x, e.args->>'y' AS y, e.args->>'z' AS z, (e.args->>'cards')::int AS cards,
           e."blockNumber"::text AS block, b.timestamp::text AS at, e."txHash"
    FROM chain_event e LEFT JOIN block b ON b.number = e."blockNumber"
    WHERE e.name IN ('NodeAdded', 'NodeUpdated') AND e.args->>'node' = ${node}
    ORDER BY e."blockNumber", e."logIndex"`;
  const first = rows.find(({ name }) => name === 'NodeAdded');
  if (first === undefined) throw notFound(`Node ${node}`, 'Only registered nodes have versions.');
  return rows
    .map(({ y, cards, block, at, txHash }, index) => ({
      version: index + 1,
      identifier: cpiOfSegments(first.x ?? '', y, first.z ?? ''),
      cards,
      block,
      at,
      txHash,
    }))
    .reverse();
}
