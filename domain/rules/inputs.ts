/** What the slot was made of: the manifest, its items, their signatures. */
import { askId, orderId } from '../eip712.ts';
import type { SlotEvidence } from '../evidence.ts';
import { keccak } from '../hash.ts';
import { withLateMatches } from '../market-fold.ts';
import { decodeManifest, type Manifest } from '../manifest.ts';
import { isSigned, signingOf, type JudgedOrder } from '../signing.ts';
import { clearSlot } from '../slot.ts';
import type { Hex } from '../types.ts';
import { found, notChecked, NO_HEADER, type Case, type Rule } from './finding.ts';

const NO_MANIFEST = "the slot's manifest is missing";

export const inputsHash: Rule = {
  rule: 'inputs-hash',
  sentence: 'The published manifest is the one whose hash the header carries.',
  check: ({ evidence: { slot, committed, manifest } }) => {
    if (!committed) return notChecked(NO_HEADER);
    if (!manifest) return notChecked(NO_MANIFEST);
    const hash = keccak(manifest);
    if (hash !== committed.header.inputsHash)
      return found(1, `the manifest hashes to ${hash}, the header has ${committed.header.inputsHash}`);
    const decoded = decode(manifest);
    if (typeof decoded === 'string') return found(2, decoded);
    if (decoded.slot !== slot) return found(3, `the manifest is of slot ${decoded.slot}, not ${slot}`);
    return found(3);
  },
};

export const items: Rule = {
  rule: 'items',
  sentence:
    'The items are those of the manifest, no more and no fewer, and each id is the digest of its message.',
  check: ({ evidence: { manifest, orders, asks }, itemDifference }) => {
    if (!manifest) return notChecked(NO_MANIFEST);
    return found(orders.length + asks.length, itemDifference);
  },
};

export const signatures: Rule = {
  rule: 'signatures',
  sentence: 'Every matched order and ask was signed, approved or bought at a quote by the one it binds.',
  check: ({ evidence: { pages, orders, asks, stateAtClose } }) => {
    if (!stateAtClose) return notChecked("the market's state at the closing block is missing");
    const orderOf = new Map(orders.map((item) => [item.id, item]));
    const askOf = new Map(asks.map((item) => [item.id, item]));
    let checked = 0;
    for (const { page, matches } of pages) {
      if (!matches) return notChecked(`the matches of page ${page} are missing`);
      for (const match of matches) {
        const order = orderOf.get(match.orderId);
        const ask = askOf.get(match.askId);
        if (!order)
          return found(checked, `the matched order ${match.orderId} is not among the slot's orders`);
        if (!ask) return found(checked, `the matched ask ${match.askId} is not among the slot's asks`);
        checked += 2;
        if (!isSigned(order, stateAtClose)) return found(checked, unsigned(order));
        const key = stateAtClose.providers.get(ask.signed.ask.provider)?.signer ?? null;
        if (key === null || ask.signer !== key)
          return found(
            checked,
            `ask ${ask.id} is ${signedBy(ask.signer)}, its provider's key is ${key ?? 'none'}`,
          );
      }
    }
    return found(checked);
  },
};

/** The slot cleared anew, or why it can't be. */
export function replayOf(evidence: SlotEvidence, digests: WeakMap<object, Hex>): Omit<Case, 'evidence'> {
  const itemDifference = compareItems(evidence, digests);
  const { committed, manifest, stateAtClose, eventsSince, slot, parameters, orders, asks } = evidence;
  const without = (noReplay: string) => ({ replay: null, noReplay, itemDifference });
  if (!committed) return without(NO_HEADER);
  if (!manifest) return without(NO_MANIFEST);
  if (!stateAtClose) return without("the market's state at the closing block is missing");
  if (!eventsSince) return without('the events after the close are missing');
  if (itemDifference !== null) return without(`the items are not the manifest's: ${itemDifference}`);
  const { seed, closeBlock } = committed.header;
  const state = withLateMatches(stateAtClose, eventsSince, slot);
  const replay = clearSlot({ slot, seed, closeBlock, parameters, orders, asks }, state);
  return { replay, noReplay: '', itemDifference };
}

function compareItems(
  { domain, manifest, orders, asks }: SlotEvidence,
  digests: WeakMap<object, Hex>,
): string | null {
  if (!manifest) return null;
  const decoded = decode(manifest);
  if (typeof decoded === 'string') return decoded;
  return (
    compareIds('order', decoded.orders, orders) ??
    compareIds('ask', decoded.asks, asks) ??
    firstForged(
      'order',
      orders,
      ({ signed }) => [signed.order, () => orderId(domain, signed.order)],
      digests,
    ) ??
    firstForged('ask', asks, ({ signed }) => [signed.ask, () => askId(domain, signed.ask)], digests)
  );
}

function compareIds(kind: string, listed: readonly Hex[], given: readonly { id: Hex }[]): string | null {
  const have = new Set(given.map((item) => item.id));
  const missing = listed.find((id) => !have.has(id));
  if (missing !== undefined) return `${kind} ${missing} of the manifest is missing`;
  const due = new Set(listed);
  const extra = given.find((item) => !due.has(item.id));
  if (extra) return `${kind} ${extra.id} is not in the manifest`;
  return have.size === given.length ? null : `an ${kind} is given twice`;
}

/** First item whose id is not the digest of its message. */
function firstForged<T extends { id: Hex }>(
  kind: string,
  given: readonly T[],
  messageOf: (item: T) => readonly [object, () => Hex],
  digests: WeakMap<object, Hex>,
): string | null {
  for (const item of given) {
    const [message, digest] = messageOf(item);
    let id = digests.get(message);
    if (id === undefined) {
      id = digest();
      digests.set(message, id);
    }
    if (id !== item.id) return `${kind} ${item.id} is another message, with digest ${id}`;
  }
  return null;
}

function decode(bytes: Uint8Array): Manifest | string {
  try {
    return decodeManifest(bytes);
  } catch (error) {
    return `the manifest can't be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Why an order does not bind its consumer. */
function unsigned({ id, signed, signer }: JudgedOrder): string {
  switch (signingOf(signed.signature)) {
    case 'APPROVAL':
      return `order ${id} has no signature, and its consumer had not approved it at the close`;
    case 'QUOTE':
      return `order ${id} is at a firm quote, which held no money at the close`;
    case 'KEY':
      return `order ${id} is ${signedBy(signer)}, not by its consumer ${signed.order.consumer}`;
  }
}

function signedBy(signer: Hex | null): string {
  return signer === null ? 'not signed' : `signed by ${signer}`;
}
