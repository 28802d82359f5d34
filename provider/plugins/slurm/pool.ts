/** The leases of one Slurm pool: a job each, found again by number or name; a small file a lease holds the rest. */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PluginError } from '../../plugin/errors.ts';
import {
  isOver,
  type Inventory,
  type LeaseStatus,
  type PluginLease,
  type Usage,
} from '../../plugin/protocol.ts';
import type { PluginOutput } from '../../plugin/serve.ts';
import { openLeaseStore } from '../../plugin/lease-store.ts';
import { createSerial } from '../../plugin/serial.ts';
import { bytesBelow } from './disk.ts';
import type { Slurm } from './commands.ts';
import { inventoryOf } from './inventory.ts';
import { batchScript, FILES } from './script.ts';
import type { SlurmSettings } from './settings.ts';
import { statusOf, type SlurmRecord } from './status.ts';

export interface SlurmPool {
  start(lease: PluginLease): Promise<LeaseStatus>;
  stop(id: string, graceMs: number): Promise<LeaseStatus>;
  /** @throws PluginError UNKNOWN_LEASE */
  status(id: string): Promise<LeaseStatus>;
  ids(): string[];
  outputPath(id: string): string;
  usage(id: string): Promise<Usage>;
  release(id: string): Promise<void>;
  inventory(): Promise<Inventory>;
}

export interface PoolOptions {
  slurm: Slurm;
  settings: SlurmSettings;
  pool: string;
  folder: string;
  isolation: 'bubblewrap' | 'plain';
  output: PluginOutput;
}

/** Looks at the queue: often while a lease waits to start, seldom otherwise. */
const LOOK_MS = { soon: 250, later: 1_000 };
const DISK_LOOKS = 5;

