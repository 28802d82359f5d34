import type { Pipeline, SlotReport } from '../pipeline.ts';
import type { SlotJob } from './slot.definition.ts';

/** Every step of the pipeline is idempotent, so a repeated job is harmless. */
export const handleSlot =
  (pipeline: Pipeline, onReport: (report: SlotReport) => void) =>
  async (data: SlotJob): Promise<string> => {
    const report = await pipeline.runSlot(BigInt(data.slot));
    onReport(report);
    return report.state;
  };
