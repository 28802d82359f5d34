import { NodeDetail } from '../../client/node-detail.tsx';

export default async function NodePage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <>
      <h1>Node</h1>
      <NodeDetail node={id} />
    </>
  );
}
