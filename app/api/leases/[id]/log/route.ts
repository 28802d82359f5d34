import { serverContext } from '../../../../server/context.ts';
import { answer, integerOf, json } from '../../../../server/http.ts';
import { logOf } from '../../../../server/reads/leases.ts';

/** The end of what the lease's command wrote. */
export async function GET(
  _request: Request,
  { params }: { params: Promise<{ id: string }> },
): Promise<Response> {
  return answer(async () => json(await logOf(serverContext().db, integerOf((await params).id, 'lease id'))));
}
