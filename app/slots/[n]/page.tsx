import { SlotDetail } from '../../client/slot-detail.tsx';

export default async function SlotPage({ params }: { params: Promise<{ n: string }> }) {
  const { n } = await params;
  return (
    <>
      <h1>Slot {n}</h1>
      <SlotDetail slot={n} />
    </>
  );
}
