/** How many blocks to ask for at once: more while answers are quick and small, fewer when one fails or is large. */
export interface RangeSize {
  readonly blocks: bigint;
  /** @param ms time that asking for a full range took @param events that came with it */
  worked(ms: number, events: number): void;
  /** Returns false when there is nothing smaller to ask for. */
  failed(): boolean;
}

const START = 32;
const MOST = 1_024;
/** Below this the round trip dominates, and a larger range costs little more. */
const QUICK_MS = 300;
const SLOW_MS = 2_000;
/** What one batch should hold: enough that a transaction's cost is spread, few enough that memory stays small. */
const FEW_EVENTS = 2_000;
const MANY_EVENTS = 6_000;

export function createRangeSize(): RangeSize {
  let blocks = START;
  return {
    get blocks() {
      return BigInt(blocks);
    },
    worked(ms, events) {
      if (ms > SLOW_MS || events > MANY_EVENTS) blocks = Math.max(1, blocks >> 1);
      else if (ms < QUICK_MS && events < FEW_EVENTS) blocks = Math.min(blocks * 2, MOST);
    },
    failed() {
      if (blocks === 1) return false;
      blocks = Math.max(1, blocks >> 2);
      return true;
    },
  };
}
