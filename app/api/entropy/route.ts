import { serverContext } from '../../server/context.ts';
import { fresh } from '../../server/fresh.ts';
import { answer, json } from '../../server/http.ts';
import { entropyOf } from '../../server/reads/entropy.ts';

/** Network entropy over the last day, and every node's 24 hours. */
export async function GET(): Promise<Response> {
  return answer(async () => {
    const { db, chainNow } = serverContext();
    return json(await fresh('entropy', 10_000, async () => entropyOf(db, await chainNow())));
  });
}
