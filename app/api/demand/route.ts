import { serverContext } from '../../server/context.ts';
import { fresh } from '../../server/fresh.ts';
import { answer, json } from '../../server/http.ts';
import { demandOf } from '../../server/reads/demand.ts';

/** Arrivals and service times by kind and class with 95% intervals, and the next hour's forecast. */
export async function GET(): Promise<Response> {
  return answer(async () => {
    const { db, deployment, chainNow } = serverContext();
    const { slotSeconds } = deployment.parameters;
    return json(await fresh('demand', 5_000, async () => demandOf(db, await chainNow(), slotSeconds)));
  });
}
