/** Leases by either side in pages, and whose a lease is. */
import type { Hex } from '../../../../domain/types.ts';
import type { Database } from '../../../../prisma/client.ts';
import type { LeaseView } from '../../../views.ts';
import { runnerOfLease } from '../../clusters/formed.ts';
import { leasesOf } from '../../reads/leases.ts';

export interface LeaseWish {
  account?: string | undefined;
  provider?: string | undefined;
  live?: boolean | undefined;
  before?: bigint | undefined;
}

/** Newest first. An account's are those that it rents and those that it lets: two lists, each by its index. */
export async function leasePage(db: Database, wish: LeaseWish, limit: number): Promise<LeaseView[]> {
  const { account, ...rest } = wish;
  if (account === undefined) return leasesOf(db, rest, limit);
  const [rented, let_] = await Promise.all([
    leasesOf(db, { ...rest, consumer: account }, limit),
    leasesOf(db, { ...rest, provider: account }, limit),
  ]);
  const both = new Map([...rented, ...let_].map((lease) => [lease.id, lease]));
  return [...both.values()].sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1)).slice(0, limit);
}

/** Consumer, provider (of a cluster's lease, the member that runs it), and the provider's signing key; null for an unknown lease. */
export async function partiesOf(db: Database, id: bigint): Promise<string[] | null> {
  const lease = await db.lease.findUnique({ where: { id }, select: { consumer: true, provider: true } });
  if (lease === null) return null;
  const runner = await runnerOfLease(db, id, lease.provider as Hex);
  const key = await db.provider.findUnique({ where: { address: runner }, select: { signer: true } });
  return [lease.consumer, runner, ...(key === null ? [] : [key.signer])];
}
