import { clustersView } from '../../server/clusters/view.ts';
import { serverContext } from '../../server/context.ts';
import { answer, json } from '../../server/http.ts';

/** Clusters, what they earned, what was proposed and why it was not formed, and measured round trips. */
export async function GET(): Promise<Response> {
  return answer(async () => {
    const { db, chainNow } = serverContext();
    return json(await clustersView(db, await chainNow()));
  });
}
