import { serverContext } from '../../../../server/context.ts';
import { historyOf } from '../../../../server/cpi/history.ts';
import { cpiIdOf } from '../../../../server/cpi/path.ts';
import { answer, json } from '../../../../server/http.ts';

/** Every version of a node's identifier, newest first. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () => {
    const { db, resolver } = serverContext();
    const { node } = await resolver.resolve(cpiIdOf(request));
    return json(await historyOf(db, node));
  });
}
