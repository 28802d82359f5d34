/** What the slot was made of: the manifest, its items, their signatures. */
import { CLUSTER_SUPPLY } from '../clusters.ts';
import { askId, orderId } from '../eip712.ts';
import type { SlotEvidence } from '../evidence.ts';
import { keccak } from '../hash.ts';
import { withLateMatches } from '../market-fold.ts';
import type { Manifest } from '../manifest.ts';
import { signatureFault } from '../signature-form.ts';
import { isSigned, signingOf, type JudgedOrder } from '../signing.ts';
import { clearSlot } from '../slot.ts';
import type { Hex, SigningDomain } from '../types.ts';
import {
  found,
  manifestOf,
  notChecked,
  noHeader,
  NO_MANIFEST,
  type Case,
  type Finding,
  type Rule,
  type Subject,
} from './finding.ts';

export const inputsHash: Rule = {
  rule: 'inputs-hash',
  sentence:
    'The published manifest is the one whose hash the header carries, for this slot, chain and contract.',
  check: ({ evidence, manifest }) => {
    const { slot, domain, committed, manifest: bytes } = evidence;
    if (!committed) return notChecked(noHeader(evidence));
    if (bytes === null || manifest === null) return notChecked(NO_MANIFEST);
    const hash = keccak(bytes);
    if (hash !== committed.header.inputsHash)
      return found(1, `the manifest hashes to ${hash}, the header has ${committed.header.inputsHash}`);
    if (typeof manifest === 'string') return found(2, manifest);
    if (manifest.slot !== slot) return found(3, `the manifest is of slot ${manifest.slot}, not ${slot}`);
    const { chainId, auction } = manifest.domain;
    if (chainId !== domain.chainId || auction !== domain.auction)
      return found(
        4,
        `the manifest is for chain ${chainId} and Auction ${auction}, not chain ${domain.chainId} and ${domain.auction}`,
      );
    return found(4);
  },
};

export const items: Rule = {
  rule: 'items',
  sentence:
    'The items are those of the manifest, no more and no fewer, and each id is the digest of its message.',
  check: ({ evidence: { orders, asks }, manifest, itemDifference }) => {
    if (manifest === null) return notChecked(NO_MANIFEST);
    return itemDifference ?? found(orders.length + asks.length);
  },
};

export const signatures: Rule = {
  rule: 'signatures',
  sentence:
    'Every matched order and ask was signed, approved or bought at a quote by the one it binds, or formed by its members.',
  check: ({ evidence: { pages, orders, asks, stateAtClose } }) => {
    if (!stateAtClose) return notChecked("the market's state at the closing block is missing");
    const orderOf = new Map(orders.map((item) => [item.id, item]));
    const askOf = new Map(asks.map((item) => [item.id, item]));
    let checked = 0;
    for (const { page, matches } of pages) {
      if (!matches) return notChecked(`the matches of page ${page} are missing`);
      for (const { orderId: idOfOrder, askId: idOfAsk } of matches) {
        const order = orderOf.get(idOfOrder);
        const ask = askOf.get(idOfAsk);
        const ofOrder: Subject = { kind: 'order', id: idOfOrder };
        const ofAsk: Subject = { kind: 'ask', id: idOfAsk };
        if (!order)
          return found(checked, `the matched order ${idOfOrder} is not among the slot's orders`, ofOrder);
        if (!ask) return found(checked, `the matched ask ${idOfAsk} is not among the slot's asks`, ofAsk);
        checked += 2;
        if (!isSigned(order, stateAtClose)) return found(checked, unsigned(order), ofOrder);
        if (ask.signed.ask.supplyKind === CLUSTER_SUPPLY) {
          if (stateAtClose.clusters.get(ask.signed.ask.provider)?.askId === ask.id) continue;
          return found(checked, `ask ${ask.id} is a cluster's that was never formed`, ofAsk);
        }
        const key = stateAtClose.providers.get(ask.signed.ask.provider)?.signer ?? null;
        if (key === null || ask.signer !== key)
          return found(
            checked,
            `ask ${ask.id} is ${signedBy(ask.signer, ask.signed)}, its provider's key is ${key ?? 'none'}`,
            ofAsk,
          );
      }
    }
    return found(checked);
  },
};

