/** Keeps a provider's free cards on offer: signs, places, places again what the gateway lost, renews what expired. */
import type { PrivateKeyAccount } from 'viem/accounts';
import type { Deployment } from '../../contracts/deployment.ts';
import { askId, eip712Domain, listingId, TYPES } from '../../domain/eip712.ts';
import type { Ask, Hex, Listing, SigningDomain } from '../../domain/types.ts';
import type { ChainView } from '../chain-watch.ts';
import type { ClassPrice } from '../config.ts';
import { GatewayError, type Gateway, type KnownOffer } from '../gateway.ts';
import { leasedCards, type Ledger, type OwnNode } from '../ledger.ts';
import type { Offer, OfferJournal } from './journal.ts';
import { planOffers, type PlannedOffer, type Promised } from './plan.ts';

export interface OfferKeeper {
  /**
   * One round.
   * @param sells whether a node's free cards are offered now; what is on offer already stays
   * @throws GatewayError when the gateway can't be asked; what it refuses is logged and tried later
   */
  keep(view: ChainView, sells: (node: Hex) => boolean): Promise<void>;
}

export interface OfferKeeperOptions {
  deployment: Deployment;
  provider: Hex;
  account: PrivateKeyAccount;
  gateway: Gateway;
  journal: OfferJournal;
  prices: Map<string, ClassPrice>;
  listedShare: number;
  log: (line: string) => void;
}

/** After a refusal the node rests: the gateway's index may be behind the chain, or the market closed to us. */
const REST_MS = { first: 2_000, most: 60_000 };

