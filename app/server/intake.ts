import type { Deployment } from '../../contracts/deployment.ts';
import { askId, listingId, orderId } from '../../domain/eip712.ts';
import { Refusal } from '../../domain/refusal.ts';
import { createSeal } from '../../domain/seal.ts';
import { signingOf } from '../../domain/signing.ts';
import { recoverSigner } from '../../domain/signature.ts';
import type { Hex, SignedAsk, SignedListing, SignedOrder, SigningDomain } from '../../domain/types.ts';
import { canonicalWorkload, parseWorkload, workloadHash } from '../../domain/workload.ts';
import type { Database } from '../../prisma/client.ts';
import type { Prisma } from '../../prisma/generated/client.ts';
import {
  insertAsks,
  insertListings,
  insertOrders,
  insertWorkloads,
  lockBook,
  nonceKey,
  promisedCards,
  storedWorkloads,
  takenNonces,
} from './book.ts';
import { approvedAmong } from './approvals.ts';
import { answerOf, inBatches, only, type Answer } from './batches.ts';
import { badSignature, nonceUsed, notApproved, unknownWorkload } from './intake-refusals.ts';
import { loadNodes, loadOrderMarket, loadProviders } from './market-facts.ts';
import type { OnOffer } from '../../domain/on-offer.ts';
import { noteOf, type Names, type Note } from './no-supply.ts';
import type { OpenAsk, OpenAsks } from './open-asks.ts';
import { checkOrderAgainst, checkOrderFields } from './order-checks.ts';
import { parse } from './parse.ts';
import { createReceipts, receiptsOf, type SignedReceipt } from './receipts.ts';
import {
  checkCapacity,
  checkNode,
  checkSeller,
  checkSupplyFields,
  supplyOfAsk,
  supplyOfListing,
  type Supply,
} from './supply-checks.ts';
import { signedAskSchema, signedListingSchema, signedOrderSchema } from './wire.ts';

type Tx = Prisma.TransactionClient;

export interface IntakeOptions {
  db: Database;
  deployment: Deployment;
  /** Private key that signs the receipts and seals what they are for. */
  receiptKey: Hex;
  /** Timestamp of the chain's newest block, unix seconds. */
  chainNow: () => Promise<bigint>;
  /** What is on offer, for the notes on orders that nobody would serve; without it there are none. */
  openAsks?: OpenAsks;
  /** Whether an order was approved on-chain; without it none was. */
  isApproved?: (orderId: Hex) => Promise<boolean>;
}

export interface Accepted {
  id: Hex;
  receipt: SignedReceipt;
  /** When nobody would serve the order now: why. It may still carry over to a slot in which somebody does. */
  note?: Note;
}

/**
 * The gate of the market: each signed message is checked whole, then stored with its receipt in one transaction, or
 * refused with a code, counted, and nothing of it kept. The same message again gets the same receipt again.
 */
export interface Intake {
  /** `{order, classes, signature, workload?}`; throws a `Refusal`. */
  acceptOrder(input: unknown): Promise<Accepted>;
  /** Many orders in one transaction; each is accepted or refused by itself. */
  acceptOrders(inputs: unknown[]): Promise<Answer<Accepted>[]>;
  /** `{ask, signature}`; throws a `Refusal`. */
  acceptAsk(input: unknown): Promise<Accepted>;
  acceptAsks(inputs: unknown[]): Promise<Answer<Accepted>[]>;
  /** `{listing, signature}`; a listing sits in no slot and has no receipt. Throws a `Refusal`. */
  acceptListing(input: unknown): Promise<{ id: Hex }>;
  acceptListings(inputs: unknown[]): Promise<Answer<{ id: Hex }>[]>;
  /** `{command, env?}`; stores it under its hash. Throws a `Refusal`. */
  putWorkload(input: unknown): Promise<{ hash: Hex }>;
}

