/** Every route of the API. */
import { accountRoutes } from './routes/accounts.ts';
import { billingRoutes } from './routes/billing.ts';
import { clusterRoutes } from './routes/clusters.ts';
import { cpiRoutes } from './routes/cpi.ts';
import { eventRoutes } from './routes/events.ts';
import { identityRoutes } from './routes/identity.ts';
import { leaseRoutes } from './routes/leases.ts';
import { marketRoutes } from './routes/market.ts';
import { operationRoutes } from './routes/operations.ts';
import { orderRoutes } from './routes/orders.ts';
import { providerRoutes } from './routes/providers.ts';
import { slotRoutes } from './routes/slots.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { workOrderRoutes } from './routes/work-orders.ts';
import type { AnyRoute, RouteKey } from './declaration.ts';

export const TABLE = {
  ...marketRoutes,
  ...orderRoutes,
  ...leaseRoutes,
  ...slotRoutes,
  ...providerRoutes,
  ...clusterRoutes,
  ...cpiRoutes,
  ...identityRoutes,
  ...accountRoutes,
  ...billingRoutes,
  ...eventRoutes,
  ...webhookRoutes,
  ...workOrderRoutes,
  ...operationRoutes,
};

/** What the SDK's types come from. */
export type Api = typeof TABLE;

export const ROUTES: Readonly<Record<RouteKey, AnyRoute>> = TABLE;
