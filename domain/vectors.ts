/**
 * Node states and task wishes in one space, each component 0 to 10,000 of a reference server (ADR 0001). Both are
 * derived: a node's from its leases and attributes on-chain, a task's from what the order asks for.
 */
import type { Resources } from './distance.ts';
import type { Hex } from './types.ts';

export const FULL = 10_000;
export const REFERENCE = { cards: 8n, networkMbps: 100_000n, storageGb: 20_000n } as const;

export interface StateVector extends Resources {
  node: Hex;
  entropyMicroBits: number;
}

export interface NodeCapacity {
  cards: number;
  networkMbps: bigint | number;
  storageGb: bigint | number;
}

/** What is available on a node with `free` of its cards not leased. */
export function nodeResources(node: NodeCapacity, free: number): Resources {
  const share = (capacity: bigint | number, reference: bigint) =>
    capped((BigInt(capacity) * BigInt(free) * BigInt(FULL)) / (BigInt(node.cards) * reference));
  return {
    compute: capped((BigInt(free) * BigInt(FULL)) / REFERENCE.cards),
    network: share(node.networkMbps, REFERENCE.networkMbps),
    storage: share(node.storageGb, REFERENCE.storageGb),
  };
}

/** The wish of a task for cards, bandwidth and storage. */
export function taskVector(task: NodeCapacity): {
  taskCompute: number;
  taskNetwork: number;
  taskStorage: number;
} {
  const wish = (amount: bigint | number, reference: bigint) =>
    capped((BigInt(amount) * BigInt(FULL)) / reference);
  return {
    taskCompute: wish(task.cards, REFERENCE.cards),
    taskNetwork: wish(task.networkMbps, REFERENCE.networkMbps),
    taskStorage: wish(task.storageGb, REFERENCE.storageGb),
  };
}

function capped(value: bigint): number {
  return Number(value > BigInt(FULL) ? BigInt(FULL) : value);
}