export function openPool({ slurm, settings, pool, folder, isolation, output }: PoolOptions): SlurmPool {
  const store = openLeaseStore<SlurmRecord>(settings.folder ?? folder);
  const serial = createSerial();
  const told = new Map<string, string>();
  const jobFolder = (id: string) => join(store.folder(id), 'job');
  const outputPath = (id: string) => join(jobFolder(id), FILES.output);

  const recordOf = (id: string): SlurmRecord => {
    const record = store.read(id);
    if (!record) throw new PluginError('UNKNOWN_LEASE', `This pool knows no lease ${id}.`);
    return record;
  };
  const note = (id: string, part: Partial<SlurmRecord>) => {
    const record = store.read(id);
    if (record) store.write(id, { ...record, ...part });
  };

  const status = async (id: string): Promise<LeaseStatus> => {
    const record = recordOf(id);
    if (record.final) return record.final;
    const number = record.job ?? (await slurm.findByName(record.name));
    const job = number === null ? null : await slurm.job(number);
    const now = statusOf(id, record, job, readNumber(join(jobFolder(id), FILES.exit)));
    if (isOver(now.state)) conclude(id, now);
    else if (now.state === 'running' && record.held === undefined) note(id, { held: now.cards ?? [] });
    return now;
  };

  /** The first to see the end, whoever asked, writes it down and tells it. */
  const conclude = (id: string, now: LeaseStatus): void => {
    if (!store.read(id) || store.read(id)?.final) return;
    note(id, { final: now });
    told.delete(id);
    output.changed(now);
  };

  const submit = async (lease: PluginLease): Promise<LeaseStatus> => {
    const { id, limits } = lease;
    const before = store.read(id);
    const name = `cardhour-${pool}-${id}`;
    // A record without a job: an earlier process was ended between the two, and the job may be there or not.
    const lost = before && before.job === undefined ? await slurm.findByName(name) : null;
    if (lost !== null) note(id, { job: lost });
    if (before && (before.job !== undefined || lost !== null)) return status(id);
    const shape = settings.classes[lease.node.class];
    if (!shape) throw new PluginError('REFUSED', `This pool has no cards of ${lease.node.class}.`);
    if (lease.image !== undefined) throw new PluginError('REFUSED', 'This pool runs commands, no images.');
    store.write(id, { name, cards: limits.cards, seconds: limits.seconds });
    const script = writeJob(lease);
    const cores = limits.cores ?? (shape.cores ?? 1) * Math.max(1, limits.cards);
    const memory = limits.memoryBytes ?? (shape.memoryBytes ?? 0) * Math.max(1, limits.cards);
    const flags = [
      [`--job-name=${name}`, `--comment=cardhour lease ${id}`, '--no-requeue', '--export=PATH'],
      [`--chdir=${jobFolder(id)}`, `--output=${outputPath(id)}`, '--open-mode=append'],
      ['--nodes=1', '--ntasks=1', `--cpus-per-task=${cores}`, `--time=${Math.ceil(limits.seconds / 60) + 1}`],
      memory > 0 ? [`--mem=${Math.ceil(memory / 2 ** 20)}M`] : [],
      shape.gres !== undefined && limits.cards > 0 ? [`--gres=${shape.gres}:${limits.cards}`] : [],
      settings.partition === undefined ? [] : [`--partition=${settings.partition}`],
      settings.account === undefined ? [] : [`--account=${settings.account}`],
      settings.qos === undefined ? [] : [`--qos=${settings.qos}`],
      settings.user === undefined
        ? []
        : [`--uid=${settings.user}`, `--gid=${settings.group ?? settings.user}`],
      settings.flags ?? [],
    ].flat();
    try {
      note(id, { job: await slurm.submit(flags, script) });
    } catch (error) {
      // Refused is refused; of a controller that did not answer nobody knows what it took: the record stays, and the next try asks.
      if (error instanceof PluginError && error.kind === 'REFUSED') store.remove(id);
      throw error;
    }
    look();
    return status(id);
  };

  const writeJob = ({ ...lease }: PluginLease): string => {
    const root = jobFolder(lease.id);
    const work = join(root, FILES.work);
    const made = [root, work];
    mkdirSync(work, { recursive: true, mode: 0o711 });
    for (const { path, base64, executable } of lease.files ?? []) {
      const file = join(work, path);
      for (let at = dirname(file); at.length > work.length && !made.includes(at); at = dirname(at))
        made.push(at);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, Buffer.from(base64, 'base64'));
      chmodSync(file, executable ? 0o755 : 0o644);
      made.push(file);
    }
    if (settings.user !== undefined)
      for (const path of made) chownSync(path, settings.user, settings.group ?? settings.user);
    // Beside the job's folder, which is its user's: the script holds the lease's environment.
    const script = join(store.folder(lease.id), 'script');
    writeFileSync(script, batchScript(lease, settings, root, isolation), { mode: 0o600 });
    return script;
  };

  let looks = 0;
  let timer: NodeJS.Timeout | undefined;
  /** Tells what changed since the last look. Never rejects: a controller that is away is asked again. */
  const look = (): void => {
    clearTimeout(timer);
    const open = store.ids().flatMap((id) => {
      const record = store.read(id);
      return record?.job !== undefined && !record.final ? [{ id, job: record.job }] : [];
    });
    if (open.length === 0) return;
    let waiting = false;
    const step = async (): Promise<void> => {
      const states = await slurm.states(open.map(({ job }) => job));
      for (const { id, job } of open) {
        const state = states.get(job)?.state ?? 'GONE';
        if (state === 'PENDING' || state === 'CONFIGURING') waiting = true;
        if (told.get(id) === state) continue;
        const now = await status(id);
        if (isOver(now.state)) continue;
        told.set(id, state);
        output.changed(now);
      }
      if (looks++ % DISK_LOOKS === 0) for (const { id, job } of open) await measure(id, job);
    };
    timer = setTimeout(
      () =>
        void step()
          .catch((error: unknown) => console.error((error as Error).message))
          .finally(look),
      [...open].some(({ id }) => !told.has(id)) || waiting ? LOOK_MS.soon : LOOK_MS.later,
    );
  };

  const measure = async (id: string, job: number): Promise<void> => {
    const record = store.read(id);
    if (!record || record.final) return;
    const cpuMs = await slurm.cpuMs(job);
    const most = settings.diskBytes;
    const diskBytes = bytesBelow(join(jobFolder(id), FILES.work));
    note(id, { diskBytes, ...(cpuMs === null ? {} : { cpuMs: Math.max(cpuMs, record.cpuMs ?? 0) }) });
    if (diskBytes <= most || record.stopped) return;
    note(id, { stopped: 'disk' });
    await slurm.cancel(job, 'KILL');
  };

  look();

  return {
    start: (lease) => serial(lease.id, () => submit(lease)),
    async stop(id, graceMs) {
      const now = await status(id);
      const { job } = recordOf(id);
      if (isOver(now.state) || job === undefined) return now;
      note(id, { stopped: 'asked' });
      // Slurm waits its own KillWait between the two signals; ours may be shorter.
      await slurm.cancel(job);
      if (now.state !== 'pending')
        setTimeout(() => void slurm.cancel(job, 'KILL').catch(() => undefined), graceMs);
      look();
      return status(id);
    },
    status,
    ids: () => store.ids(),
    outputPath,
    async usage(id) {
      const now = await status(id);
      const record = recordOf(id);
      const held = now.startedAt === undefined ? 0 : (now.endedAt ?? Date.now()) - now.startedAt;
      const cpuMs = timesOf(join(jobFolder(id), FILES.times)) ?? record.cpuMs;
      return {
        cardMs: record.cards * Math.max(0, held),
        ...(cpuMs === undefined ? {} : { cpuMs }),
        diskBytes: existsSync(jobFolder(id)) ? bytesBelow(join(jobFolder(id), FILES.work)) : 0,
      };
    },
    release: (id) =>
      serial(id, async () => {
        if (!store.read(id)) return;
        const now = await status(id);
        if (!isOver(now.state)) throw new PluginError('STILL_RUNNING', `The lease ${id} is ${now.state}.`);
        told.delete(id);
        store.remove(id);
      }),
    inventory: async () => inventoryOf(settings, await slurm.nodes()),
  };
}

function readNumber(path: string): number | null {
  if (!existsSync(path)) return null;
  const text = readFileSync(path, 'utf8').trim();
  return /^\d{1,3}$/.test(text) ? Number(text) & 0xff : null;
}

/** What `times` of the shell says: two lines of user and system time, the shell's own and its children's. */
function timesOf(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const parts = [...readFileSync(path, 'utf8').matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length === 0) return undefined;
  return Math.round(
    parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000, 0),
  );
}
