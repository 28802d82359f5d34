/** The batch script of a lease: its environment and nothing of Slurm's user, its limits, its output within bounds. */
import type { PluginLease } from '../../plugin/protocol.ts';
import { bubblewrapArguments, SANDBOX_WORK } from '../../sandbox/bubblewrap.ts';
import { LOG_LIMIT_BYTES, TRUNCATION_LINE } from '../../sandbox/bounded-log.ts';
import type { SlurmSettings } from './settings.ts';

/** What the script leaves in the job's folder. */
export const FILES = { output: 'output', exit: 'exit', times: 'times', work: 'work' } as const;

/** How a workload learns which of the node's cards are its own. */
const PASSED = [
  'CUDA_VISIBLE_DEVICES',
  'ROCR_VISIBLE_DEVICES',
  'GPU_DEVICE_ORDINAL',
  'ASCEND_VISIBLE_DEVICES',
  'ASCEND_RT_VISIBLE_DEVICES',
  'SLURM_JOB_ID',
  'SLURM_GPUS_ON_NODE',
];
const DEVICES = '/dev/nvidia* /dev/davinci* /dev/devmm_svm /dev/hisi_hdc /dev/kfd /dev/dri';
const PATH = '/usr/local/bin:/usr/bin:/bin';

/** @param folder the job's, as the nodes see it */
export function batchScript(
  lease: PluginLease,
  settings: SlurmSettings,
  folder: string,
  isolation: 'bubblewrap' | 'plain',
): string {
  const work = `${folder}/${FILES.work}`;
  const sandboxed = isolation === 'bubblewrap';
  const env = { PATH, HOME: sandboxed ? SANDBOX_WORK : work, LANG: 'C.UTF-8', ...lease.env };
  const entries = Object.entries(env).map(([name, value]) => quote(`${name}=${value}`));
  const wall = bubblewrapArguments(work, `lease-${lease.id}`, { network: lease.network ?? false }).slice(
    0,
    -1,
  );
  const sandbox = sandboxed ? [settings.bubblewrapPath, ...wall].map(quote).join(' ') : '';
  const blocks = Math.ceil((lease.limits.diskBytes ?? settings.diskBytes) / 512);
  // Shells spell it one way or the other.
  const most = lease.limits.processes ?? settings.processes;
  return `#!/bin/sh
cd ${quote(work)} || exit 126
ulimit -c 0
ulimit -f ${blocks}
ulimit -u ${most} 2>/dev/null || ulimit -p ${most} || exit 126
set --
for name in ${PASSED.join(' ')}; do
  eval "value=\\\${$name-}"
  [ -z "$value" ] || set -- "$@" "$name=$value"
done
set -- "$@" ${entries.join(' ')}${
    sandboxed
      ? ` ${sandbox}
for device in ${DEVICES}; do
  [ ! -e "$device" ] || set -- "$@" --dev-bind "$device" "$device"
done
set -- "$@" --`
      : ''
  }
{
  timeout -k 5 ${lease.limits.seconds} env -i "$@" ${lease.command.map(quote).join(' ')}
  echo $? > ../${FILES.exit}
} 2>&1 | {
  head -c ${LOG_LIMIT_BYTES}
  [ "$(head -c 1 | wc -c)" -eq 0 ] || printf ${quote(TRUNCATION_LINE.replaceAll('\n', '\\n'))}
  cat > /dev/null
}
times > ../${FILES.times}
exit "$(cat ../${FILES.exit})"
`;
}

/** One word of the shell, whatever is in it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
