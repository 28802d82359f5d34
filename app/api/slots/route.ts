import { serverContext } from '../../server/context.ts';
import { answer, json } from '../../server/http.ts';
import { slotsOf } from '../../server/reads/slots.ts';

/** Slots that had an order, newest first. */
export async function GET(): Promise<Response> {
  return answer(async () => json(await slotsOf(serverContext().db)));
}
