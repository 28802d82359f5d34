import { serverContext } from '../../../../server/context.ts';
import { answer, integerOf, json, readJson } from '../../../../server/http.ts';
import { acceptReport } from '../../../../server/reports.ts';

/** A report by the provider's agent (see `domain/report.ts`) with its `signature`. */
export async function POST(
  request: Request,
  { params }: { params: Promise<{ id: string }> },
): Promise<Response> {
  return answer(async () => {
    const id = integerOf((await params).id, 'lease id');
    const { db, deployment } = serverContext();
    await acceptReport(
      db,
      { chainId: deployment.chainId, auction: deployment.auction },
      id,
      await readJson(request),
    );
    return json({ ok: true });
  });
}
