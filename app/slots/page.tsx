import { SlotTable } from '../client/slot-table.tsx';

export default function SlotsPage() {
  return (
    <>
      <h1>Slots</h1>
      <p className="quiet">
        Each slot with an order is one auction: cleared off-chain, committed on-chain, and anyone can replay
        it from its published inputs.
      </p>
      <SlotTable />
    </>
  );
}