/** The slot cleared anew, or why it can't be. */
export function replayOf(evidence: SlotEvidence, digests: WeakMap<object, Hex>): Omit<Case, 'evidence'> {
  const { committed, manifest: bytes, stateAtClose, eventsSince, slot, parameters, orders, asks } = evidence;
  const manifest = bytes && manifestOf(bytes);
  const itemDifference = compareItems(evidence, manifest, digests);
  const without = (noReplay: string) => ({ manifest, replay: null, noReplay, itemDifference });
  if (!committed) return without(noHeader(evidence));
  if (bytes === null) return without(NO_MANIFEST);
  if (!stateAtClose) return without("the market's state at the closing block is missing");
  if (!eventsSince) return without('the events after the close are missing');
  if (itemDifference !== null)
    return without(`the items are not the manifest's: ${itemDifference.difference}`);
  if (keccak(bytes) !== committed.header.inputsHash)
    return without('the inputs at hand are not those that the header hashes');
  const { seed, closeBlock } = committed.header;
  const state = withLateMatches(stateAtClose, eventsSince, slot);
  const replay = clearSlot({ slot, seed, closeBlock, parameters, orders, asks, manifest: bytes }, state);
  return { manifest, replay, noReplay: '', itemDifference };
}

function compareItems(
  { domain, orders, asks }: SlotEvidence,
  manifest: Manifest | string | null,
  digests: WeakMap<object, Hex>,
): Finding | null {
  if (manifest === null) return null;
  if (typeof manifest === 'string') return found(0, manifest);
  if (manifest.domain.chainId !== domain.chainId || manifest.domain.auction !== domain.auction)
    return found(0, "the manifest's ids are digests for another chain or contract");
  return (
    compareList('order', manifest.orders, orders, ({ order }) => order, orderId, { domain, digests }) ??
    compareList('ask', manifest.asks, asks, ({ ask }) => ask, askId, { domain, digests })
  );
}

interface Signed {
  signature: Hex;
  classes?: readonly Hex[];
}

/** First item that is missing, too many, or not what the manifest has under its id. */
function compareList<T extends Signed, M extends object>(
  kind: 'order' | 'ask',
  listed: readonly { id: Hex; signed: T }[],
  given: readonly { id: Hex; signed: T }[],
  messageOf: (signed: T) => M,
  digest: (domain: SigningDomain, message: M) => Hex,
  { domain, digests }: { domain: SigningDomain; digests: WeakMap<object, Hex> },
): Finding | null {
  const have = new Map(given.map((item) => [item.id, item.signed]));
  for (const [checked, { id, signed }] of listed.entries()) {
    const wrong = (what: string) => found(checked, `${kind} ${id} ${what}`, { kind, id });
    const mine = have.get(id);
    if (mine === undefined) return wrong('of the manifest is missing');
    have.delete(id);
    if (mine === signed) continue;
    const message = messageOf(mine);
    const computed = digests.get(message) ?? digest(domain, message);
    digests.set(message, computed);
    if (computed !== id) return wrong(`is another message, with digest ${computed}`);
    if (mine.signature !== signed.signature)
      return wrong(`has signature ${mine.signature}, the manifest's is ${signed.signature}`);
    if (String(mine.classes) !== String(signed.classes))
      return wrong(`has classes ${String(mine.classes)}, the manifest's are ${String(signed.classes)}`);
  }
  for (const id of have.keys())
    return found(listed.length, `${kind} ${id} is not in the manifest`, { kind, id });
  if (given.length !== listed.length) return found(listed.length, `an ${kind} is given twice`);
  return null;
}

/** Why an order does not bind its consumer. */
function unsigned({ id, signed, signer }: JudgedOrder): string {
  switch (signingOf(signed.signature)) {
    case 'APPROVAL':
      return `order ${id} has no signature, and its consumer had not approved it at the close`;
    case 'QUOTE':
      return `order ${id} is at a firm quote, which held no money at the close`;
    case 'KEY':
      return `order ${id} is ${signedBy(signer, signed)}, not by its consumer ${signed.order.consumer}`;
  }
}

function signedBy(signer: Hex | null, { signature }: Signed): string {
  return signer === null ? `not signed (${signatureFault(signature)})` : `signed by ${signer}`;
}
