import { serverContext } from '../../server/context.ts';
import { addressOf, answer, json, readJson } from '../../server/http.ts';
import { asksOf } from '../../server/reads/orders.ts';

/** `?provider=`: a provider's own asks without their reserves. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () => {
    const provider = addressOf(new URL(request.url).searchParams.get('provider') ?? '', 'provider');
    const { db, chainNow } = serverContext();
    return json(await asksOf(db, provider, await chainNow()));
  });
}

/** `{ask, signature}` → `{id, receipt}`. */
export async function POST(request: Request): Promise<Response> {
  return answer(async () => json(await serverContext().intake.acceptAsk(await readJson(request)), 201));
}
