import type { PublicClient } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import { auctionAbi } from '../../contracts/generated/abi.ts';
import { Refusal } from '../../domain/refusal.ts';
import { signingOf } from '../../domain/signing.ts';
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

/** Which of the orders that carry no signature are approved; without a look at the chain none is. */
export async function approvedAmong(
  orders: readonly { id: Hex; signature: Hex }[],
  isApproved?: (orderId: Hex) => Promise<boolean>,
): Promise<Set<Hex>> {
  const unsigned = orders.filter(({ signature }) => signingOf(signature) === 'APPROVAL');
  const answers = await Promise.all(unsigned.map(async ({ id }) => (await isApproved?.(id)) ?? false));
  return new Set(unsigned.filter((_, index) => answers[index]).map(({ id }) => id));
}
