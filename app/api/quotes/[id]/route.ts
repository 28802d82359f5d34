import { serverContext } from '../../../server/context.ts';
import { answer, json, notFound } from '../../../server/http.ts';
import { quoteOf } from '../../../server/reads/quotes.ts';

/** A quote by its order's id: offered, held, procured or refunded. */
export async function GET(
  _request: Request,
  { params }: { params: Promise<{ id: string }> },
): Promise<Response> {
  return answer(async () => {
    const { id } = await params;
    const { db, chainNow } = serverContext();
    const quote = await quoteOf(db, id.toLowerCase(), await chainNow());
    if (quote === null) throw notFound(`The quote ${id}`, 'Ask for one: POST /api/quotes.');
    return json(quote);
  });
}
