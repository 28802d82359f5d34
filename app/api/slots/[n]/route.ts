import { serverContext } from '../../../server/context.ts';
import { answer, integerOf, json } from '../../../server/http.ts';
import { slotOf } from '../../../server/reads/slots.ts';

export async function GET(
  _request: Request,
  { params }: { params: Promise<{ n: string }> },
): Promise<Response> {
  return answer(async () => {
    const slot = integerOf((await params).n, 'slot');
    const { db, deployment, chainNow } = serverContext();
    return json(await slotOf(db, slot, await chainNow(), deployment.parameters));
  });
}
