import { configOf, serverContext } from '../../server/context.ts';
import { answer, json } from '../../server/http.ts';

/** The deployment, and the chain's address for clients. */
export async function GET(): Promise<Response> {
  return answer(() => Promise.resolve(json(configOf(serverContext()))));
}
