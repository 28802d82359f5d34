import { serverContext } from '../../../server/context.ts';
import { fresh } from '../../../server/fresh.ts';
import { answer, json } from '../../../server/http.ts';
import { missedOf } from '../../../server/reads/missed.ts';

/** What the auctions could not serve: what, where, how often, at what price. */
export async function GET(): Promise<Response> {
  return answer(async () => {
    const { db, deployment, chainNow } = serverContext();
    const { slotSeconds } = deployment.parameters;
    return json(await fresh('missed', 5_000, async () => missedOf(db, await chainNow(), slotSeconds)));
  });
}
