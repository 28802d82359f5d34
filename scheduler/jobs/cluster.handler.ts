import type { Cycles } from '../cycle/cycles.ts';
import type { FormReport } from '../cycle/form.ts';
import type { ClusterJob } from './cluster.definition.ts';

export const handleCluster =
  (cycles: Cycles, onReport: (report: FormReport, shared: number) => void) =>
  async (_data: ClusterJob): Promise<number> => {
    const report = await cycles.form();
    const shared = await cycles.distribute();
    onReport(report, shared);
    return report.formed.length + shared;
  };
