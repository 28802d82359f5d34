/** Runs pods as plain processes of this machine: the only part that is not the API's. Their folder stands for `/work`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { V1ContainerState, V1Pod } from '@kubernetes/client-node';
import type { Objects } from './objects.ts';

export interface Kubelet {
  start(pod: V1Pod): void;
  runs(pod: string): boolean;
  /** SIGTERM, then SIGKILL after the grace; resolves when nothing of it runs. */
  kill(pod: string, graceMs: number): Promise<void>;
  /** Where a pod's output lies, and whether more may come. */
  log(pod: string): { path: string; open: boolean } | null;
  stop(): Promise<void>;
}

interface Run {
  child: ChildProcess;
  logPath: string;
  open: boolean;
  ended: Promise<void>;
}

/** Images that the nodes have; any other can't be had. */
export function createKubelet(objects: Objects, images: string[]): Kubelet {
  const root = mkdtempSync(join(tmpdir(), 'cardhour-kube-'));
  const runs = new Map<string, Run>();

  const become = (pod: V1Pod, phase: string, state: V1ContainerState) => {
    const { name = '', image = '' } = pod.spec?.containers[0] ?? {};
    const status = { name, image, imageID: '', ready: phase === 'Running', restartCount: 0, state };
    pod.status = { ...pod.status, phase, containerStatuses: [status] };
    if (objects.get('pods', pod.metadata?.name ?? '') === pod) objects.changed('pods', pod);
  };

  const signal = (child: ChildProcess, kind: 'SIGTERM' | 'SIGKILL') => {
    try {
      process.kill(-(child.pid ?? 0), kind);
    } catch {
      // Its group is gone.
    }
  };

  return {
    start(pod) {
      const name = pod.metadata?.name ?? '';
      const container = pod.spec!.containers[0]!;
      const image = container.image ?? '';
      if (!images.includes(image)) {
        const never = container.imagePullPolicy === 'Never';
        const reason = never ? 'ErrImageNeverPull' : 'ErrImagePull';
        const message = never
          ? `Container image "${image}" is not present with pull policy of Never`
          : `failed to pull and unpack image "${image}": not found`;
        return become(pod, 'Pending', { waiting: { reason, message } });
      }
      const folder = join(root, name);
      mkdirSync(folder, { recursive: true });
      const logPath = join(root, `${name}.log`);
      const [program = '', ...args] = [...(container.command ?? []), ...(container.args ?? [])];
      writeFiles(objects, pod, folder);
      const child = spawn(program, args, {
        cwd: folder,
        env: environmentOf(objects, pod, folder),
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const startedAt = new Date();
      const file = createWriteStream(logPath);
      child.stdout.on('data', (data: Buffer) => void file.write(data));
      child.stderr.on('data', (data: Buffer) => void file.write(data));
      const ended = new Promise<void>((resolve) => {
        // All of its group holds the pipes: they close when nothing of it runs any more.
        const over = (code: number | null, cause: NodeJS.Signals | null) => {
          signal(child, 'SIGKILL');
          file.end(() => {
            run.open = false;
            const exitCode = code ?? (cause === 'SIGKILL' ? 137 : 143);
            const reason = exitCode === 0 ? 'Completed' : 'Error';
            const terminated = { exitCode, reason, startedAt, finishedAt: new Date() };
            become(pod, exitCode === 0 ? 'Succeeded' : 'Failed', { terminated });
            resolve();
          });
        };
        let status: [number | null, NodeJS.Signals | null] = [null, 'SIGKILL'];
        child.once('exit', (...how) => {
          status = how;
          signal(child, 'SIGKILL');
        });
        child.once('close', () => over(...status));
        child.once('error', () => over(128, null));
      });
      const run: Run = { child, logPath, open: true, ended };
      runs.set(name, run);
      become(pod, 'Running', { running: { startedAt } });
    },
    runs: (name) => runs.get(name)?.open ?? false,
    async kill(name, graceMs) {
      const run = runs.get(name);
      if (!run?.open) return;
      if (graceMs > 0) signal(run.child, 'SIGTERM');
      const timer = setTimeout(() => signal(run.child, 'SIGKILL'), graceMs);
      await run.ended;
      clearTimeout(timer);
    },
    log(name) {
      const run = runs.get(name);
      return run ? { path: run.logPath, open: run.open } : null;
    },
    async stop() {
      for (const { child } of runs.values()) signal(child, 'SIGKILL');
      await Promise.all([...runs.values()].map((run) => run.ended));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function secretValue(objects: Objects, secret: string, key: string): Buffer {
  return Buffer.from(objects.get('secrets', secret)?.data?.[key] ?? '', 'base64');
}

function environmentOf(objects: Objects, pod: V1Pod, folder: string): NodeJS.ProcessEnv {
  const own = (pod.spec?.containers[0]?.env ?? []).map(({ name, value, valueFrom }) => {
    const { name: secret = '', key = '' } = valueFrom?.secretKeyRef ?? {};
    return [name, valueFrom ? secretValue(objects, secret, key).toString() : value] as const;
  });
  const path = { PATH: process.env['PATH'] ?? '' };
  return { ...path, ...Object.fromEntries(own), HOME: folder };
}

function writeFiles(objects: Objects, pod: V1Pod, folder: string): void {
  for (const { name, mountPath, subPath } of pod.spec?.containers[0]?.volumeMounts ?? []) {
    const secret = pod.spec?.volumes?.find((volume) => volume.name === name)?.secret;
    if (!secret || subPath === undefined) continue;
    const path = join(folder, mountPath.replace(/^\/work\//, ''));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, secretValue(objects, secret.secretName ?? '', subPath), { mode: secret.defaultMode });
  }
}
