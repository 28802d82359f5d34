import { proposalsFor } from '../../../server/clusters/proposals.ts';
import { serverContext } from '../../../server/context.ts';
import { addressOf, answer, json } from '../../../server/http.ts';

/** `?provider=`: proposed clusters that wait for its answer. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () => {
    const { db, chainNow } = serverContext();
    const provider = addressOf(new URL(request.url).searchParams.get('provider') ?? '', 'provider');
    return json(await proposalsFor(db, provider, await chainNow()));
  });
}
