/** What the bench and its scheduler's thread tell each other. */
import type { MarketState } from '../../domain/market-state.ts';
import type { Hex } from '../../domain/types.ts';

export interface SchedulerTask {
  databaseUrl: string;
  state: MarketState;
  seed: Hex;
  /** A multiple of what one read takes. */
  ordersPerSlot: number;
}

/** Closed slots to place, one after the other. */
export interface Placing {
  slots: bigint[];
  /** Whether the next slot's rows are read while PostgreSQL stores a slot, as while it is open. */
  ahead: boolean;
}

export const STAGES = ['read', 'items', 'receipts', 'clear', 'publish'] as const;
export type Stage = (typeof STAGES)[number];

export interface Placed {
  matched: number;
  /** From the first row read to the last match stored. */
  ms: number;
  /** Milliseconds of each stage, one after the other; `read` and `publish` run together when the next slot is read ahead. */
  stages: Record<Stage, number>;
  /** Milliseconds of this thread's processor time. */
  cpuMs: number;
}
