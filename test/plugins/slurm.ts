/** For the conformance suite: the Slurm plugin on a cluster of one node. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SLURM_NEEDS, startSlurm } from '../support/slurm.ts';
import { missing, tryToStart } from '../support/tools.ts';
import type { Prepared } from './main.ts';

export async function prepare(scratch: string): Promise<Prepared> {
  const absent = missing('slurm', SLURM_NEEDS, true);
  if (absent !== null) return { absent };
  const cluster = await tryToStart('slurm', startSlurm);
  if ('absent' in cluster) return cluster;
  // The jobs' user must be able to walk through it.
  const folder = join(scratch, 'jobs');
  mkdirSync(folder, { mode: 0o711 });
  chmodSync(scratch, 0o711);
  return {
    settings: {
      config: cluster.config,
      user: cluster.user,
      folder,
      classes: { 'TEST-1G': { gres: 'gpu:h100', memoryBytes: 2 ** 26 } },
    },
    patience: 4,
    stop: () => cluster.stop(),
  };
}
