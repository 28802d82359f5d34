/** The methods of the plugin `process`: leases as processes of this machine, which die with the plugin. */
import { cpus, totalmem } from 'node:os';
import { statfsSync } from 'node:fs';
import { PluginError } from '../../plugin/errors.ts';
import { isOver, type LeaseStatus, type PluginLease } from '../../plugin/protocol.ts';
import type { PluginMethods, PluginOutput } from '../../plugin/serve.ts';
import { createSandbox, endLeftover, newMark, type RunningJob, type Sandbox } from '../../sandbox/process.ts';
import { createCards, deviceEnvironment, deviceFiles, type Cards } from './cards.ts';
import { runFiles, storedRuns, type RunFiles, type RunRecord } from './run-files.ts';
import { startSampler, type Sampled } from './sampler.ts';

interface Run {
  files: RunFiles;
  record: RunRecord;
  job?: RunningJob;
  bounds: Sampled['bounds'];
  /** Why it is being ended by us; an exit code would not be the command's own. */
  ended?: { reason?: string };
  timer?: NodeJS.Timeout;
}

/** Politeness towards a lease whose time is over or that broke a bound, and towards all when the plugin ends. */
const GRACE_MS = 2_000;

export function createProcessPlugin({ changed }: PluginOutput): PluginMethods {
  const runs = new Map<string, Run>();
  let root = '';
  let sandbox: Sandbox;
  let cards: Cards;
  let settings: { diskBytes?: number; memoryBytes?: number; processes?: number } = {};
  let ending = false;

  const runOf = (id: string): Run => {
    const run = runs.get(id);
    if (!run) throw new PluginError('UNKNOWN_LEASE', `There is no lease ${id}.`);
    return run;
  };
  const become = (run: Run, change: Partial<LeaseStatus>): void => {
    Object.assign(run.record.status, change);
    run.files.save(run.record);
    changed(run.record.status);
  };
  const alive = () => [...runs.values()].filter(({ record }) => !isOver(record.status.state));
  const held = () => alive().flatMap(({ record }) => record.status.cards ?? []);
  const cardMs = ({ record: { status } }: Run): number =>
    (status.cards?.length ?? 0) *
    Math.max(0, (status.endedAt ?? Date.now()) - (status.startedAt ?? Date.now()));

  const end = (run: Run, graceMs: number, reason?: string): void => {
    if (isOver(run.record.status.state) || run.ended) return;
    run.ended = { reason };
    become(run, { state: 'stopping' });
    void run.job?.stop(graceMs);
  };

  const onExit = (run: Run, exitCode: number): void => {
    clearTimeout(run.timer);
    run.record.usage.cardMs = cardMs(run);
    // The plugin's own end took it: whoever asks next is told that it is lost.
    if (ending) return;
    const endedAt = Date.now();
    const reason = run.ended?.reason;
    if (reason !== undefined) become(run, { state: 'failed', reason, endedAt });
    else become(run, { state: 'exited', endedAt, ...(run.ended ? {} : { exitCode }) });
  };

  const launch = async (lease: PluginLease, run: Run): Promise<void> => {
    const devices = cards.devices(run.record.status.cards ?? []);
    run.files.prepare(lease.files);
    run.files.save(run.record);
    run.job = await sandbox.start({
      name: lease.id,
      command: lease.command,
      env: { ...lease.env, ...deviceEnvironment(devices) },
      workFolder: run.files.workFolder,
      logPath: run.files.logPath,
      mark: run.record.process.mark,
      deviceFiles: deviceFiles(devices),
      network: lease.network === true,
    });
    run.record.process = run.job.record;
    Object.assign(run.record.status, {
      state: run.ended ? 'stopping' : 'running',
      startedAt: Date.now(),
    });
    run.files.save(run.record);
    const timer = setTimeout(() => end(run, GRACE_MS), Math.min(lease.limits.seconds * 1000, 2 ** 31 - 1));
    timer.unref();
    run.timer = timer;
    void run.job.exited.then((code) => onExit(run, code));
    // It was stopped before it was there.
    if (run.ended) void run.job.stop(0);
  };

  startSampler(() =>
    alive().flatMap((run) =>
      run.job
        ? {
            pid: run.job.record.pid,
            workFolder: run.files.workFolder,
            bounds: run.bounds,
            usage: run.record.usage,
            exceeded: (why: string) => end(run, 0, why),
          }
        : [],
    ),
  );

  return {
    async initialize(params) {
      root = params.folder;
      settings = params.settings;
      cards = createCards(params.settings);
      const bubblewrapPath = (params.settings['bubblewrapPath'] ?? '/usr/bin/bwrap') as string;
      const mode = (params.settings['sandbox'] ?? 'auto') as 'auto';
      const made = await createSandbox({ mode, bubblewrapPath, scratchFolder: root });
      if (!made)
        throw new PluginError(
          'BAD_SETTINGS',
          `bubblewrap does not work at ${bubblewrapPath}: install it and allow user namespaces, or set sandbox to auto.`,
        );
      sandbox = made;
      if (made.kind === 'plain')
        console.error(
          'WARNING: bubblewrap does not work here; commands run as plain processes under limits, reports say "plain"',
        );
      for (const id of storedRuns(root)) {
        const files = runFiles(root, id);
        const record = files.load();
        if (!record) {
          await files.remove();
          continue;
        }
        if (!isOver(record.status.state)) {
          await endLeftover(record.process);
          record.status = { ...record.status, state: 'lost' };
          files.save(record);
        }
        runs.set(id, { files, record, bounds: {} });
      }
      return {
        isolation: made.kind,
        workloads: ['command'],
        survives: false,
        limits: ['cards', 'seconds', 'disk', 'memory', 'processes'],
        usage: ['cards', 'cpu', 'memory', 'disk'],
        features: ['files', 'network'],
      };
    },
    async inventory() {
      const { blocks, bsize, bavail } = statfsSync(root);
      const byClass = cards.byClass(held());
      return {
        cards: byClass,
        cores: cpus().length,
        memoryBytes: totalmem(),
        disks: [{ path: root, bytes: blocks * bsize, freeBytes: bavail * bsize }],
        ...(byClass.length === 0
          ? { notes: ['No cards are declared: leases get names of cards and no hardware.'] }
          : {}),
      };
    },
    async start({ lease }) {
      const known = runs.get(lease.id);
      if (known) return known.record.status;
      if (lease.image !== undefined || lease.command.length === 0)
        throw new PluginError('REFUSED', 'This pool runs commands, no images.');
      const run: Run = {
        files: runFiles(root, lease.id),
        bounds: {
          diskBytes: lease.limits.diskBytes ?? settings.diskBytes,
          memoryBytes: lease.limits.memoryBytes ?? settings.memoryBytes,
          processes: lease.limits.processes ?? settings.processes,
        },
        record: {
          status: {
            id: lease.id,
            state: 'pending',
            cards: cards.take(lease.node, lease.limits.cards, new Set(held())),
          },
          node: lease.node.id,
          process: { mark: newMark() },
          usage: {},
        },
      };
      runs.set(lease.id, run);
      try {
        await launch(lease, run);
      } catch (error) {
        become(run, { state: 'failed', reason: (error as Error).message, endedAt: Date.now() });
      }
      return run.record.status;
    },
    async stop({ id, graceMs }) {
      const run = runOf(id);
      end(run, graceMs);
      return run.record.status;
    },
    status: async ({ id }) => runOf(id).record.status,
    list: async ({ after }) => {
      const ids = [...runs.keys()].sort().filter((id) => after === undefined || id > after);
      const page = ids.slice(0, 2_000);
      return {
        leases: page.map((id) => runOf(id).record.status),
        ...(page.length < ids.length ? { next: page.at(-1) } : {}),
      };
    },
    async logs({ id, offset, limit }) {
      const { files, record } = runOf(id);
      const over = isOver(record.status.state);
      const bytes = files.readLog(offset, limit);
      return { base64: bytes.toString('base64'), complete: over && bytes.length < limit };
    },
    async usage({ id }) {
      const run = runOf(id);
      return { ...run.record.usage, cardMs: cardMs(run) };
    },
    async release({ id }) {
      const run = runs.get(id);
      if (run && !isOver(run.record.status.state))
        throw new PluginError('STILL_RUNNING', `The lease ${id} still runs: stop it first.`);
      await run?.files.remove();
      runs.delete(id);
      return {};
    },
    async shutdown() {
      ending = true;
      await Promise.all(alive().map(async (run) => run.job?.stop(GRACE_MS)));
    },
  };
}
