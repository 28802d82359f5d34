import type { ServerContext } from '../context.ts';
import type { Gate } from './words.ts';

/** What the routes of clusters share. */
export function gateOf({ db, deployment, chainNow }: ServerContext): Gate {
  return { db, chainNow, domain: { chainId: deployment.chainId, auction: deployment.auction } };
}
