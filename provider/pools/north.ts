/** The north side: what the agent, and whoever asks it over HTTP, can do with a pool, whatever stands behind it. */
import type {
  Capabilities,
  Health,
  Inventory,
  LeaseStatus,
  PluginLease,
  Result,
  Usage,
} from '../plugin/protocol.ts';

/** Of this interface; goes up with every change that an old caller would trip over. */
export const NORTH_VERSION = '1';

export interface PoolState {
  name: string;
  plugin: string;
  version: string;
  /** up: answers. starting: its process comes up, again or for the first time. removed: ends with its last lease. */
  state: 'up' | 'starting' | 'removed';
  pid: number | null;
  /** Starts of its process beyond the first. */
  restarts: number;
  /** Why its process ended last; null before that. */
  lastEnd: string | null;
  isolation: string | null;
  /** Leases that it holds, over or not. */
  leases: number;
}

/** All calls may throw a `PluginError`; NOT_READY while the pool's process is away. */
export interface Pool {
  readonly name: string;
  state(): PoolState;
  /** Null until it was up once. */
  capabilities(): Capabilities | null;
  /** Resolves when it is up and its leases are known; rejects when the signal is aborted first. */
  ready(signal: AbortSignal): Promise<void>;
  inventory(): Promise<Inventory>;
  /** The inventory as its process gave it when it came up; null before that. */
  machine(): Inventory | null;
  provision(lease: PluginLease): Promise<LeaseStatus>;
  start(lease: PluginLease): Promise<LeaseStatus>;
  stop(id: string, graceMs: number): Promise<LeaseStatus>;
  status(id: string): Promise<LeaseStatus>;
  logs(id: string, offset: number, limit: number): Promise<{ bytes: Buffer; complete: boolean }>;
  usage(id: string): Promise<Usage>;
  release(id: string): Promise<void>;
  health(): Promise<Health>;
  exec(id: string, command: string[], seconds: number): Promise<Result<'exec'>>;
  /** As last heard: by an answer, a notification, or a list. */
  known(id: string): LeaseStatus | undefined;
  list(): LeaseStatus[];
  /** Calls back with every change of a lease's status, `lost` when it vanished. @returns ends it */
  watch(listener: (status: LeaseStatus) => void): () => void;
}
