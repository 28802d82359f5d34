import { serverContext } from '../../../../server/context.ts';
import { answer, integerOf, json } from '../../../../server/http.ts';
import { slotInputs } from '../../../../server/reads/slots.ts';

/** Replays the slot from its published inputs against the chain: a result per rule. */
export async function POST(
  _request: Request,
  { params }: { params: Promise<{ n: string }> },
): Promise<Response> {
  return answer(async () => {
    const slot = integerOf((await params).n, 'slot');
    const { db, deployment, verifier, chainNow } = serverContext();
    const manifest = await slotInputs(db, slot, await chainNow(), deployment.parameters);
    const rules = await verifier.verify(slot, manifest);
    return json({ slot, ok: rules.every((rule) => rule.ok), rules });
  });
}
