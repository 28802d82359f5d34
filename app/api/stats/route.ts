import { serverContext } from '../../server/context.ts';
import { answer, json } from '../../server/http.ts';
import { statsOf } from '../../server/reads/stats.ts';

export async function GET(): Promise<Response> {
  return answer(async () => {
    const { db, deployment, chainNow } = serverContext();
    return json(await statsOf(db, await chainNow(), deployment.parameters.slotSeconds));
  });
}
