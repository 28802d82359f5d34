/** The trace's market in this process: the domain's own fold, eligibility and clearing, without chain or database. */
import { askOf, type Actor, type ReplayNode, type ReplayProvider } from '../../cli/replay/actors.ts';
import { askId, orderId } from '../../domain/eip712.ts';
import { keccakText, ZERO_HASH } from '../../domain/hash.ts';
import { applyEvent } from '../../domain/market-fold.ts';
import { emptyMarket, leasedCards, type MarketState } from '../../domain/market-state.ts';
import { matchRoot } from '../../domain/page.ts';
import { OnOffer, type OfferedAsk } from '../../domain/on-offer.ts';
import { PAGE_MATCHES, slotEnd, type Parameters } from '../../domain/parameters.ts';
import type { ClearingPrice } from '../../domain/pricing.ts';
import { NEWCOMER_REPUTATION } from '../../domain/reputation.ts';
import { QUOTED } from '../../domain/signing.ts';
import { clearSlot, type SlotAsk, type SlotMatch, type SlotOrder } from '../../domain/slot.ts';
import type { Hex, SigningDomain, SignedOrder } from '../../domain/types.ts';
import { lockFor } from '../../domain/units.ts';
import { nodeResources } from '../../domain/vectors.ts';
import { packMatches } from '../../test/domain/pack-matches.ts';

const DOMAIN: SigningDomain = { chainId: 31_337, auction: `0x${'a'.repeat(40)}` };
const TREASURY: Hex = `0x${'b'.repeat(40)}`;
/** Nobody signs here: whose key it was is known. */
const BY_KEY: Hex = `0x${'00'.repeat(65)}`;
/** Nobody publishes anything here. */
const NO_INPUTS = new Uint8Array();
/** A consumer's purse, base units: more than any trace spends. */
const PURSE = 10n ** 18n;

/** What became of an order that was matched. */
export interface Won {
  id: Hex;
  /** Base units per card-hour. */
  price: bigint;
  alone: boolean;
}

export class TraceMarket {
  readonly parameters: Parameters;
  readonly state: MarketState;
  /** Of auctions with a runner-up, by class. */
  readonly prices = new Map<Hex, ClearingPrice[]>();
  readonly #nodes = new Map<Hex, ReplayNode>();
  #asks: SlotAsk[] = [];
  #running: { node: Hex; cards: number; end: bigint }[] = [];
  #blocks = 0n;
  #pages = 0n;

