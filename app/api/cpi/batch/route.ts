import { z } from 'zod';
import { Refusal } from '../../../../domain/refusal.ts';
import { serverContext } from '../../../server/context.ts';
import { answer, json, readJson } from '../../../server/http.ts';
import { parse } from '../../../server/parse.ts';

const MOST_IDS = 256;
const batchSchema = z.strictObject({ ids: z.array(z.string().max(1_024)).max(MOST_IDS) });

/** `{ids}`, at most 256: for each what `GET /api/cpi/{id}` would answer, or why it is refused. */
export async function POST(request: Request): Promise<Response> {
  return answer(async () => {
    const { ids } = parse(batchSchema, await readJson(request));
    const answers = await serverContext().resolver.resolveAll(ids);
    return json(
      answers.map((item) =>
        item instanceof Refusal
          ? { ok: false, code: item.code, sentence: item.sentence, fix: item.fix }
          : { ok: true, ...item },
      ),
    );
  });
}
