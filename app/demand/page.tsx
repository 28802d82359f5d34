import { DemandTable } from '../client/demand-table.tsx';
import { EntropyPanel } from '../client/entropy-panel.tsx';
import { MissedTable } from '../client/missed-table.tsx';

export default function DemandPage() {
  return (
    <>
      <h1>Demand</h1>
      <p className="quiet">
        For suppliers: what is wanted, what could not be had, and how evenly the nodes are used. The last 24
        hours of chain time.
      </p>
      <MissedTable />
      <DemandTable />
      <EntropyPanel />
    </>
  );
}
