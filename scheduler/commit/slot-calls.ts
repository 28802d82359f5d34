import { Interface, keccak256 } from 'ethers';
import { auctionAbi } from '../../contracts/generated/abi.ts';
import { bytesToHex, concat, hexToBytes, uintBytes } from '../../domain/hash.ts';
import { decodeRecords, encodePage, SKIP_REASONS } from '../../domain/page.ts';
import { PAGE_MATCHES } from '../../domain/parameters.ts';
import type { ClearedSlot } from '../../domain/slot.ts';
import type { Hex, SlotHeader } from '../../domain/types.ts';
import { MAX_TRANSACTION_GAS, type Call } from './signing.ts';

/** Gas asked for, above what was measured for fresh accounts; what is not used is not paid. */
const HEADER_GAS = 400_000n;
const PAGE_BASE_GAS = 300_000n;
const MATCH_GAS = 150_000n;

export const auctionInterface = new Interface(auctionAbi);

/** What a slot commits: all that its transactions say. */
export interface SlotPlan {
  header: SlotHeader;
  /** Packed (ADR 0007, "Pages"). */
  pages: Uint8Array[];
}

export function planOf(cleared: ClearedSlot): SlotPlan {
  const pageCount = Math.ceil(cleared.matches.length / PAGE_MATCHES);
  return {
    header: { ...cleared.header, pageCount },
    pages: Array.from({ length: pageCount }, (_, page) =>
      encodePage(cleared.matches.slice(page * PAGE_MATCHES, (page + 1) * PAGE_MATCHES)),
    ),
  };
}

const headerData = (header: SlotHeader): Hex =>
  auctionInterface.encodeFunctionData('commitSlot', [header]) as Hex;

/** As `IAuction.SlotState.headerHash` has it: the header's words behind the selector. */
export const headerHash = (header: SlotHeader): Hex => keccak256(`0x${headerData(header).slice(10)}`) as Hex;

export const headerEffect = (slot: bigint, attempt: number): string => `slot:${slot}:${attempt}:header`;

/** The slot's first transaction. */
export function headerCall(auction: Hex, { header }: SlotPlan, attempt: number): Call {
  const effect = headerEffect(header.slot, attempt);
  return { effect, to: auction, data: headerData(header), gasLimit: HEADER_GAS };
}

/**
 * The slot's matches from page `from` on.
 * @param round above 1 when the chain refused a page and the slot can still be finished
 */
export function pageCalls(
  auction: Hex,
  { header, pages }: SlotPlan,
  attempt: number,
  from: number,
  round: number,
): Call[] {
  const { slot, matchCount } = header;
  return pages.slice(from).map((bytes, index) => {
    const page = from + index;
    const gas = PAGE_BASE_GAS + MATCH_GAS * BigInt(Math.min(PAGE_MATCHES, matchCount - page * PAGE_MATCHES));
    return {
      effect: `slot:${slot}:${attempt}:page:${page}${round > 1 ? `:again:${round}` : ''}`,
      to: auction,
      data: pageData(slot, page, bytes),
      gasLimit: gas < MAX_TRANSACTION_GAS ? gas : MAX_TRANSACTION_GAS,
    };
  });
}

const PAGE_SELECTOR = hexToBytes(auctionInterface.getFunction('commitPage')!.selector as Hex);
/** The bytes follow the three words of the arguments. */
const PAGE_DATA_AT = 96;

/** The call `commitPage(slot, page, data)`, without ethers (ADR 0014). */
export function pageData(slot: bigint, page: number, data: Uint8Array): Hex {
  const padding = new Uint8Array((32 - (data.length % 32)) % 32);
  const words = [slot, page, PAGE_DATA_AT, data.length].map((value) => uintBytes(value, 32));
  return bytesToHex(concat(PAGE_SELECTOR, ...words, data, padding));
}

/** A match that the contract refused; it consumed nothing, so the order stands in the next slot. */
export interface SkippedMatch {
  orderId: Hex;
  askId: Hex;
  reason: string;
}

/** Matches that the contract refused, from a slot's logs. */
export function skippedIn(logs: readonly { topics: readonly string[]; data: string }[]): SkippedMatch[] {
  return logs.flatMap((log) => {
    const parsed = auctionInterface.parseLog(log);
    if (parsed?.name !== 'PageCommitted') return [];
    const records = decodeRecords(parsed.args['accounts'] as Hex, parsed.args['records'] as Hex);
    return records
      .filter(({ skip }) => skip !== 0)
      .map(({ orderId, askId, skip }) => ({ orderId, askId, reason: SKIP_REASONS[skip] ?? String(skip) }));
  });
}
