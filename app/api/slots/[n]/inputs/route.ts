import { keccak } from '../../../../../domain/hash.ts';
import { inputsFile } from '../../../../../domain/inputs-file.ts';
import { serverContext } from '../../../../server/context.ts';
import { answer, integerOf } from '../../../../server/http.ts';
import { slotInputs } from '../../../../server/reads/slots.ts';

/** The slot's inputs, after its close: one file of canonical bytes (ADR 0011), all that a replay needs beside the chain. */
export async function GET(
  _request: Request,
  { params }: { params: Promise<{ n: string }> },
): Promise<Response> {
  return answer(async () => {
    const slot = integerOf((await params).n, 'slot');
    const { db, deployment, chainNow } = serverContext();
    const bytes = await slotInputs(db, slot, await chainNow(), deployment.parameters);
    return new Response(Buffer.from(bytes), {
      headers: {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${inputsFile(slot, keccak(bytes))}"`,
        'cache-control': 'no-store',
      },
    });
  });
}
