import { serverContext } from '../context.ts';
import type { Gate } from './words.ts';

/** What the routes of clusters share. */
export function gateOf(): Gate {
  const { db, deployment, chainNow } = serverContext();
  return { db, chainNow, domain: { chainId: deployment.chainId, auction: deployment.auction } };
}
