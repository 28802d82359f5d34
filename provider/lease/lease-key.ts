/** A lease's name among plugins. */
import { keccakText } from '../../domain/hash.ts';
import type { OwnLease } from '../ledger.ts';

/** Ids are given again when a reorganisation takes a lease back; what else a lease is made of tells the two apart. */
export function identityOf({ start, node, workload }: OwnLease): string {
  return `${start} ${node} ${workload}`;
}

/** The id and 12 hex digits of the identity: two leases that got one id are two to a plugin. */
export function leaseKey(leaseId: bigint, identity: string): string {
  return `${leaseId}-${keccakText(identity).slice(2, 14)}`;
}
