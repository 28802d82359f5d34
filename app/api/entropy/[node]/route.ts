import { serverContext } from '../../../server/context.ts';
import { answer, json, notFound } from '../../../server/http.ts';
import { nodeEntropyOf } from '../../../server/reads/entropy.ts';

/** One node's last 24 hours: share in use by hour, hours by bin, entropy. */
export async function GET(
  _request: Request,
  { params }: { params: Promise<{ node: string }> },
): Promise<Response> {
  return answer(async () => {
    const { db, chainNow } = serverContext();
    const { node } = await params;
    const view = await nodeEntropyOf(db, await chainNow(), node.toLowerCase());
    if (view === null) throw notFound('This node', 'Take its id from GET /api/entropy.');
    return json(view);
  });
}
