import { Interface } from 'ethers';
import { auctionAbi } from '../../contracts/generated/abi.ts';
import { bytesToHex } from '../../domain/hash.ts';
import { decodeRecords, encodePage, SKIP_REASONS } from '../../domain/page.ts';
import { PAGE_MATCHES } from '../../domain/parameters.ts';
import { signingOf } from '../../domain/signing.ts';
import type { ClearedSlot } from '../../domain/slot.ts';
import type { Hex } from '../../domain/types.ts';
import { MAX_TRANSACTION_GAS, type Call, type Mined } from './transaction-manager.ts';

/** Gas asked for, above what was measured for fresh accounts; what is not used is not paid. */
const HEADER_GAS = 400_000n;
const PAGE_BASE_GAS = 300_000n;
const MATCH_GAS = 150_000n;
/** What a match at a firm quote adds: its surplus is shared. */
const QUOTE_GAS = 80_000n;

export const auctionInterface = new Interface(auctionAbi);

export const headerEffect = (slot: bigint): string => `slot:${slot}:header`;
const pageEffect = (slot: bigint, page: number): string => `slot:${slot}:page:${page}`;

const pageCountOf = (matches: number): number => Math.ceil(matches / PAGE_MATCHES);

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** The slot's first transaction. */
export function headerCall(auction: Hex, cleared: ClearedSlot): Call {
  const header = { ...cleared.header, pageCount: pageCountOf(cleared.matches.length) };
  return {
    effect: headerEffect(header.slot),
    to: auction,
    data: auctionInterface.encodeFunctionData('commitSlot', [header]) as Hex,
    gasLimit: HEADER_GAS,
  };
}

/** The slot's matches, page by page. */
export function pageCalls(auction: Hex, cleared: ClearedSlot): Call[] {
  const { slot } = cleared.header;
  return Array.from({ length: pageCountOf(cleared.matches.length) }, (_, page) => {
    const matches = cleared.matches.slice(page * PAGE_MATCHES, (page + 1) * PAGE_MATCHES);
    const bytes = bytesToHex(encodePage(matches));
    const quoted = matches.filter(({ order }) => signingOf(order.signature) === 'QUOTE').length;
    const gas = PAGE_BASE_GAS + MATCH_GAS * BigInt(matches.length) + QUOTE_GAS * BigInt(quoted);
    return {
      effect: pageEffect(slot, page),
      to: auction,
      data: auctionInterface.encodeFunctionData('commitPage', [slot, page, bytes]) as Hex,
      gasLimit: least(gas, MAX_TRANSACTION_GAS),
    };
  });
}

/** Matches that the contract refused, from a page's logs. */
export function skippedIn(mined: Mined): { orderId: Hex; askId: Hex; reason: string }[] {
  return mined.logs.flatMap((log) => {
    const parsed = auctionInterface.parseLog(log);
    if (parsed?.name !== 'PageCommitted') return [];
    const records = decodeRecords(parsed.args['accounts'] as Hex, parsed.args['records'] as Hex);
    return records
      .filter(({ skip }) => skip !== 0)
      .map(({ orderId, askId, skip }) => ({ orderId, askId, reason: SKIP_REASONS[skip] ?? String(skip) }));
  });
}
