import type { PublicClient } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import { auctionAbi } from '../../contracts/generated/abi.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';

/** Asks the chain whether an order was approved: `approveOrder` or `approveOrderSigned`. */
export function createApprovals(
  client: PublicClient,
  { auction }: Deployment,
): (orderId: Hex) => Promise<boolean> {
  return async (orderId) => {
    try {
      const call = {
        address: auction,
        abi: auctionAbi,
        functionName: 'approvedAt',
        args: [orderId],
      } as const;
      return (await client.readContract(call)) !== 0;
    } catch {
      throw new Refusal(
        'CHAIN_UNREACHABLE',
        'The chain does not answer, so nobody knows whether the order is approved.',
        'Try again in a moment.',
      );
    }
  };
}
