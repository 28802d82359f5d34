import { serverContext } from '../../server/context.ts';
import { answer, json, readJson } from '../../server/http.ts';
import { handleWorkOrder } from '../../server/work-orders.ts';

/** A signed request about work orders (see `domain/work-order.ts`): reading them is one too, for access details are in them. */
export async function POST(request: Request): Promise<Response> {
  return answer(async () => {
    const { db, deployment } = serverContext();
    const domain = { chainId: deployment.chainId, auction: deployment.auction };
    return json(await handleWorkOrder(db, domain, await readJson(request), Math.floor(Date.now() / 1_000)));
  });
}
