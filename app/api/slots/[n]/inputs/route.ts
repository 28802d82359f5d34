import { serverContext } from '../../../../server/context.ts';
import { answer, integerOf, json } from '../../../../server/http.ts';
import { slotInputs } from '../../../../server/reads/slots.ts';

/** The slot's canonical inputs, after its close: all that a replay needs beside the chain. */
export async function GET(
  _request: Request,
  { params }: { params: Promise<{ n: string }> },
): Promise<Response> {
  return answer(async () => {
    const slot = integerOf((await params).n, 'slot');
    const { db, deployment, chainNow } = serverContext();
    return json(await slotInputs(db, slot, await chainNow(), deployment.parameters));
  });
}
