import type { Pipeline } from '../pipeline.ts';
import type { RenewJob } from './renew.definition.ts';

/** A lease that is renewed already is passed over, so a repeated job is harmless. */
export const handleRenew =
  (pipeline: Pipeline, onRenewed: (leases: number) => void) =>
  async (_data: RenewJob): Promise<number> => {
    const leases = await pipeline.renewDue();
    onRenewed(leases);
    return leases;
  };
