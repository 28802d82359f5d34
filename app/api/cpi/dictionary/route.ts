import { dictionaryView } from '../../../server/cpi/dictionary.ts';
import { answer, json } from '../../../server/http.ts';

/** What fields mean and which tables of codes there are, with their versions; `?table=` for one table's codes. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () => json(await dictionaryView(new URL(request.url).searchParams.get('table'))));
}
