import { serverContext } from '../../../server/context.ts';
import { answer, integerOf, json, notFound } from '../../../server/http.ts';
import { leasesOf, refOf } from '../../../server/reads/leases.ts';

export async function GET(
  _request: Request,
  { params }: { params: Promise<{ id: string }> },
): Promise<Response> {
  return answer(async () => {
    const id = integerOf((await params).id, 'lease id');
    const [lease] = await leasesOf(serverContext().db, { id }, 1);
    if (lease === undefined)
      throw notFound(`Lease ${id}`, 'Wait until its block is indexed, or check the id.');
    return json({ ...lease, ref: await refOf(serverContext().db, id) });
  });
}
