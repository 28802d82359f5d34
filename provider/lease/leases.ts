/** Holds what runs against what the chain says should run, and moves the first towards the second. */
import type { ChainView } from '../chain-watch.ts';
import { leaseFiles, removeLease, storedLeases } from './lease-files.ts';
import { identityOf } from './lease-key.ts';
import { startLeaseRun, type LeaseRun, type LeaseRunOptions } from './lease-run.ts';

export interface Leases {
  /** Starts what is due, ends what is over. */
  reconcile(view: ChainView): void;
  running(): number;
  /** Whether a lease answers for what a pool holds under this name; none does before the first `reconcile`. */
  claims(pool: string, key: string): boolean;
  /** Resolves when nothing runs any more, after the agent's signal. */
  stopped(): Promise<void>;
  /** The chain was replaced: ends all and deletes what is stored. */
  forget(): Promise<void>;
}

type Shared = Omit<LeaseRunOptions, 'leaseId' | 'chainNow' | 'heartbeatMs' | Terms> & { heartbeatMs: number };
type Terms = 'lease' | 'className' | 'nodeCards';

/** Of the agent's time that all heartbeats together may take: with very many leases each has fewer. */
const MS_PER_REPORT = 20;
/** Leases whose log is kept after their end. */
const KEPT_LEASES = 100;

export function createLeases(options: Shared): Leases {
  const { leasesFolder, signal, log } = options;
  const runs = new Map<bigint, LeaseRun>();
  let now = 0n;
  let stop = new AbortController();
  /** Leases on disk whose last report is missing; looked at once, after the first view of the chain. */
  let unfinished: bigint[] | null = null;
  /** Leases on disk that have had their last word, the oldest first. */
  let done: bigint[] = [];

  /** Reads once what an earlier agent left: those that are done, and those whose last word is missing. */
  const readStored = (): bigint[] => {
    const [finished, open] = [[] as bigint[], [] as bigint[]];
    for (const id of storedLeases(leasesFolder))
      (leaseFiles(leasesFolder, id).load()?.done === true ? finished : open).push(id);
    done = finished;
    return open;
  };

  const keep = (id: bigint) => {
    done.push(id);
    for (const old of done.splice(0, Math.max(0, done.length - KEPT_LEASES)))
      if (!runs.has(old)) removeLease(leasesFolder, old);
  };

  const begin = (leaseId: bigint, part: Pick<LeaseRunOptions, Terms>): LeaseRun => {
    const run = startLeaseRun({
      ...options,
      heartbeatMs: () => Math.max(options.heartbeatMs, runs.size * MS_PER_REPORT),
      ...part,
      leaseId,
      chainNow: () => now,
      signal: AbortSignal.any([signal, stop.signal]),
    });
    runs.set(leaseId, run);
    void run.finished.then(() => {
      runs.delete(leaseId);
      if (!signal.aborted) keep(leaseId);
    });
    return run;
  };

  return {
    reconcile(view) {
      if (signal.aborted) return;
      now = view.now;
      const due = new Map(
        view.ledger.leases
          .filter((lease) => lease.start <= now && now < lease.end)
          .map((lease) => [lease.id, lease]),
      );
      for (const [id, lease] of due) {
        const run = runs.get(id);
        if (run && run.identity !== identityOf(lease)) run.drop();
        if (run) continue;
        const node = view.ledger.nodes.find((own) => own.id === lease.node);
        log(`lease ${id}: ${lease.cards} cards until ${lease.end}`);
        begin(id, { lease, className: node?.className ?? '', nodeCards: node?.cards ?? lease.cards });
      }
      unfinished ??= readStored();
      for (const id of unfinished.filter((id) => !runs.has(id)))
        begin(id, { lease: null, className: '', nodeCards: 0 });
      unfinished = [];
      for (const [id, run] of runs) if (!due.has(id)) run.end();
    },
    running: () => runs.size,
    claims(pool, key) {
      const id = /^\d+(?=-)/.exec(key)?.[0];
      return id !== undefined && (runs.get(BigInt(id))?.claims(pool, key) ?? false);
    },
    stopped: async () => void (await Promise.all([...runs.values()].map((run) => run.finished))),
    async forget() {
      stop.abort();
      await Promise.all([...runs.values()].map((run) => run.finished));
      for (const id of storedLeases(leasesFolder)) removeLease(leasesFolder, id);
      stop = new AbortController();
      unfinished = [];
    },
  };
}
