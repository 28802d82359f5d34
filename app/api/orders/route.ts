import { serverContext } from '../../server/context.ts';
import { addressOf, answer, json, readJson } from '../../server/http.ts';
import { ordersOf } from '../../server/reads/orders.ts';

/** `?consumer=`: a consumer's orders, newest first. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () => {
    const consumer = addressOf(new URL(request.url).searchParams.get('consumer') ?? '', 'consumer');
    const { db, chainNow } = serverContext();
    return json(await ordersOf(db, consumer, await chainNow()));
  });
}

/** `{order, classes, signature, workload?}` → `{id, receipt}`. */
export async function POST(request: Request): Promise<Response> {
  return answer(async () => json(await serverContext().intake.acceptOrder(await readJson(request)), 201));
}
