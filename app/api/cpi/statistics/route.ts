import { serverContext } from '../../../server/context.ts';
import { statisticsOf } from '../../../server/cpi/statistics.ts';
import { answer, json } from '../../../server/http.ts';

/** `?by=` one or two of region, industry, chip, provider, grade, day: how many, with how many cards and how much compute. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () => json(await statisticsOf(serverContext().db, new URL(request.url).searchParams)));
}
