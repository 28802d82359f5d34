/** The asks of clusters: `Clusters.form` makes them, nobody signs or sends them, and every slot of their cycle holds them (ADR 24). */
import type { MarketState } from './market-state.ts';
import type { SlotAsk } from './slot.ts';

/**
 * Those that a slot with this end holds.
 * @param state at the slot's closing block
 * @param end unix seconds
 */
export function clusterAsks(state: MarketState, end: bigint): SlotAsk[] {
  return [...state.clusters.values()]
    .filter(({ ask }) => ask.validFrom <= end && end <= ask.validUntil)
    .map(({ askId, ask }) => ({ id: askId, signed: { ask, signature: '0x' }, signer: null }));
}
