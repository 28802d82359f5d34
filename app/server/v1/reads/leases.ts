/** Leases by either side in pages, and whose a lease is. */
import type { Database } from '../../../../prisma/client.ts';
import type { LeaseView } from '../../../views.ts';
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

/** Consumer, provider, and the provider's signing key; null for an unknown lease. */
export async function partiesOf(db: Database, id: bigint): Promise<string[] | null> {
  const [row] = await db.$queryRaw<{ consumer: string; provider: string; signer: string | null }[]>`
    SELECT l.consumer, l.provider, p.signer FROM lease l LEFT JOIN provider p ON p.address = l.provider WHERE l.id = ${id}`;
  if (row === undefined) return null;
  return [row.consumer, row.provider, ...(row.signer === null ? [] : [row.signer])];
}
