import { ClusterList } from '../client/cluster-list.tsx';
import { CycleList } from '../client/cycle-list.tsx';
import { LatencyPicture } from '../client/latency-picture.tsx';
import { ProposalList } from '../client/proposal-list.tsx';

export default function ClustersPage() {
  return (
    <>
      <h1>Clusters</h1>
      <p className="quiet">
        Near nodes of one class that bid as one for a cycle, by their owners&apos; consent, and share what
        they earn by computing power. One member, drawn by power, runs a lease.
      </p>
      <ClusterList />
      <ProposalList />
      <LatencyPicture />
      <CycleList />
    </>
  );
}
