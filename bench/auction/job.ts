/**
 * The verification of one slot as Node and the browser run it: what was published and what the chain has, judged by `verifySlot`.
 * Imports domain alone.
 */
import { receiptDigest } from '../../domain/eip712.ts';
import type { BlockFact } from '../../domain/evidence.ts';
import { hexToBytes } from '../../domain/hash.ts';
import { applyEvent } from '../../domain/market-fold.ts';
import type { MarketState } from '../../domain/market-state.ts';
import { decodePage, decodeRecords, pageLeaves } from '../../domain/page.ts';
import type { Parameters } from '../../domain/parameters.ts';
import { lastReceipt } from '../../domain/receipts.ts';
import { manifestOf } from '../../domain/rules/finding.ts';
import { recoverSigner } from '../../domain/signature.ts';
import type { Hex, MarketEvent, SigningDomain, SlotHeader } from '../../domain/types.ts';
import { verifySlot } from '../../domain/verify.ts';

export interface VerifyJob {
  slot: bigint;
  domain: SigningDomain;
  parameters: Parameters;
  header: SlotHeader;
  scheduler: Hex;
  committedIn: BlockFact;
  closing: BlockFact;
  next: BlockFact;
  /** The slot's inputs, as published. */
  manifest: Hex;
  /** The argument `data` of each page's transaction. */
  pages: Hex[];
  stateAtClose: MarketState;
  /** The same once more: the slot's events move it. */
  stateNow: MarketState;
  events: MarketEvent[];
}

export interface VerifyFigures {
  seconds: number;
  /** Milliseconds. */
  parts: Record<'inputs' | 'signatures' | 'pages' | 'events' | 'rules', number>;
  signatures: number;
  rules: number;
}

/** Signers of many, in their order; on several threads where there are some. */
export type Recover = (items: readonly { id: Hex; signature: Hex }[]) => Promise<(Hex | null)[]>;

const onThisThread: Recover = (items) =>
  Promise.resolve(items.map(({ id, signature }) => recoverSigner(id, signature)));

/** @throws Error when a rule fails */
export async function verifyJob(job: VerifyJob, recover: Recover = onThisThread): Promise<VerifyFigures> {
  const started = performance.now();
  const bytes = hexToBytes(job.manifest);
  const manifest = manifestOf(bytes);
  if (typeof manifest === 'string') throw new Error(manifest);
  const last = lastReceipt(job.slot, job.scheduler, manifest.receipts);
  const decoded = performance.now();
  const signers = await recover(
    [...manifest.orders, ...manifest.asks].map(({ id, signed }) => ({ id, signature: signed.signature })),
  );
  const orders = manifest.orders.map((item, index) => ({ ...item, signer: signers[index]! }));
  const asks = manifest.asks.map((item, index) => ({ ...item, signer: signers[orders.length + index]! }));
  const receipt = last && recoverSigner(receiptDigest(job.domain, last), manifest.receipts.signature);
  const recovered = performance.now();
  const announced = job.events.filter((event) => event.name === 'PageCommitted');
  const pages = announced.map(({ args }, page) => {
    const records = decodeRecords(args['accounts'] as Hex, args['records'] as Hex);
    const sent = decodePage(hexToBytes(job.pages[page]!));
    const matches = pageLeaves(job.domain, job.header.gammaWad, sent, records);
    return { page, count: records.length, root: args['matchRoot'] as Hex, matches };
  });
  const read = performance.now();
  for (const event of job.events) applyEvent(job.stateNow, event);
  const folded = performance.now();
  const results = verifySlot({
    slot: job.slot,
    domain: job.domain,
    parameters: job.parameters,
    committed: { header: job.header, block: job.committedIn, scheduler: job.scheduler },
    closing: job.closing,
    next: job.next,
    pages,
    manifest: bytes,
    ...(last === null ? {} : { receiptSigner: receipt }),
    orders,
    asks,
    stateAtClose: job.stateAtClose,
    eventsSince: job.events,
    stateNow: job.stateNow,
  });
  const judged = performance.now();
  const failed = results.find((result) => !result.ok);
  if (failed) throw new Error(`${failed.rule}: ${failed.firstDifference}`);
  return {
    seconds: (judged - started) / 1000,
    parts: {
      inputs: Math.round(decoded - started),
      signatures: Math.round(recovered - decoded),
      pages: Math.round(read - recovered),
      events: Math.round(folded - read),
      rules: Math.round(judged - folded),
    },
    signatures: orders.length + asks.length + (last === null ? 0 : 1),
    rules: results.length,
  };
}
