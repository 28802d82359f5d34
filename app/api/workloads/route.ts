import { serverContext } from '../../server/context.ts';
import { answer, json, readJson } from '../../server/http.ts';

/** `{command, env?}` → `{hash}`. */
export async function POST(request: Request): Promise<Response> {
  return answer(async () => json(await serverContext().intake.putWorkload(await readJson(request)), 201));
}
