import { Interface } from 'ethers';
import { auctionAbi } from '../../contracts/generated/abi.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { PAGE_MATCHES } from '../../domain/parameters.ts';
import type { ClearedSlot } from '../../domain/slot.ts';
import type { Hex } from '../../domain/types.ts';
import { MAX_TRANSACTION_GAS, type Call, type Mined } from './transaction-manager.ts';

/** Gas asked for, above what was measured for fresh accounts; what is not used is not paid. */
const HEADER_GAS = 400_000n;
const PAGE_BASE_GAS = 300_000n;
const MATCH_GAS = 400_000n;

/** Skip reasons in the order of `IAuction.Skip`. */
const SKIP_REASONS = [
  'NONE',
  'ORDER_SIGNATURE',
  'ASK_SIGNATURE',
  'ORDER_EXPIRED',
  'ASK_EXPIRED',
  'ORDER_NONCE_USED',
  'ASK_NONCE_USED',
  'NODE_MISMATCH',
  'CLASS_MISMATCH',
  'REGION_MISMATCH',
  'PROVIDER_NOT_SELLING',
  'QUANTITY',
  'DURATION',
  'PRICE',
  'FUNDS',
];

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
  const matches = cleared.matches.map(({ order, ask, runnerUp, step, shortlist }) => ({
    order: order.order,
    orderSignature: order.signature,
    ask: ask.ask,
    askSignature: ask.signature,
    // A requirement of one class or none says it all by itself.
    classes: order.classes.length > 1 ? order.classes : [],
    runnerUp: runnerUp ?? ZERO_HASH,
    step,
    shortlist,
  }));
  return Array.from({ length: pageCountOf(matches.length) }, (_, page) => {
    const rows = matches.slice(page * PAGE_MATCHES, (page + 1) * PAGE_MATCHES);
    return {
      effect: pageEffect(slot, page),
      to: auction,
      data: auctionInterface.encodeFunctionData('commitPage', [slot, page, rows]) as Hex,
      gasLimit: least(PAGE_BASE_GAS + MATCH_GAS * BigInt(rows.length), MAX_TRANSACTION_GAS),
    };
  });
}

/** Matches that the contract refused, from a page's logs. */
export function skippedIn(mined: Mined): { orderId: Hex; askId: Hex; reason: string }[] {
  return mined.logs.flatMap((log) => {
    const parsed = auctionInterface.parseLog(log);
    if (parsed?.name !== 'MatchSkipped') return [];
    const reason = Number(parsed.args['reason']);
    return [
      {
        orderId: parsed.args['orderId'] as Hex,
        askId: parsed.args['askId'] as Hex,
        reason: SKIP_REASONS[reason] ?? String(reason),
      },
    ];
  });
}
