/** What claims are found in beside a slot's evidence: the chain's time, other slots' pages, and what the challenger brings along. */
import { readFileSync } from 'node:fs';
import { createPublicClient, http } from 'viem';
import { z } from 'zod';
import { createEvidence } from '../../app/evidence/evidence.ts';
import { hash, receiptSchema, signedAskSchema, signedOrderSchema } from '../../app/server/wire.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { auctionAbi } from '../../contracts/generated/abi.ts';
import type { ClaimContext } from '../../domain/claims/find.ts';
import { oversoldNodes } from '../../domain/claims/oversold.ts';
import type { ShownReceipt } from '../../domain/claims/receipts.ts';
import { receiptDigest } from '../../domain/eip712.ts';
import type { PageEvidence, SlotEvidence } from '../../domain/evidence.ts';
import { slotEnd } from '../../domain/parameters.ts';
import { Refusal } from '../../domain/refusal.ts';
import { recoverSigner } from '../../domain/signature.ts';

export interface ContextOptions {
  rpcUrl: string;
  deployment: Deployment;
  receipts?: readonly ShownReceipt[];
}

/** What claims against the slot need beside its evidence. */
export async function contextOf(options: ContextOptions, evidence: SlotEvidence): Promise<ClaimContext> {
  const { rpcUrl, deployment } = options;
  const { slot, parameters } = evidence;
  const client = createPublicClient({ transport: http(rpcUrl), cacheTime: 0 });
  const [{ timestamp: now }, paused] = await Promise.all([
    client.getBlock({ blockTag: 'latest' }),
    client.readContract({
      address: deployment.auction,
      abi: auctionAbi,
      functionName: 'pausedSince',
      args: [Number(slotEnd(slot, parameters))],
    }),
  ]);
  const pages = await pagesOf(otherSlots(evidence, now), options);
  const matchesOf = (of: bigint, page: number) => pages.get(of)?.[page]?.matches ?? null;
  const receipts = withMessages(options.receipts ?? [], evidence);
  return { scheduler: deployment.scheduler, now, paused, receipts, matchesOf };
}

/** Pages of other slots, over a history of their own: the states in the evidence at hand stay as they are. */
async function pagesOf(
  slots: readonly bigint[],
  options: ContextOptions,
): Promise<Map<bigint, readonly PageEvidence[]>> {
  const pages = new Map<bigint, readonly PageEvidence[]>();
  if (slots.length === 0) return pages;
  const source = createEvidence(options);
  for (const slot of slots) pages.set(slot, (await source.collect(slot, null)).pages);
  return pages;
}

/** Other slots whose matches run on nodes that this slot oversold. */
function otherSlots({ slot, parameters, stateNow: state }: SlotEvidence, now: bigint): bigint[] {
  if (!state) return [];
  const running = oversoldNodes({ slot, parameters, state, now }).flatMap((node) => node.running);
  return [...new Set(running.flatMap((lease) => lease.slot ?? []))].filter((other) => other !== slot);
}

/** Receipts with the published messages behind their items, where the challenger did not bring them. */
function withMessages(receipts: readonly ShownReceipt[], { orders, asks }: SlotEvidence): ShownReceipt[] {
  const order = new Map(orders.map(({ id, signed }) => [id, signed.order]));
  const ask = new Map(asks.map(({ id, signed }) => [id, signed.ask]));
  return receipts.map((shown) => {
    const { item } = shown.receipt;
    const [o, a] = [shown.order ?? order.get(item), shown.ask ?? ask.get(item)];
    return { ...shown, ...(o ? { order: o } : {}), ...(a ? { ask: a } : {}) };
  });
}

const receiptsSchema = z.array(
  z.object({
    receipt: receiptSchema,
    order: signedOrderSchema.shape.order.optional(),
    ask: signedAskSchema.shape.ask.optional(),
  }),
);

/** Receipts as the gateway answered them: `[{receipt, order?, ask?}]`, with the messages that they are for. */
export function receiptsIn(file: string, { chainId, auction }: Deployment): ShownReceipt[] {
  const list = read(file, receiptsSchema);
  return list.map(({ receipt: { signature, ...receipt }, order, ask }) => ({
    ...{ receipt, signature },
    signer: recoverSigner(receiptDigest({ chainId, auction }, receipt), signature),
    ...(order ? { order } : {}),
    ...(ask ? { ask } : {}),
  }));
}

const small = z.number().int().min(0);
const leavesSchema = z.object({
  orders: z.array(z.object({ id: hash, code: small, position: small })).optional(),
  asks: z
    .array(
      z.object({
        ...{
          id: hash,
          left: small,
          idle: small,
          code: small,
          compute: small,
          network: small,
          storage: small,
        },
        ...{ entropyMicroBits: small, reputation: small, tier: small },
      }),
    )
    .optional(),
});

/** Leaves as somebody published them: `{orders?, asks?}`, in the order of their trees. */
export function leavesIn(file: string): NonNullable<SlotEvidence['leaves']> {
  const { orders, asks } = read(file, leavesSchema);
  return { ...(orders ? { orders } : {}), ...(asks ? { asks } : {}) };
}

function read<T>(file: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Refusal('MALFORMED', `${file} can't be read: ${why}.`, 'See docs/challenging.md for its form.');
  }
}
