/** Pages of leases (ADR 0007): what their roots bind, the proof of one lease, and the bytes that settle them. */
import { bytesToHex, concat, hexToBytes, keccak, uintBytes } from './hash.ts';
import { leaseLeaf, type LeaseTerms } from './leaves.ts';
import { merkleProof, merkleTop, TAG } from './merkle.ts';
import { Reader } from './reader.ts';
import type { Hex } from './types.ts';

/** Bytes of a match in `PageCommitted`'s records; its lease are the last 20. */
export const RECORD = 157;
const LEASE_AT = 137;

/** Where a slot's page comes from; its lease root binds it. */
export function slotSource(slot: bigint, page: number, root: Hex): Hex {
  return keccak(concat(uintBytes(0, 1), uintBytes(slot, 8), uintBytes(page, 2), hexToBytes(root)));
}

/** Where a bought lease comes from. */
export function listingSource(listingId: Hex, node: Hex): Hex {
  return keccak(concat(uintBytes(1, 1), hexToBytes(listingId), hexToBytes(node)));
}

/** A page of leases as settlements name it; both texts are packed bytes. */
export interface LeasePage {
  id: bigint;
  start: bigint;
  source: Hex;
  /** 20 bytes each. */
  accounts: Hex;
  /** 20 bytes each: rate 12, cards 2, duration 4, consumer's place 1, provider's place 1. */
  leases: Hex;
}

/** The page that a `PageCommitted` opened. */
export function leasePageOf(id: bigint, start: bigint, source: Hex, accounts: Hex, records: Hex): LeasePage {
  let leases = '0x';
  for (let at = 2; at < records.length; at += 2 * RECORD)
    leases += records.slice(at + 2 * LEASE_AT, at + 2 * RECORD);
  return { id, start, source, accounts, leases: leases as Hex };
}

/** The page that a Buy opened. */
export function boughtPageOf(id: bigint, start: bigint, source: Hex, lease: LeaseTerms): LeasePage {
  const bytes = concat(
    uintBytes(lease.rate, 12),
    uintBytes(lease.cards, 2),
    uintBytes(lease.duration, 4),
    uintBytes(1, 1),
    uintBytes(0, 1),
  );
  const accounts = concat(hexToBytes(lease.provider), hexToBytes(lease.consumer));
  return { id, start, source, accounts: bytesToHex(accounts), leases: bytesToHex(bytes) };
}

/** The leases of a page; a skipped match left one of no cards. */
export function leasesOf(page: Pick<LeasePage, 'accounts' | 'leases'>): LeaseTerms[] {
  const table = accountTable(page.accounts);
  const read = new Reader(hexToBytes(page.leases));
  return read.list((page.leases.length - 2) / 40, () => decodeLease(read, table));
}

/** What the lease book stores for the page. */
export function leaseRoot(page: LeasePage): Hex {
  const leaves = leasesOf(page).map(leaseLeaf);
  return keccak(
    concat(
      uintBytes(2, 1),
      uintBytes(TAG.leases, 1),
      uintBytes(leaves.length, 4),
      merkleTop(TAG.leases, leaves),
      uintBytes(page.start, 5),
      hexToBytes(page.source),
    ),
  );
}

/** `LeaseRef` of contracts/types/Lease.sol: one lease with its proof. */
export interface LeaseRef {
  pageId: bigint;
  index: number;
  count: number;
  start: bigint;
  source: Hex;
  lease: LeaseTerms;
  proof: Hex[];
}

/** @throws RangeError when the page has no such lease. */
export function leaseRef(page: LeasePage, index: number): LeaseRef {
  const leases = leasesOf(page);
  const lease = leases[index];
  if (!lease) throw new RangeError(`page ${page.id} has no lease ${index}`);
  const proof = merkleProof(TAG.leases, leases.map(leaseLeaf), index);
  return {
    pageId: page.id,
    index,
    count: leases.length,
    start: page.start,
    source: page.source,
    lease,
    proof,
  };
}

export function leaseId(pageId: bigint, index: number): bigint {
  return (pageId << 8n) | BigInt(index);
}

/** The argument of `settlePages`. */
export function encodeSettlement(pages: readonly LeasePage[]): Uint8Array {
  return concat(
    ...pages.flatMap(({ id, start, source, accounts, leases }) => [
      uintBytes(id, 8),
      uintBytes(start, 5),
      hexToBytes(source),
      uintBytes((accounts.length - 2) / 40, 1),
      hexToBytes(accounts),
      uintBytes((leases.length - 2) / 40, 1),
      hexToBytes(leases),
    ]),
  );
}

/** The next lease of packed ones. */
export function decodeLease(read: Reader, table: readonly Hex[]): LeaseTerms {
  const terms = { rate: read.big(12), cards: read.int(2), duration: read.int(4) };
  return { ...terms, consumer: read.of(table), provider: read.of(table) };
}

/** Packed addresses as a table. */
export function accountTable(accounts: Hex): Hex[] {
  const read = new Reader(hexToBytes(accounts));
  return read.list((accounts.length - 2) / 40, () => read.hex(20));
}
