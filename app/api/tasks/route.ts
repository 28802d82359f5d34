import { serverContext } from '../../server/context.ts';
import { answer, json, readJson } from '../../server/http.ts';
import { taskAnswer } from '../../server/tasks.ts';

/** A task in the form of docs/tasks.md: what an order for it says, and which regions its data reach in time, and the nearest nodes. */
export async function POST(request: Request): Promise<Response> {
  return answer(async () => {
    const context = serverContext();
    return json(await taskAnswer(context, await context.chainNow(), await readJson(request)));
  });
}
