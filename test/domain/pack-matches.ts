/** What `PageCommitted` says of matches, packed by hand. */
import { bytesToHex, uintBytes } from '../../domain/hash.ts';
import type { SlotMatch } from '../../domain/slot.ts';
import type { Hex } from '../../domain/types.ts';

/** `accounts` and `records` of `PageCommitted`: one provider and one consumer a match, however often they come. */
export function packMatches(matches: readonly SlotMatch[]): { accounts: Hex; records: Hex } {
  return packRecords(
    matches.map(({ order: { order }, ask: { ask }, leaf: { orderId, askId, node, skip }, price }) => ({
      ...{ orderId, askId, node, skip, price },
      ...{ workload: order.workload, nonce: order.nonce, cards: order.cards, duration: order.duration },
      ...{ provider: ask.provider, consumer: order.consumer },
    })),
  );
}

interface PackedMatch {
  orderId: Hex;
  askId: Hex;
  node: Hex;
  /** Why it opened no lease; 0 when it did. */
  skip?: number;
  workload: Hex;
  nonce: bigint;
  /** Base units per card-hour. */
  price: bigint;
  cards: number;
  duration: number;
  provider: Hex;
  consumer: Hex;
}

export function packRecords(matches: readonly PackedMatch[]): { accounts: Hex; records: Hex } {
  const accounts: Hex[] = [];
  const records = matches.map(({ skip = 0, ...match }) => {
    const [provider, consumer] = [accounts.length, accounts.length + 1];
    accounts.push(match.provider, match.consumer);
    const empty = skip !== 0;
    const words: Hex[] = [
      bytesToHex(uintBytes(skip, 1)),
      match.orderId,
      match.askId,
      match.node,
      match.workload,
      bytesToHex(uintBytes(match.nonce, 8)),
      bytesToHex(uintBytes(empty ? 0n : match.price, 12)),
      bytesToHex(uintBytes(empty ? 0 : match.cards, 2)),
      bytesToHex(uintBytes(empty ? 0 : match.duration, 4)),
      bytesToHex(uintBytes(consumer, 1)),
      bytesToHex(uintBytes(provider, 1)),
    ];
    return join(words);
  });
  return { accounts: join(accounts), records: join(records) };
}

function join(parts: readonly Hex[]): Hex {
  return `0x${parts.map((part) => part.slice(2)).join('')}`;
}