  constructor(
    parameters: Parameters,
    providers: readonly ReplayProvider[],
    consumers: readonly Actor[],
    from: bigint,
  ) {
    this.parameters = parameters;
    this.state = emptyMarket(TREASURY, parameters.feeBps);
    for (const { address, name, nodes } of providers) {
      const stake = parameters.minProviderStake;
      this.#emit('ProviderRegistered', {
        provider: address,
        payout: address,
        signer: address,
        stake,
        metadata: name,
      });
      for (const node of nodes) {
        this.#nodes.set(node.id, node);
        this.#emit('NodeAdded', { node: node.id, provider: address, ...node.listing });
        this.#offer(node, node.cards, from);
      }
    }
    for (const { address } of consumers) {
      this.#emit('Deposited', { account: address, amount: 2n * PURSE });
      this.#emit('BiddingFunded', { account: address, amount: PURSE });
    }
  }

  /** Cards of leases that are over are offered again. @param start of a slot, unix seconds */
  open(start: bigint): void {
    const freed = new Map<Hex, number>();
    for (const { node, cards, end } of this.#running)
      if (end <= start) freed.set(node, (freed.get(node) ?? 0) + cards);
    this.#running = this.#running.filter(({ end }) => end > start);
    for (const [node, cards] of freed) this.#offer(this.#nodes.get(node)!, cards, start);
  }

  /** What the slot that ends then has on offer. */
  onOffer(end: bigint): OnOffer<OfferedAsk> {
    const asks = this.#asks.map(({ id, signed: { ask } }): OfferedAsk => {
      const node = this.#nodes.get(ask.supply)!;
      const left = ask.cards - (this.state.filled.get(id) ?? 0);
      const idle = node.cards - leasedCards(this.state, node.id, end);
      const { resourceClass, region, reservePrice } = ask;
      return {
        ...{ resourceClass, region, reservePrice, tier: 0, reputation: NEWCOMER_REPUTATION },
        cardsLeft: Math.max(0, Math.min(left, idle)),
        state: nodeResources(node.listing, Math.max(0, idle)),
      };
    });
    return new OnOffer(asks);
  }

  /** An order that its consumer signed. */
  bid({ order, classes }: Pick<SignedOrder, 'order' | 'classes'>): SlotOrder {
    return {
      id: orderId(DOMAIN, order),
      signed: { order, classes, signature: BY_KEY },
      signer: order.consumer,
    };
  }

  /** An order whose start price is a quote that its consumer accepts: the money is held. */
  quote({ order, classes }: Pick<SignedOrder, 'order' | 'classes'>): SlotOrder {
    const id = orderId(DOMAIN, order);
    const amount = lockFor(order.cards, order.duration, order.startPrice, this.parameters.feeBps);
    const deadline = order.validUntil + BigInt(this.parameters.commitDeadlineSeconds);
    this.#emit('QuoteAccepted', { orderId: id, consumer: order.consumer, amount, deadline });
    return { id, signed: { order, classes, signature: QUOTED }, signer: null };
  }

  refund({ id, signed }: SlotOrder): void {
    const { amount } = this.state.quotes.get(id)!;
    this.#emit('QuoteRefunded', { orderId: id, consumer: signed.order.consumer, amount });
  }

  clear(slot: bigint, orders: readonly SlotOrder[]): Won[] {
    const seed = keccakText(`seed ${slot}`);
    const input = {
      slot,
      seed,
      closeBlock: this.#blocks,
      parameters: this.parameters,
      orders,
      asks: this.#asks,
      manifest: NO_INPUTS,
    };
    const { matches, header } = clearSlot(input, this.state);
    if (matches.length > 0) this.#commit(slot, header, matches);
    this.#asks = this.#asks.filter(({ id, signed }) => (this.state.filled.get(id) ?? 0) < signed.ask.cards);
    for (const { ask, price, runnerUp } of matches) {
      if (runnerUp === null) continue;
      const { resourceClass } = ask.ask;
      const known = this.prices.get(resourceClass);
      if (known) known.push({ slot, price });
      else this.prices.set(resourceClass, [{ slot, price }]);
    }
    return matches.map(({ orderId: id, price, runnerUp }) => ({ id, price, alone: runnerUp === null }));
  }

  #commit(slot: bigint, header: object, matches: readonly SlotMatch[]): void {
    const start = slotEnd(slot, this.parameters);
    this.#emit('SlotCommitted', { slot, scheduler: TREASURY, header });
    for (let at = 0, page = 0; at < matches.length; at += PAGE_MATCHES, page++) {
      const part = matches.slice(at, at + PAGE_MATCHES);
      for (const match of part) this.#procure(match);
      const root = matchRoot(part.map(({ leaf }) => leaf));
      const pageId = ++this.#pages;
      this.#emit('PageCommitted', { slot, page, pageId, start, matchRoot: root, ...packMatches(part) });
    }
    for (const { leaf, order } of matches) {
      const { cards, duration } = order.order;
      this.#running.push({ node: leaf.node, cards, end: start + BigInt(duration) });
    }
  }

  #procure({ orderId: id, order: { order, signature }, price }: SlotMatch): void {
    if (signature !== QUOTED) return;
    const total = lockFor(order.cards, order.duration, price, this.parameters.feeBps);
    const surplus = this.state.quotes.get(id)!.amount - total;
    const shared = (surplus * BigInt(this.parameters.surplusShareBps)) / 10_000n;
    this.#emit('QuoteProcured', {
      orderId: id,
      consumer: order.consumer,
      total,
      shared,
      kept: surplus - shared,
    });
  }

  #offer(node: ReplayNode, cards: number, from: bigint): void {
    const ask = askOf(node, cards, from);
    const id = askId(DOMAIN, ask);
    this.#asks.push({ id, signed: { ask, signature: BY_KEY }, signer: ask.provider });
  }

  #emit(name: string, args: Record<string, unknown>): void {
    applyEvent(this.state, {
      blockNumber: ++this.#blocks,
      logIndex: 0,
      name,
      args: { evidence: ZERO_HASH, ...args },
    });
  }
}