export function createOfferKeeper(options: OfferKeeperOptions): OfferKeeper {
  const { deployment, provider, account, gateway, journal, prices, log } = options;
  // Fresh after every restart, and close together: sixteen neighbours share a word of storage.
  let nonce = BigInt(Date.now()) << 16n;
  const domain: SigningDomain = { chainId: deployment.chainId, auction: deployment.auction };
  const { slotSeconds, commitDeadlineSeconds } = deployment.parameters;
  /** An expired ask can still be filled until its last slot's commit deadline. */
  const askTail = BigInt(slotSeconds + commitDeadlineSeconds);
  const resting = new Map<Hex, { until: number; ms: number }>();
  const warned = new Set<string>();
  /** Chain time at which an offer was last sent again. */
  const sentAt = new Map<Hex, bigint>();

  const warnOnce = (line: string) => {
    if (!warned.has(line)) log(line);
    warned.add(line);
  };

  const standing = ({ kind, message }: Offer, ledger: Ledger, now: bigint): boolean => {
    const node = ledger.nodes.find((own) => own.id === nodeIdOf(message));
    return (
      node?.epoch === message.nodeEpoch &&
      message.validUntil + (kind === 'ask' ? askTail : 0n) >= now &&
      !ledger.cancelled.includes(message.nonce)
    );
  };

  /** Cards that an offer can still sell. */
  const unsold = (offer: { id: Hex; cards: number; filled: number }, ledger: Ledger): number =>
    Math.max(0, offer.cards - Math.max(offer.filled, ledger.sold[offer.id] ?? 0));

  const promisedBy = (
    node: OwnNode,
    { ledger, now }: ChainView,
    foreign: (KnownOffer & Pick<Offer, 'kind'>)[],
  ): Promised => {
    const offers = [
      ...journal.offers().map(({ id, kind, message }) => ({
        id,
        kind,
        node: nodeIdOf(message),
        cards: message.cards,
        filled: 0,
      })),
      ...foreign,
    ].filter((offer) => offer.node === node.id);
    const sum = (kind: Offer['kind']) =>
      offers
        .filter((offer) => offer.kind === kind)
        .reduce((cards, offer) => cards + unsold(offer, ledger), 0);
    return { leased: leasedCards(ledger, node.id, now), asked: sum('ask'), listed: sum('listing') };
  };

  const place = async (offer: Offer): Promise<void> => {
    const { message, signature } = offer;
    const node = nodeIdOf(message);
    try {
      if ('reservePrice' in message) {
        const receipt = await gateway.postAsk(message, signature);
        journal.put({ ...offer, placed: true, receipt });
      } else {
        await gateway.postListing(message, signature);
        journal.put({ ...offer, placed: true });
      }
      resting.delete(node);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.retryable) throw error;
      journal.remove(new Set([offer.id]));
      const ms = Math.min(REST_MS.most, (resting.get(node)?.ms ?? REST_MS.first / 2) * 2);
      resting.set(node, { until: Date.now() + ms, ms });
      log(`${offer.kind} for ${message.cards} cards refused (${error.code}): ${error.message}`);
    }
  };

  const sign = async (node: OwnNode, plan: PlannedOffer, price: ClassPrice, now: bigint): Promise<Offer> => {
    const shared = {
      provider,
      nodeEpoch: node.epoch,
      resourceClass: node.classId,
      region: node.regionId,
      cards: plan.cards,
      validFrom: now,
      validUntil: plan.validUntil,
      nonce: nonce++,
    };
    if (plan.kind === 'ask') {
      const message: Ask = { ...shared, supply: node.id, supplyKind: 0, reservePrice: price.reserve };
      return {
        id: askId(domain, message),
        kind: 'ask',
        message,
        signature: await signed(account, domain, 'Ask', message),
        placed: false,
      };
    }
    const message: Listing = { ...shared, node: node.id, pricePerCardHour: price.list };
    return {
      id: listingId(domain, message),
      kind: 'listing',
      message,
      signature: await signed(account, domain, 'Listing', message),
      placed: false,
    };
  };

  return {
    async keep(view, sells) {
      const { ledger, now } = view;
      const dead = journal.offers().filter((offer) => !standing(offer, ledger, now) || spent(offer, ledger));
      journal.remove(new Set(dead.map((offer) => offer.id)));
      if (ledger.signer === null || ledger.unbonding) return;
      if (ledger.signer !== account.address.toLowerCase())
        return warnOnce(
          `the registry names ${ledger.signer} as signing key; this agent holds another and offers nothing`,
        );

      const [asks, listings] = await Promise.all([gateway.asks(), gateway.listingsOf(provider)]);
      const known = new Set([...asks, ...listings].map((offer) => offer.id));
      for (const offer of journal.offers()) {
        const sellable = offer.message.validUntil > now + BigInt(slotSeconds);
        const since = sentAt.get(offer.id) ?? offer.message.validFrom;
        const lost = offer.placed && !known.has(offer.id) && now > since + LOST_AFTER_SECONDS;
        if (!sellable || (offer.placed && !lost)) continue;
        await place(offer);
        sentAt.set(offer.id, now);
      }
      // Signed by this key but not in the journal: the data folder was lost. They count all the same.
      const foreign = [
        ...asks
          .filter((ask) => (ask.validUntil >= now ? ask.live : ask.validUntil + askTail >= now))
          .map((ask) => ({ ...ask, kind: 'ask' as const })),
        ...listings
          .filter((listing) => listing.validUntil >= now)
          .map((listing) => ({ ...listing, kind: 'listing' as const })),
      ].filter((offer) => !journal.has(offer.id) && !dead.some((old) => old.id === offer.id));
      for (const node of ledger.nodes.filter(({ id }) => sells(id))) {
        const price = prices.get(node.className);
        if (!price) warnOnce(`no price for ${node.className}: its nodes are not offered (set it in PRICES)`);
        if (!price || (resting.get(node.id)?.until ?? 0) > Date.now()) continue;
        // A cluster alone offers it; what was signed before counts again afterwards.
        if ((node.clusteredUntil ?? 0n) >= now) continue;
        const stagger = BigInt(node.id.slice(0, 18));
        for (const plan of planOffers(
          { cards: node.cards, stagger },
          promisedBy(node, view, foreign),
          options.listedShare,
          now,
        )) {
          const offer = await sign(node, plan, price, now);
          journal.put(offer);
          await place(offer);
        }
      }
    },
  };

  function spent(offer: Offer, ledger: Ledger): boolean {
    return unsold({ id: offer.id, cards: offer.message.cards, filled: 0 }, ledger) === 0;
  }
}

/** A listing that sells out or is not indexed yet is not shown either; only a long absence means that it was lost. */
const LOST_AFTER_SECONDS = 30n;

function nodeIdOf(message: Ask | Listing): Hex {
  return 'supply' in message ? message.supply : message.node;
}

function signed(
  account: PrivateKeyAccount,
  domain: SigningDomain,
  primaryType: 'Ask' | 'Listing',
  message: Ask | Listing,
): Promise<Hex> {
  return account.signTypedData({
    domain: eip712Domain(domain),
    types: { [primaryType]: TYPES[primaryType] },
    primaryType,
    message: { ...message },
  });
}
