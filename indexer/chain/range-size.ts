/** How many blocks to ask for at once: more while answers are quick, fewer when one fails. */
export interface RangeSize {
  readonly blocks: bigint;
  /** @param ms time that asking for a full range took */
  worked(ms: number): void;
  /** Returns false when there is nothing smaller to ask for. */
  failed(): boolean;
}

const START = 128;
const MOST = 1_024;
/** Below this the round trip dominates, and a larger range costs little more. */
const QUICK_MS = 300;
const SLOW_MS = 2_000;

export function createRangeSize(): RangeSize {
  let blocks = START;
  return {
    get blocks() {
      return BigInt(blocks);
    },
    worked(ms) {
      if (ms < QUICK_MS) blocks = Math.min(blocks * 2, MOST);
      else if (ms > SLOW_MS) blocks = Math.max(1, blocks >> 1);
    },
    failed() {
      if (blocks === 1) return false;
      blocks = Math.max(1, blocks >> 2);
      return true;
    },
  };
}
