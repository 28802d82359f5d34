import { serverContext } from '../../../server/context.ts';
import { workloadDemandOf } from '../../../server/cpi/demand.ts';
import { answer, json } from '../../../server/http.ts';

/** `?workload=` for what its finished runs say of its work; `&class=`, `&cards=` for how long it would take there. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () =>
    json(await workloadDemandOf(serverContext().db, new URL(request.url).searchParams)),
  );
}
