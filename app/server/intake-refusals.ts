/** What the gate says to messages that nobody signed, whose nonce is used, or whose command nobody knows. */
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';

export function badSignature(expected: string): Refusal {
  return new Refusal(
    'BAD_SIGNATURE',
    `The signature is not by ${expected}.`,
    'Sign the EIP-712 message with that key, for this chain and auction contract.',
  );
}

export function notApproved(id: Hex, consumer: Hex, auction: Hex): Refusal {
  return new Refusal(
    'NOT_APPROVED',
    `The order ${id} has no signature, and ${consumer} has not approved it on-chain.`,
    `Call approveOrder(order) of ${auction} from that account, or approveOrderSigned with its ERC-1271 signature from any; then send the order again.`,
    { retryable: true },
  );
}

/** @param onChain it was filled or cancelled there; else another message of the book carries it */
export function nonceUsed(account: Hex, nonce: bigint, onChain: boolean): Refusal {
  return new Refusal(
    'NONCE_USED',
    onChain
      ? `The nonce ${nonce} of ${account} was filled or cancelled on-chain.`
      : `Another message of ${account} already carries the nonce ${nonce}.`,
    'Sign it again with a nonce of its own.',
  );
}

export function unknownWorkload(hash: Hex): Refusal {
  return new Refusal(
    'UNKNOWN_WORKLOAD',
    `The workload ${hash} is not stored.`,
    'Send the workload with the order, or put it first (POST /api/v1/workloads).',
  );
}
