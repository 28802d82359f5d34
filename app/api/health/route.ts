import { serverContext } from '../../server/context.ts';
import { healthOf } from '../../server/health.ts';
import { json } from '../../server/http.ts';

/** Whether the market works: database, chain and indexer, each by itself. 503 until all do. */
export async function GET(): Promise<Response> {
  const health = await healthOf(serverContext);
  return json(health, health.ready ? 200 : 503);
}
