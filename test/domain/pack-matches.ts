/** What `PageCommitted` says of matches, packed by hand. */
import { bytesToHex, uintBytes } from '../../domain/hash.ts';
import type { SlotMatch } from '../../domain/slot.ts';
import type { Hex } from '../../domain/types.ts';

/** `accounts` and `records` of `PageCommitted`: one provider and one consumer a match, however often they come. */
export function packMatches(matches: readonly SlotMatch[]): { accounts: Hex; records: Hex } {
  const accounts: Hex[] = [];
  const records = matches.map(({ order: { order }, ask: { ask }, leaf, price }) => {
    const [provider, consumer] = [accounts.length, accounts.length + 1];
    accounts.push(ask.provider, order.consumer);
    const empty = leaf.skip !== 0;
    const words: Hex[] = [
      bytesToHex(uintBytes(leaf.skip, 1)),
      leaf.orderId,
      leaf.askId,
      leaf.node,
      order.workload,
      bytesToHex(uintBytes(order.nonce, 8)),
      bytesToHex(uintBytes(empty ? 0n : price, 12)),
      bytesToHex(uintBytes(empty ? 0 : order.cards, 2)),
      bytesToHex(uintBytes(empty ? 0 : order.duration, 4)),
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
