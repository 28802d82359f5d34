/** Slots: what was cleared, and from what. */
import { z } from 'zod';
import { keccak } from '../../../../domain/hash.ts';
import { inputsFile } from '../../../../domain/inputs-file.ts';
import { slotInputs, slotOf, slotsOf } from '../../reads/slots.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { route } from '../declaration.ts';
import { slot, slotRow } from '../schemas.ts';
import { integerIn, pageOf, pageQuery } from '../texts.ts';

const tag = 'Slots';
const open = { tag, access: 'anyone', rate: 'read' } as const;
const byNumber = z.strictObject({ slot: integerIn });

export const slotRoutes = {
  'GET /slots': route({
    ...open,
    summary: 'Slots that had an order, newest first',
    query: z.strictObject(pageQuery),
    answer: pageOf(slotRow),
    async handler({ server, query }) {
      const at = readCursor(query.cursor, [/^[0-9]{1,18}$/]);
      const rows = await slotsOf(server.db, query.limit + 1, at === null ? null : BigInt(at[0]!));
      return pageFrom(rows, query.limit, (row) => [row.slot]);
    },
  }),
  'GET /slots/{slot}': route({
    ...open,
    rate: 'heavy',
    summary: 'A slot: its header, its orders with their outcomes, its auctions',
    path: byNumber,
    answer: slot,
    handler: async ({ server, path }) =>
      slotOf(server.db, path.slot, await server.recentNow(), server.deployment.parameters),
  }),
  'GET /slots/{slot}/inputs': route({
    ...open,
    rate: 'heavy',
    summary:
      'The slot’s inputs, after its close: one file of canonical bytes, all that a replay needs beside the chain',
    path: byNumber,
    media: 'application/octet-stream',
    async handler({ server, path }) {
      const bytes = await slotInputs(
        server.db,
        path.slot,
        await server.recentNow(),
        server.deployment.parameters,
      );
      return {
        raw: bytes,
        type: 'application/octet-stream',
        headers: { 'content-disposition': `attachment; filename="${inputsFile(path.slot, keccak(bytes))}"` },
      };
    },
  }),
};
