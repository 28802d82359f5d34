import { serverContext } from '../../server/context.ts';
import { answer, json, readJson } from '../../server/http.ts';

/** `{consumer, classes, cards, duration, region?, latestStart, workload, nonce, data?, …}` → a signed quote with its breakdown. */
export async function POST(request: Request): Promise<Response> {
  return answer(async () => json(await serverContext().quote(await readJson(request)), 201));
}