export function createIntake(options: IntakeOptions): Intake {
  const { db, deployment, receiptKey, chainNow } = options;
  const { parameters } = deployment;
  const domain: SigningDomain = { chainId: deployment.chainId, auction: deployment.auction };
  const receipts = createReceipts(domain, receiptKey);
  const seal = createSeal(receiptKey);
  const slotSeconds = BigInt(parameters.slotSeconds);
  const slotTail = slotSeconds + BigInt(parameters.commitDeadlineSeconds);

  /** The write transaction: under the book's lock, at one moment of the chain's time. */
  const atMoment = <T>(write: (tx: Tx, now: bigint) => Promise<T>): Promise<T> =>
    db.$transaction(
      async (tx) => {
        await lockBook(tx);
        return write(tx, await chainNow());
      },
      { maxWait: 30_000, timeout: 120_000 },
    );

  const prepareOrder = (input: unknown): PreparedOrder => {
    const { workload, ...sent } = parse(signedOrderSchema, input);
    const id = orderId(domain, sent.order);
    const { consumer } = sent.order;
    const signer = recoverSigner(id, sent.signature);
    // An approval is looked up with the others of its batch.
    if (signingOf(sent.signature) !== 'APPROVAL' && signer !== consumer)
      throw badSignature(`the consumer ${consumer}`);
    checkOrderFields(sent, parameters);
    const body = workload === undefined ? null : workloadBody(workload);
    if (body !== null && body.hash !== sent.order.workload) {
      throw new Refusal(
        'WORKLOAD_MISMATCH',
        `The workload's hash is ${body.hash}; the order names ${sent.order.workload}.`,
        "Sign the order over the workload's own hash: keccak256 of its canonical JSON.",
      );
    }
    return { id, ...sent, signer, body: body?.text ?? null };
  };

  /** What needs no lock and must not hold it: the chain's word on approvals, and what is on offer. */
  const lookAround = async (
    items: PreparedOrder[],
  ): Promise<{ approved: Set<Hex>; onOffer: OnOffer<OpenAsk> | undefined }> => {
    const approved = await approvedAmong(items, options.isApproved);
    const onOffer = await options.openAsks?.(((await chainNow()) / slotSeconds + 1n) * slotSeconds);
    return { approved, onOffer };
  };

  const storeOrders = async (items: PreparedOrder[]): Promise<Answer<Accepted>[]> => {
    const { approved, onOffer } = await lookAround(items);
    return atMoment(async (tx, now) => {
      if (items.length === 0) return [];
      const slot = now / slotSeconds;
      const known = await receiptsOf(
        tx,
        items.map((item) => item.id),
      );
      const fresh = items.filter((item) => !known.has(item.id));
      const nonces = await takenNonces(
        tx,
        fresh.map(({ order }) => ({ account: order.consumer, nonce: order.nonce })),
      );
      const workloads = await storedWorkloads(
        tx,
        fresh.map((item) => item.order.workload),
      );
      const market = await loadOrderMarket(tx, (slot + 1n) * slotSeconds, fresh);
      const chain = await receipts.open(tx, slot);
      const accepted: PreparedOrder[] = [];
      const bodies = new Map<Hex, string>();

      const answers: Answer<Accepted>[] = [];
      for (const item of items) {
        answers.push(
          await answerOf(() => {
            const before = known.get(item.id);
            if (before !== undefined) return { id: item.id, receipt: before };
            if (signingOf(item.signature) === 'APPROVAL' && !approved.has(item.id))
              throw notApproved(item.id, item.order.consumer, deployment.auction);
            claimNonce(nonces, item.order.consumer, item.order.nonce, () => {
              checkOrderAgainst(item, market, parameters);
              if (item.body === null && !workloads.has(item.order.workload))
                throw unknownWorkload(item.order.workload);
            });
            if (item.body !== null && !workloads.has(item.order.workload))
              bodies.set(item.order.workload, item.body);
            workloads.add(item.order.workload);
            accepted.push(item);
            const receipt = chain.issue(item.id);
            known.set(item.id, receipt);
            return { id: item.id, receipt, note: noteFor(item, onOffer, market) };
          }),
        );
      }
      await insertWorkloads(tx, bodies);
      await insertOrders(tx, slot, accepted, seal);
      await chain.save();
      return answers;
    });
  };

  const prepareAsk = (input: unknown): PreparedSupply & SignedAsk => {
    const sent = parse(signedAskSchema, input);
    if (sent.ask.supplyKind !== 0) {
      throw new Refusal(
        'UNSUPPORTED',
        `supplyKind ${sent.ask.supplyKind} is reserved.`,
        'Ask with supplyKind 0 (one node).',
      );
    }
    const id = askId(domain, sent.ask);
    const supply = supplyOfAsk(sent.ask);
    checkSupplyFields(supply);
    return { ...sent, id, supply, signer: recoverSigner(id, sent.signature) };
  };

  const prepareListing = (input: unknown): PreparedSupply & SignedListing => {
    const sent = parse(signedListingSchema, input);
    const id = listingId(domain, sent.listing);
    const supply = supplyOfListing(sent.listing);
    checkSupplyFields(supply);
    return { ...sent, id, supply, signer: recoverSigner(id, sent.signature) };
  };

  /** Judges offers one after the other; what one takes of a node the next can't have. */
  const judgeSupply = async (tx: Tx, now: bigint, earliestEnd: bigint, fresh: PreparedSupply[]) => {
    const nodeIds = [...new Set(fresh.map((item) => item.supply.node))];
    const providers = await loadProviders(tx, [...new Set(fresh.map((item) => item.supply.provider))]);
    const nodes = await loadNodes(tx, nodeIds);
    const promised = await promisedCards(tx, nodeIds, now, slotTail);
    const nonces = await takenNonces(
      tx,
      fresh.map(({ supply }) => ({ account: supply.provider, nonce: supply.nonce })),
    );

    return ({ supply, signer }: PreparedSupply): void => {
      checkSeller(supply, signer, providers.get(supply.provider));
      const node = checkNode(supply, nodes.get(supply.node));
      if (supply.validUntil < earliestEnd) {
        throw new Refusal(
          'EXPIRED',
          `The offer is valid until ${supply.validUntil}; it must last until ${earliestEnd} at least (chain time).`,
          'Sign it again with a later validUntil.',
        );
      }
      const taken = promised.get(supply.node) ?? 0;
      claimNonce(nonces, supply.provider, supply.nonce, () => checkCapacity(supply, node, taken));
      promised.set(supply.node, taken + supply.cards);
    };
  };

  const storeAsks = (items: (PreparedSupply & SignedAsk)[]): Promise<Answer<Accepted>[]> =>
    atMoment(async (tx, now) => {
      if (items.length === 0) return [];
      const slot = now / slotSeconds;
      const known = await receiptsOf(
        tx,
        items.map((item) => item.id),
      );
      const judge = await judgeSupply(
        tx,
        now,
        (slot + 1n) * slotSeconds,
        items.filter((item) => !known.has(item.id)),
      );
      const chain = await receipts.open(tx, slot);
      const accepted: (PreparedSupply & SignedAsk)[] = [];
      const answers: Answer<Accepted>[] = [];
      for (const item of items) {
        answers.push(
          await answerOf(() => {
            const before = known.get(item.id);
            if (before !== undefined) return { id: item.id, receipt: before };
            judge(item);
            accepted.push(item);
            const receipt = chain.issue(item.id);
            known.set(item.id, receipt);
            return { id: item.id, receipt };
          }),
        );
      }
      await insertAsks(tx, slot, accepted, seal);
      await chain.save();
      return answers;
    });

  const storeListings = (items: (PreparedSupply & SignedListing)[]): Promise<Answer<{ id: Hex }>[]> =>
    atMoment(async (tx, now) => {
      if (items.length === 0) return [];
      const rows = await tx.listing.findMany({
        where: { id: { in: items.map((item) => item.id) } },
        select: { id: true },
      });
      const known = new Set(rows.map((row) => row.id));
      const judge = await judgeSupply(
        tx,
        now,
        now + 1n,
        items.filter((item) => !known.has(item.id)),
      );
      const accepted: (PreparedSupply & SignedListing)[] = [];
      const answers: Answer<{ id: Hex }>[] = [];
      for (const item of items) {
        answers.push(
          await answerOf(() => {
            if (!known.has(item.id)) {
              judge(item);
              accepted.push(item);
              known.add(item.id);
            }
            return { id: item.id };
          }),
        );
      }
      await insertListings(tx, accepted);
      return answers;
    });

  const acceptOrders = (inputs: unknown[]) => inBatches(db, 'order', inputs, prepareOrder, storeOrders);
  const acceptAsks = (inputs: unknown[]) => inBatches(db, 'ask', inputs, prepareAsk, storeAsks);
  const acceptListings = (inputs: unknown[]) =>
    inBatches(db, 'listing', inputs, prepareListing, storeListings);

  return {
    acceptOrders,
    acceptAsks,
    acceptListings,
    acceptOrder: async (input) => only(await acceptOrders([input])),
    acceptAsk: async (input) => only(await acceptAsks([input])),
    acceptListing: async (input) => only(await acceptListings([input])),
    async putWorkload(input) {
      const [answer] = await inBatches(
        db,
        'workload',
        [input],
        (value) => workloadBody(value),
        async (items) => {
          await insertWorkloads(db, new Map(items.map((item) => [item.hash, item.text])));
          return items.map((item) => ({ ok: true, value: { hash: item.hash } }));
        },
      );
      return only(answer === undefined ? [] : [answer]);
    },
  };
}

