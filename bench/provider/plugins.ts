/** How long the real platforms take from `start` to running, each lease alone on an idle pool. */
import { rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile } from '../bench.ts';
import { poolFolder, someLease, startPlugin } from '../../test/support/plugin-client.ts';
import { prepare as prepareContainer } from '../../test/plugins/container.ts';
import { prepare as prepareSlurm } from '../../test/plugins/slurm.ts';

interface StartLatency {
  starts: number;
  p50Ms: number;
  p99Ms: number;
}

const CLASS = 'TEST-1G';

/** @returns by plugin; a sentence where this machine lacks the platform */
export async function startLatencies(
  starts: number,
): Promise<Record<string, StartLatency | { absent: string }>> {
  process.env['PLATFORMS'] ??= '1';
  return {
    container: await latencyOf('container', prepareContainer, starts),
    slurm: await latencyOf('slurm', prepareSlurm, starts),
  };
}

async function latencyOf(name: string, prepare: typeof prepareSlurm, starts: number) {
  const scratch = mkdtempSync(join(tmpdir(), 'cardhour-bench-'));
  const subject = await prepare(scratch);
  if ('absent' in subject) return { absent: subject.absent };
  const { folder, remove } = poolFolder();
  try {
    const plugin = await startPlugin(name, subject.settings, folder);
    const samples: number[] = [];
    for (let i = 0; i < starts; i++) {
      const lease = someLease(CLASS, 'sleep 600');
      const began = performance.now();
      const { state } = await plugin.call('start', { lease });
      if (state !== 'running') await plugin.until(lease.id, 'running');
      samples.push(performance.now() - began);
      await plugin.call('stop', { id: lease.id, graceMs: 0 });
      await plugin.over(lease.id);
      await plugin.call('release', { id: lease.id });
    }
    await plugin.stop();
    return { starts, p50Ms: percentile(samples, 0.5), p99Ms: percentile(samples, 0.99) };
  } finally {
    await subject.stop();
    remove();
    rmSync(scratch, { recursive: true, force: true });
  }
}
