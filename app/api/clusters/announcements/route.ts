import { acceptAnnouncement } from '../../../server/clusters/words.ts';
import { gateOf } from '../../../server/clusters/gate.ts';
import { answer, json, readJson } from '../../../server/http.ts';

/** Where a provider's nodes answer pings (`domain/cluster-words.ts`), with its `signature`. */
export async function POST(request: Request): Promise<Response> {
  return answer(async () => {
    await acceptAnnouncement(gateOf(), await readJson(request));
    return json({ ok: true });
  });
}
