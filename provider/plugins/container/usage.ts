/** What a container used: the engine's counters, sampled while it runs, for they go with it. */
import type { ContainerStats } from 'dockerode';
import type { Usage } from '../../plugin/protocol.ts';

export interface Sample {
  atMs: number;
  memoryBytes: number;
}

/** @param before the totals up to `last`, which a restarted plugin reads from its folder */
export function addSample(
  before: Usage,
  last: Sample | null,
  now: number,
  stats: ContainerStats,
): { usage: Usage; sample: Sample } {
  const memoryBytes = stats.memory_stats?.usage ?? 0;
  const seconds = last ? Math.max(0, now - last.atMs) / 1_000 : 0;
  const mean = last ? (last.memoryBytes + memoryBytes) / 2 : memoryBytes;
  const links = Object.values(stats.networks ?? {});
  const usage: Usage = {
    // The engine counts nanoseconds; a counter of a container that is just ending may read as nothing.
    cpuMs: Math.max(before.cpuMs ?? 0, Math.round((stats.cpu_stats?.cpu_usage?.total_usage ?? 0) / 1e6)),
    // A fraction until it is reported: rounded each time, small sums would stay zero.
    memoryMibSeconds: (before.memoryMibSeconds ?? 0) + (mean * seconds) / 2 ** 20,
    memoryPeakBytes: Math.max(before.memoryPeakBytes ?? 0, stats.memory_stats?.max_usage ?? 0, memoryBytes),
    networkInBytes: Math.max(
      before.networkInBytes ?? 0,
      links.reduce((sum, link) => sum + link.rx_bytes, 0),
    ),
    networkOutBytes: Math.max(
      before.networkOutBytes ?? 0,
      links.reduce((sum, link) => sum + link.tx_bytes, 0),
    ),
  };
  return { usage, sample: { atMs: now, memoryBytes } };
}
