import { serverContext } from '../../../server/context.ts';
import { cpiIdOf } from '../../../server/cpi/path.ts';
import { answer, json } from '../../../server/http.ts';

/** An identifier (written with `encodeURIComponent`) or a node's id: what it says, and the node's live status. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () => json(await serverContext().resolver.resolve(cpiIdOf(request))));
}
