import { createPublicClient, http } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import { decodeLogs } from '../../contracts/events.ts';
import { leaseRef, type LeaseRef } from '../../domain/lease-page.ts';
import { applyEvent } from '../../domain/market-fold.ts';
import { emptyMarket, type MarketState } from '../../domain/market-state.ts';

/** The market as its logs on the chain tell it. */
export async function marketOf(rpcUrl: string, deployment: Deployment): Promise<MarketState> {
  const client = createPublicClient({ transport: http(rpcUrl), cacheTime: 0 });
  const state = emptyMarket(deployment.treasury, deployment.parameters.feeBps);
  for (const event of decodeLogs(deployment, await client.getLogs({ fromBlock: 0n })))
    applyEvent(state, event);
  return state;
}

/** A lease as the lease book's calls name it. */
export async function refOf(rpcUrl: string, deployment: Deployment, leaseId: bigint): Promise<LeaseRef> {
  const page = (await marketOf(rpcUrl, deployment)).pages.get(leaseId >> 8n);
  if (!page) throw new Error(`no page holds lease ${leaseId}`);
  return leaseRef(page, Number(leaseId & 0xffn));
}
