/** Signs orders and checks what the gateway promises for them. */
import { orderId, receiptDigest } from '../domain/eip712.ts';
import { recoverSigner } from '../domain/signature.ts';
import type { Hex, Order, Receipt, SigningDomain } from '../domain/types.ts';
import { workloadHash, type Workload } from '../domain/workload.ts';
import type { AnswerOf, Client } from './client.ts';

/** What a wallet or a key signs: the order's digest under EIP-712. */
export type SignDigest = (digest: Hex) => Promise<Hex>;

export interface SentOrder {
  id: Hex;
  /** Keep it: it proves that the slot has to hold the order. */
  receipt: AnswerOf<'POST /orders'>['receipt'];
}

/** @throws Error when the receipt is not the scheduler's for this very order */
export async function sendOrder(
  client: Client,
  { domain, scheduler }: { domain: SigningDomain; scheduler: Hex },
  order: Omit<Order, 'workload'>,
  { workload, classes = [], sign }: { workload: Workload; classes?: Hex[]; sign: SignDigest },
): Promise<SentOrder> {
  const whole: Order = { ...order, workload: workloadHash(workload) };
  const id = orderId(domain, whole);
  const signature = await sign(id);
  const { receipt } = await client.call('POST /orders', {
    body: { order: whole, classes, signature, workload },
  });
  checkReceipt(domain, scheduler, id, receipt);
  return { id, receipt };
}

/** @throws Error that says what is wrong with it */
export function checkReceipt(
  domain: SigningDomain,
  scheduler: Hex,
  item: Hex,
  answered: AnswerOf<'POST /orders'>['receipt'],
): void {
  const receipt: Receipt = {
    scheduler: answered.scheduler as Hex,
    slot: BigInt(answered.slot),
    seq: answered.seq,
    item: answered.item as Hex,
    head: answered.head as Hex,
  };
  if (receipt.item !== item) throw new Error(`the receipt is for ${receipt.item}, not for ${item}`);
  const signer = recoverSigner(receiptDigest(domain, receipt), answered.signature as Hex);
  if (receipt.scheduler !== scheduler || signer !== scheduler)
    throw new Error(`the receipt is signed by ${signer ?? 'nobody'}, not by the scheduler ${scheduler}`);
}
