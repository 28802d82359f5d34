/** A lease's status out of what the engine says of its container and what the plugin noted. */
import type { ContainerInspectInfo } from 'dockerode';
import type { LeaseStatus, Usage } from '../../plugin/protocol.ts';

/** Kept in the plugin's folder. */
export interface ContainerRecord {
  className: string;
  cards: string[];
  /** From the start; then the container is stopped. */
  seconds: number;
  memoryBytes: number;
  started: boolean;
  stopped?: 'asked' | 'time';
  failure?: string;
  usage?: Usage;
}

const OVER_TIME = 'its time was over';

export function statusOf(
  id: string,
  record: ContainerRecord,
  container: ContainerInspectInfo | null,
): LeaseStatus {
  const { cards } = record;
  if (record.failure !== undefined) return { id, state: 'failed', reason: record.failure };
  if (!container)
    return record.started
      ? { id, state: 'lost', reason: 'its container is gone' }
      : { id, state: 'failed', reason: 'the plugin was ended while it made the container' };
  const { State: state } = container;
  const startedAt = timeOf(state.StartedAt);
  const times = startedAt === undefined ? {} : { startedAt };
  if (state.Running || ['paused', 'restarting', 'stopping', 'removing'].includes(state.Status))
    return { id, state: record.stopped ? 'stopping' : 'running', cards, ...times };
  if (state.Status === 'created' || state.Status === 'initialized' || state.Status === 'configured')
    return { id, state: 'pending', reason: 'its container is about to start' };
  const endedAt = timeOf(state.FinishedAt);
  const over = {
    id,
    state: 'exited' as const,
    cards,
    ...times,
    ...(endedAt === undefined ? {} : { endedAt }),
  };
  const mib = Math.floor(record.memoryBytes / 2 ** 20);
  if (record.stopped) return { ...over, ...(record.stopped === 'time' ? { reason: OVER_TIME } : {}) };
  const exitCode = state.ExitCode & 0xff;
  if (state.OOMKilled)
    return { ...over, exitCode, reason: `out of memory: it needed more than its ${mib} MiB` };
  // Not every engine is told by its kernel; nothing within a container can send this signal to its first process.
  if (exitCode === 137)
    return { ...over, exitCode, reason: `killed from outside, most likely out of memory (${mib} MiB)` };
  return { ...over, exitCode };
}

/** The engine writes the year 1 for "never". */
function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return time > 0 ? time : undefined;
}
