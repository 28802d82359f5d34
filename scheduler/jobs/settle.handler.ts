import type { Pipeline } from '../pipeline.ts';
import type { SettleJob } from './settle.definition.ts';

export const handleSettle =
  (pipeline: Pipeline, onSettled: (leases: number) => void) =>
  async (_data: SettleJob): Promise<number> => {
    const leases = await pipeline.settleDue();
    onSettled(leases);
    return leases;
  };
