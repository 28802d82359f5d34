/** Work orders: leases that a person provisions (docs/plugins.md). Whoever signs the request is who asks. */
import { z } from 'zod';
import { handleWorkOrder } from '../../work-orders.ts';
import { workOrderSchema } from '../../wire.ts';
import { route } from '../declaration.ts';

export const workOrderRoutes = {
  'POST /work-orders': route({
    tag: 'Work orders',
    access: 'anyone',
    rate: 'intake',
    summary: 'A signed request about work orders; reading them is one too, for access details are in them',
    body: workOrderSchema,
    answer: z.object({ orders: z.array(z.looseObject({ pool: z.string(), order: z.string() })) }),
    async handler({ server: { db, deployment }, body }) {
      const domain = { chainId: deployment.chainId, auction: deployment.auction };
      const { orders } = await handleWorkOrder(db, domain, body, Math.floor(Date.now() / 1_000));
      return { orders: orders.map((order) => ({ ...order })) };
    },
  }),
};
