/** A container engine of its own: `podman system service` with its storage in a temporary folder and one local image. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const PODMAN_NEEDS = ['podman', 'runc', 'busybox'];
export const TEST_IMAGE = 'localhost/cardhour-test:1';

export interface Podman {
  socket: string;
  /** Runs podman on the same storage. @returns what it printed */
  podman(...args: string[]): Promise<string>;
  /** Kills the service and starts it again; containers go on. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The flags are those that work where crun does not (a hybrid of control groups 1 and 2) and where the limit of open
 * files is below Podman's default.
 */
export async function startPodman(): Promise<Podman> {
  const folder = mkdtempSync(join(tmpdir(), 'cardhour-podman-'));
  const socket = join(folder, 'podman.sock');
  writeFileSync(
    join(folder, 'containers.conf'),
    `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "${folder}/libpod"
`,
  );
  writeFileSync(
    join(folder, 'storage.conf'),
    `[storage]\ndriver = "overlay"\ngraphroot = "${folder}/storage"\nrunroot = "${folder}/run"\n`,
  );
  const env = {
    ...process.env,
    CONTAINERS_CONF: join(folder, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
  };
  const podman = async (...args: string[]) => (await run('podman', args, { env })).stdout;
  const clear = async () => {
    // Podman leaves its storage mounted on itself.
    for (const mount of mountsBelow(folder)) await run('umount', ['--lazy', mount]).catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await podman('import', '--change', 'ENV PATH=/bin', makeRoot(folder), TEST_IMAGE);
    await podman('run', '--rm', '--network', 'none', TEST_IMAGE, 'true');
  } catch (error) {
    await clear();
    throw error;
  }

  const service = async () => {
    const child = spawn('podman', ['system', 'service', '--time', '0', `unix://${socket}`], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-4_000)));
    for (let tries = 0; !existsSync(socket); tries++) {
      if (child.exitCode !== null || tries > 600) throw new Error(`podman's service did not start: ${said}`);
      await sleep(50);
    }
    return child;
  };
  const end = (child: Awaited<ReturnType<typeof service>>) =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  let child = await service();
  return {
    socket,
    podman,
    async restart() {
      await end(child);
      rmSync(socket, { force: true });
      child = await service();
    },
    async stop() {
      await podman('rm', '--all', '--force', '--time', '0').catch(() => undefined);
      await end(child);
      await clear();
    },
  };
}

/** A root file system out of the machine's own static busybox, as a tar archive. */
function makeRoot(folder: string): string {
  const root = join(folder, 'root');
  for (const name of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev'])
    mkdirSync(join(root, name), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path)) ?? '';
  cpSync(busybox, join(root, 'bin/busybox'), { dereference: true });
  for (const name of TOOLS) symlinkSync('busybox', join(root, 'bin', name));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n');
  const archive = join(folder, 'root.tar');
  execFileSync('tar', ['-C', root, '-cf', archive, '.']);
  return archive;
}

const TOOLS = (
  'sh ls cat echo env id sleep dd mount umount head tail grep ps kill seq yes wc df touch rm mkdir mknod ip nc find ' +
  'test true false stat sync printf tr cut'
).split(' ');

/** Deepest first. */
function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse();
}
