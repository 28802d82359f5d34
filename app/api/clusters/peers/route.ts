import { peersOf } from '../../../server/clusters/proposals.ts';
import { serverContext } from '../../../server/context.ts';
import { answer, json } from '../../../server/http.ts';

/** Nodes that answer pings, for agents to measure. */
export async function GET(): Promise<Response> {
  return answer(async () => {
    const { db, chainNow } = serverContext();
    return json(await peersOf(db, await chainNow()));
  });
}
