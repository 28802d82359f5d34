/**
 * bubblewrap: namespaces of its own for users, processes, network, IPC and host name; a read-only system; writable are
 * its work folder and a memory-backed /tmp. All in it dies with the agent (`--die-with-parent`).
 */
import { execFile } from 'node:child_process';
import { lstatSync, readlinkSync } from 'node:fs';
import { only } from './environment.ts';

/** Where work is inside the sandbox. */
export const SANDBOX_WORK = '/work';

const SYSTEM_FOLDERS = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
/** What programs need of /etc; no accounts, no host configuration. */
const SYSTEM_FILES = [
  '/etc/alternatives',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
];

/** What a workload that may use the network needs besides. */
const NETWORK_FILES = [
  '/etc/resolv.conf',
  '/etc/hosts',
  '/etc/nsswitch.conf',
  '/etc/ssl',
  '/etc/ca-certificates',
];
/** /tmp is memory of the host. */
const TMP_BYTES = '1073741824';

/** Arguments for bwrap, before the command. There is no terminal to steal: the agent starts it in a session of its own. */
export function bubblewrapArguments(
  workFolder: string,
  hostName: string,
  { deviceFiles = [], network = false }: { deviceFiles?: string[]; network?: boolean } = {},
): string[] {
  return [
    ['--unshare-all', '--unshare-user', '--die-with-parent', '--cap-drop', 'ALL', '--hostname', hostName],
    network ? ['--share-net', ...NETWORK_FILES.flatMap((path) => ['--ro-bind-try', path, path])] : [],
    ['--ro-bind', '/usr', '/usr'],
    ...SYSTEM_FOLDERS.map(systemFolder),
    ...SYSTEM_FILES.map((path) => ['--ro-bind-try', path, path]),
    ['--proc', '/proc', '--dev', '/dev', '--size', TMP_BYTES, '--tmpfs', '/tmp'],
    ...deviceFiles.map((path) => ['--dev-bind-try', path, path]),
    ['--bind', workFolder, SANDBOX_WORK, '--chdir', SANDBOX_WORK, '--'],
  ].flat();
}

/** Whether bwrap at `path` can build this very sandbox here (kernels and container hosts may forbid namespaces). */
export function bubblewrapWorks(path: string, workFolder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = [...bubblewrapArguments(workFolder, 'probe'), 'sh', '-c', 'exit 0'];
    execFile(path, probe, { timeout: 10_000, env: only({ PATH: '/usr/bin:/bin' }) }, (error) =>
      resolve(error === null),
    );
  });
}

/** Merged-usr systems have links here, others folders. */
function systemFolder(path: string): string[] {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (!entry) return [];
  return entry.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
}
