/**
 * How an order is signed (ADR 0007, 0010): by its consumer's key (65 bytes), by an approval on-chain (no byte), or by a firm quote that
 * was accepted on-chain (one byte). A slot counts what the chain said at its close.
 */
import type { MarketState } from './market-state.ts';
import type { Hex, SignedOrder } from './types.ts';

/** The signature of an order that its consumer approved on-chain. */
export const APPROVED: Hex = '0x';
/** The signature of an order at a firm quote; the contract takes any one byte. */
export const QUOTED: Hex = '0x01';

/** An order as a slot judges it; `signer` is the address recovered from its signature over `id`, or null. */
export interface JudgedOrder {
  id: Hex;
  signed: SignedOrder;
  signer: Hex | null;
}

export type Signing = 'KEY' | 'APPROVAL' | 'QUOTE';

export function signingOf(signature: Hex): Signing {
  if (signature.length === APPROVED.length) return 'APPROVAL';
  return signature.length === QUOTED.length ? 'QUOTE' : 'KEY';
}

/** Whether the order binds its consumer. */
export function isSigned({ id, signed, signer }: JudgedOrder, state: MarketState): boolean {
  switch (signingOf(signed.signature)) {
    case 'APPROVAL':
      return state.approved.has(id);
    case 'QUOTE':
      return state.quotes.get(id)?.outcome === 'HELD';
    case 'KEY':
      return signer === signed.order.consumer;
  }
}
