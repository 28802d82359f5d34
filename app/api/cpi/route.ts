import { serverContext } from '../../server/context.ts';
import { searchIdentifiers } from '../../server/cpi/search.ts';
import { answer, json } from '../../server/http.ts';

/** `?prefix=`, `?region=`, `?city=`, `?industry=`, `?chip=`, `?provider=`, `?grade=`, together or alone; `&limit=`, `&after=`. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () =>
    json(await searchIdentifiers(serverContext().db, new URL(request.url).searchParams)),
  );
}
