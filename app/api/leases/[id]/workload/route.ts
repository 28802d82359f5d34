import { serverContext } from '../../../../server/context.ts';
import { answer, integerOf, json, notFound } from '../../../../server/http.ts';

/** `{command, env?}` of a lease, for its provider's agent, which checks it against the hash on-chain. */
export async function GET(
  _request: Request,
  { params }: { params: Promise<{ id: string }> },
): Promise<Response> {
  return answer(async () => {
    const id = integerOf((await params).id, 'lease id');
    const { db } = serverContext();
    const lease = await db.lease.findUnique({ where: { id }, select: { workload: true } });
    if (lease === null) throw notFound(`Lease ${id}`, 'Wait until its block is indexed, or check the id.');
    const workload = await db.workload.findUnique({ where: { hash: lease.workload } });
    if (workload === null)
      throw notFound(`The workload ${lease.workload}`, 'Its consumer puts it with POST /api/workloads.');
    return json(JSON.parse(workload.body));
  });
}
