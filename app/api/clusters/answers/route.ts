import { acceptAnswer } from '../../../server/clusters/answers.ts';
import { gateOf } from '../../../server/clusters/gate.ts';
import { answer, json, readJson } from '../../../server/http.ts';

/** `{proposal, consent, signature}`, or why not: `{proposal, node, provider, at, reason, signature}`. */
export async function POST(request: Request): Promise<Response> {
  return answer(async () => {
    await acceptAnswer(gateOf(), await readJson(request));
    return json({ ok: true });
  });
}
