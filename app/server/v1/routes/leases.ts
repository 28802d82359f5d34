/** Leases: public as the chain has them; what they run and write is their parties' alone. */
import { z } from 'zod';
import { Refusal } from '../../../../domain/refusal.ts';
import type { ServerContext } from '../../context.ts';
import { notFound } from '../../unknown.ts';
import { acceptReport } from '../../reports.ts';
import { leasesOf, logOf, refOf } from '../../reads/leases.ts';
import { reportSchema } from '../../wire.ts';
import { owned } from '../access.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { leasePage, partiesOf } from '../reads/leases.ts';
import { route } from '../declaration.ts';
import { lease, leaseRef } from '../schemas.ts';
import { addressIn, integerIn, pageOf, pageQuery } from '../texts.ts';

const tag = 'Leases';
const byId = z.strictObject({ id: integerIn });
const parties = ({ db }: ServerContext, { id }: Record<string, unknown>) => partiesOf(db, id as bigint);
const unknownLease = (id: bigint): Refusal =>
  notFound(`Lease ${id}`, 'Wait until its block is indexed, or check the id.');

export const leaseRoutes = {
  'GET /leases': route({
    tag,
    access: 'anyone',
    rate: 'read',
    summary: 'Leases of an account (either side) or of a provider, newest first',
    query: z.strictObject({
      ...pageQuery,
      account: addressIn.optional(),
      provider: addressIn.optional(),
      live: z.enum(['1', 'true']).optional().describe('only those that still hold money'),
    }),
    answer: pageOf(lease),
    async handler({ server, query }) {
      const { account, provider, live, limit } = query;
      if (account === undefined && provider === undefined)
        throw new Refusal(
          'MALFORMED',
          'Whose leases are wanted is not said.',
          'Add ?account=0x… or ?provider=0x….',
        );
      const at = readCursor(query.cursor, [/^[0-9]{1,18}$/]);
      const before = at === null ? undefined : BigInt(at[0]!);
      const wish = { account, provider, live: live !== undefined, before };
      return pageFrom(await leasePage(server.db, wish, limit + 1), limit, ({ id }) => [id]);
    },
  }),
  'GET /leases/{id}': route({
    tag,
    access: 'anyone',
    rate: 'read',
    summary: 'A lease, with its proof against its page',
    path: byId,
    answer: lease.extend({ ref: leaseRef.nullable() }),
    async handler({ server, path: { id } }) {
      const [[found], ref] = await Promise.all([leasesOf(server.db, { id }, 1), refOf(server.db, id)]);
      if (found === undefined) throw unknownLease(id);
      return { ...found, ref };
    },
  }),
  'GET /leases/{id}/log': route({
    tag,
    access: owned('logs:read', parties, ['operator']),
    rate: 'read',
    summary: 'The end of what the lease’s command wrote; for its parties',
    path: byId,
    answer: z.object({ text: z.string(), pieces: z.int() }),
    handler: ({ server, path }) => logOf(server.db, path.id),
  }),
  'GET /leases/{id}/workload': route({
    tag,
    access: owned('logs:read', parties),
    rate: 'read',
    summary: 'What the lease runs; its provider’s agent checks it against the hash on-chain',
    path: byId,
    answer: z.object({ command: z.array(z.string()), env: z.record(z.string(), z.string()).optional() }),
    async handler({ server: { db }, path: { id } }) {
      const found = await db.lease.findUnique({ where: { id }, select: { workload: true } });
      if (found === null) throw unknownLease(id);
      const workload = await db.workload.findUnique({ where: { hash: found.workload } });
      if (workload === null)
        throw notFound(`The workload ${found.workload}`, 'Its consumer puts it with POST /api/v1/workloads.');
      return JSON.parse(workload.body) as { command: string[]; env?: Record<string, string> };
    },
  }),
  'POST /leases/{id}/report': route({
    tag,
    access: 'anyone',
    rate: 'intake',
    summary: 'A report by the provider’s agent, signed with the provider’s signing key',
    path: byId,
    body: reportSchema,
    // The reports' store makes a command's output storable.
    anyText: true,
    answer: z.object({ ok: z.boolean() }),
    async handler({ server: { db, deployment }, path: { id }, body }) {
      await acceptReport(db, { chainId: deployment.chainId, auction: deployment.auction }, id, body);
      return { ok: true };
    },
  }),
};
