import { serverContext } from '../../server/context.ts';
import { answer, json, readJson } from '../../server/http.ts';
import { openListings } from '../../server/reads/market.ts';

/** `?class=` (class id): listings that can be bought now, cheapest first. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () => {
    const resourceClass = new URL(request.url).searchParams.get('class');
    const { db, chainNow } = serverContext();
    return json(await openListings(db, await chainNow(), resourceClass?.toLowerCase() ?? null));
  });
}

/** `{listing, signature}` → `{id}`. */
export async function POST(request: Request): Promise<Response> {
  return answer(async () => json(await serverContext().intake.acceptListing(await readJson(request)), 201));
}