/** Why nobody would serve the order now; undefined when somebody would. */
function noteFor(item: PreparedOrder, onOffer: OnOffer<OpenAsk> | undefined, names: Names): Note | undefined {
  const none = onOffer?.whyNone(item) ?? null;
  return none === null ? undefined : noteOf(none, item, onOffer!.asks, names);
}

interface PreparedOrder extends SignedOrder {
  id: Hex;
  /** Recovered from the signature; null for an approval. */
  signer: Hex | null;
  /** Canonical JSON of the workload; null when it was left out. */
  body: string | null;
}

interface PreparedSupply {
  id: Hex;
  supply: Supply;
  signer: Hex | null;
}

/** Runs the checks and then takes the nonce, so that a refused message leaves it free. */
function claimNonce(
  { spent, inBook }: Awaited<ReturnType<typeof takenNonces>>,
  account: Hex,
  nonce: bigint,
  check: () => void,
): void {
  const key = nonceKey(account, nonce);
  if (spent.has(key) || inBook.has(key)) throw nonceUsed(account, nonce, spent.has(key));
  check();
  inBook.add(key);
}

function workloadBody(input: unknown): { hash: Hex; text: string } {
  const workload = parseWorkload(input);
  return { hash: workloadHash(workload), text: canonicalWorkload(workload) };
}
