import { isTooWide } from '../../domain/eligibility.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Ask, Hex, Listing } from '../../domain/types.ts';

/** What asks and listings share: cards of one node, offered for a time. */
export interface Supply {
  provider: Hex;
  node: Hex;
  nodeEpoch: number;
  resourceClass: Hex;
  region: Hex;
  cards: number;
  /** Least or list price, base units per card-hour. */
  price: bigint;
  validFrom: bigint;
  validUntil: bigint;
  nonce: bigint;
}

export function supplyOfAsk(ask: Ask): Supply {
  return { ...ask, node: ask.supply, price: ask.reservePrice };
}

export function supplyOfListing(listing: Listing): Supply {
  return { ...listing, price: listing.pricePerCardHour };
}

/** What the offer says by itself. Throws a `Refusal`. */
export function checkSupplyFields(supply: Supply): void {
  if (supply.cards === 0) {
    throw new Refusal('NO_CARDS', 'The offer is for 0 cards.', 'Offer at least one card.');
  }
  if (isTooWide({ ...supply, reservePrice: supply.price })) {
    throw new Refusal(
      'TOO_WIDE',
      'A number of the message is larger than the contracts hold.',
      'Keep prices below 2^96, cards and epochs below 2^16, times below 2^40 and nonces below 2^64.',
    );
  }
  if (supply.price < 1n) {
    throw new Refusal(
      'BAD_PRICE',
      'The price is below 1 base unit per card-hour.',
      'Ask for at least 1 base unit per card-hour.',
    );
  }
  if (supply.validFrom > supply.validUntil) {
    throw new Refusal(
      'EXPIRED',
      `The offer starts (${supply.validFrom}) after it ends (${supply.validUntil}).`,
      'Sign it again with validFrom before validUntil.',
    );
  }
}

/** A node, and the key that may sell it, as the indexer has them. */
export interface NodeFacts {
  provider: Hex;
  resourceClass: Hex;
  className: string;
  regionId: Hex;
  region: string;
  cards: number;
  epoch: number;
}

export interface ProviderFacts {
  signer: Hex;
  /** The provider is on its way out and takes no matches. */
  unbonding: boolean;
}

/** The signature must be by the provider's signing key of this moment. Throws a `Refusal`. */
export function checkSeller(supply: Supply, signer: Hex | null, provider: ProviderFacts | undefined): void {
  if (provider === undefined) {
    throw new Refusal(
      'NOT_SELLING',
      `${supply.provider} is not a registered provider.`,
      'Register and stake first, and wait until the block is indexed.',
    );
  }
  if (signer !== provider.signer) {
    throw new Refusal(
      'BAD_SIGNATURE',
      `The signature is not by the provider's signing key ${provider.signer}.`,
      'Sign the EIP-712 message with that key, for this chain and auction contract.',
    );
  }
  if (provider.unbonding) {
    throw new Refusal(
      'NOT_SELLING',
      `${supply.provider} is unbonding and sells no more.`,
      'Register again after the exit.',
    );
  }
}

/** The offer against its node: owner, epoch, class, region, size. Throws a `Refusal`. */
export function checkNode(supply: Supply, node: NodeFacts | undefined): NodeFacts {
  if (node === undefined) {
    throw new Refusal(
      'UNKNOWN_NODE',
      `No node ${supply.node} is registered.`,
      'Add the node first, and wait until the block is indexed.',
    );
  }
  if (node.provider !== supply.provider) {
    throw new Refusal(
      'NOT_NODE_OWNER',
      `The node ${supply.node} belongs to ${node.provider}.`,
      'Offer a node of your own.',
    );
  }
  if (node.epoch !== supply.nodeEpoch) {
    throw new Refusal(
      'OLD_EPOCH',
      `The offer is for epoch ${supply.nodeEpoch} of the node; it is at ${node.epoch}.`,
      `Sign it again with nodeEpoch ${node.epoch}.`,
    );
  }
  if (node.resourceClass !== supply.resourceClass) {
    throw new Refusal(
      'UNKNOWN_CLASS',
      `The node's class is ${node.className}, not ${supply.resourceClass}.`,
      `Sign it again with ${node.resourceClass}.`,
    );
  }
  if (node.regionId !== supply.region) {
    throw new Refusal(
      'UNKNOWN_REGION',
      `The node's region is ${node.region}, not ${supply.region}.`,
      `Sign it again with ${node.regionId}.`,
    );
  }
  return node;
}

/**
 * One node, one capacity: what runs, what is asked and what is listed stay together within the node's cards.
 * @param promised cards of the node that run or are already offered
 */
export function checkCapacity(supply: Supply, node: NodeFacts, promised: number): void {
  if (promised + supply.cards <= node.cards) return;
  const free = Math.max(0, node.cards - promised);
  throw new Refusal(
    'TOO_MANY_CARDS',
    `The offer is for ${supply.cards} cards; the node has ${node.cards}, of which ${promised} are running or already offered.`,
    free === 0
      ? 'Wait until a lease or an offer ends, or cancel an offer on-chain.'
      : `Offer at most ${free}, or cancel an earlier offer on-chain.`,
  );
}
