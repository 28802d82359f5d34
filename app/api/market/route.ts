import { serverContext } from '../../server/context.ts';
import { answer, json } from '../../server/http.ts';
import { classesOf } from '../../server/reads/market.ts';

/** The classes of the network with listings, free cards and clearing prices. */
export async function GET(): Promise<Response> {
  return answer(async () => {
    const { db, deployment, chainNow } = serverContext();
    const now = await chainNow();
    return json({
      now,
      slot: now / BigInt(deployment.parameters.slotSeconds),
      classes: await classesOf(db, now),
    });
  });
}
