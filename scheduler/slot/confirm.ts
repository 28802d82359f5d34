import type pg from 'pg';
import type { JsonRpcProvider } from 'ethers';
import type { SlotReader } from '../commit/slot-on-chain.ts';
import { markConfirmed, markLost, readSlotRun } from '../slot-run.ts';
import type { StepListener } from '../steps.ts';

/** `shallow`: on the chain, but not deep enough yet; `lost`: a reorganisation took it out; `open`: it is not committed. */
export type ConfirmResult = 'confirmed' | 'shallow' | 'lost' | 'open';

export interface ConfirmOptions {
  pool: pg.Pool;
  provider: JsonRpcProvider;
  chain: SlotReader;
  /** Blocks behind the head at which a slot counts as there for good. */
  depth: number;
}

/** The last job of a slot: one look whether the chain still has it, and how deep. */
export function createConfirm({ pool, provider, chain, depth }: ConfirmOptions) {
  return async (slot: bigint, onStep: StepListener): Promise<ConfirmResult> => {
    onStep('confirming', slot);
    const run = await readSlotRun(pool, slot);
    if (run?.state !== 'committed' || run.header === null) return 'open';
    if (run.confirmed) return 'confirmed';
    const now = await chain.read(run.header);
    if (!now.whole) {
      await markLost(pool, slot, run.attempt);
      return 'lost';
    }
    const deep = (await provider.getBlockNumber()) - depth;
    if (deep < 0 || !(await chain.read(run.header, deep)).whole) return 'shallow';
    await markConfirmed(pool, slot, run.attempt);
    onStep('confirmed', slot);
    return 'confirmed';
  };
}
