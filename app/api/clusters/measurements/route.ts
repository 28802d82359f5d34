import { acceptMeasurements } from '../../../server/clusters/words.ts';
import { gateOf } from '../../../server/clusters/gate.ts';
import { answer, json, readJson } from '../../../server/http.ts';

/** Round trips that a provider's agent measured (`domain/cluster-words.ts`), with its `signature`. */
export async function POST(request: Request): Promise<Response> {
  return answer(async () => {
    await acceptMeasurements(gateOf(), await readJson(request));
    return json({ ok: true });
  });
}
