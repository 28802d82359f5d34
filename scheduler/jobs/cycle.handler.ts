import type { Cycles } from '../cycle/cycles.ts';
import type { CycleReport } from '../cycle/decide-cycle.ts';
import type { CycleJob } from './cycle.definition.ts';

export const handleCycle =
  (cycles: Cycles, onReport: (cycle: bigint, report: CycleReport) => void) =>
  async ({ cycle }: CycleJob): Promise<string> => {
    const report = await cycles.decide(BigInt(cycle));
    onReport(BigInt(cycle), report);
    return report.state;
  };
