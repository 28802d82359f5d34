import { serverContext } from '../../../server/context.ts';
import { usageOf } from '../../../server/cpi/usage.ts';
import { answer, json } from '../../../server/http.ts';

/** `?by=` chip, region, industry or provider; `&from=`, `&to=` in unix seconds: card-hours, peaks, and the pool's capacity. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () => json(await usageOf(serverContext().db, new URL(request.url).searchParams)));
}
