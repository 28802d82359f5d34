import type { Deployment } from '../contracts/deployment.ts';
import { checkIdentity } from './chain/identity.ts';
import { createEndpoints, type EndpointHealth } from './chain/endpoints.ts';
import type { Header } from './chain/header.ts';
import type { Proofs } from './chain/logs.ts';
import { createChainReader } from './chain/reader.ts';
import { createChecker, type CheckCounts } from './check/checker.ts';
import { openStore } from './store/store.ts';
import { Steps } from './steps.ts';

export interface IndexerOptions {
  /** A node, or several of one chain, the preferred first. */
  rpcUrl: string | readonly string[];
  databaseUrl: string;
  deployment: Deployment;
  /** How logs are proven; `all` when absent. */
  proofs?: Proofs;
  /** Blocks below the head that count as final; absent: what the chain calls final, on a developer's chain none. */
  sealDepth?: number;
  /** Milliseconds for which a head below our own counts as a node that lags, not as lost blocks. */
  patienceMs?: number;
  /** Is told in a sentence what an operator may want to know. */
  onNotice?: (sentence: string) => void;
}

export interface IndexerStatus {
  /** Number of the last final block; -1 before the first. */
  sealed: bigint;
  reorganisations: number;
  /** Blocks that the deepest of them took back. */
  deepest: number;
  events: number;
  checks: CheckCounts;
  endpoints: EndpointHealth[];
}

export interface Indexer {
  /**
   * Brings the tables to the chain's state at block `target`, or at the head; returns the block they stand at. Steps of
   * one indexer run one after the other.
   *
   * @throws Refusal CHAIN_REPLACED; CHAIN_UNREACHABLE or NOT_READY, after which the same call may succeed
   */
  syncTo(target?: bigint): Promise<bigint>;
  /** The block the tables stand at. */
  position(): Header | null;
  status(): IndexerStatus;
  /**
   * Compares some rows with the contracts, and the nodes with one another; makes all state rows anew if somebody asked for it.
   *
   * @throws Refusal as `syncTo`
   */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** @throws Refusal CHAIN_REPLACED, CHAIN_UNREACHABLE, NOT_READY (the database) */
export async function createIndexer(options: IndexerOptions): Promise<Indexer> {
  const { rpcUrl, databaseUrl, deployment } = options;
  const store = await openStore(databaseUrl);
  try {
    const urls = typeof rpcUrl === 'string' ? [rpcUrl] : rpcUrl;
    const endpoints = createEndpoints(urls, options.onNotice ?? (() => undefined));
    const reader = createChainReader(endpoints, deployment, options.proofs ?? 'all');
    await checkIdentity(store, reader, deployment);
    const steps = new Steps(store, reader, options);
    const notice = options.onNotice ?? (() => undefined);
    const recent = (table: string): readonly string[] => steps.recent(table);
    const checker = createChecker({ databaseUrl, deployment, endpoints, recent, onDifference: notice });
    let last: Promise<unknown> = Promise.resolve();
    const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
      const step = last.then(work);
      last = step.catch(() => undefined);
      return step;
    };
    return {
      syncTo: (target) => inTurn(() => steps.syncTo(target)),
      async check() {
        await inTurn(() => steps.refold());
        if (urls.length > 1) await inTurn(() => steps.compareNodes());
        await checker.look();
      },
      position: () => steps.cursor,
      status: () => ({
        ...steps.counts,
        sealed: steps.sealed,
        checks: checker.counts,
        endpoints: endpoints.health(),
      }),
      close: async () => {
        await last;
        await checker.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
