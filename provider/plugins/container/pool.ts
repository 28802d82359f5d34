/** The leases of one container pool: the engine holds what runs, and a small file a lease what the engine can't tell. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ContainerInspectInfo } from 'dockerode';
import { PluginError } from '../../plugin/errors.ts';
import {
  isOver,
  type Inventory,
  type LeaseStatus,
  type PluginLease,
  type Usage,
} from '../../plugin/protocol.ts';
import type { PluginOutput } from '../../plugin/serve.ts';
import { createCardBook } from '../../plugin/card-book.ts';
import { openLeaseStore } from '../../plugin/lease-store.ts';
import { createSerial } from '../../plugin/serial.ts';
import { engineError, ensureImage, followDeaths, isPodman, sentenceOf, statusCodeOf } from './engine.ts';
import { discard, launch } from './launch.ts';
import { containerName, LABELS } from './options.ts';
import { boundsDisk, type ContainerSettings } from './settings.ts';
import { statusOf, type ContainerRecord } from './status.ts';
import { addSample, type Sample } from './usage.ts';
import { watchContainer, type Watch } from './watch.ts';

export interface ContainerPool {
  start(lease: PluginLease): Promise<LeaseStatus>;
  stop(id: string, graceMs: number): Promise<LeaseStatus>;
  /** @throws PluginError UNKNOWN_LEASE */
  status(id: string): Promise<LeaseStatus>;
  /** Ids of all that is known, in ascending order. */
  ids(): string[];
  usage(id: string): Promise<Usage>;
  release(id: string): Promise<void>;
  container(id: string): Docker.Container;
  logPath(id: string): string;
  /** The lease is over and its log is whole. */
  isComplete(id: string): Promise<boolean>;
  inventory(): Promise<Inventory>;
  brokenCards(): string[];
}

export interface PoolOptions {
  engine: Docker;
  settings: ContainerSettings;
  pool: string;
  folder: string;
  output: PluginOutput;
}

/** A pull that ends within this is waited for, so that an absent image is refused at once. */
const PULL_PATIENCE_MS = 5_000;
/** From SIGTERM to SIGKILL when a lease's time is over. */
const TIME_GRACE_S = 5;

/** Looks at the engine and takes up what an earlier process left. @throws PluginError NOT_READY */
export async function openPool(options: PoolOptions): Promise<ContainerPool> {
  const { engine, settings, pool, output } = options;
  const store = openLeaseStore<ContainerRecord>(options.folder);
  const book = createCardBook(settings.cards);
  const serial = createSerial();
  const watches = new Map<string, Watch & { last: Sample | null }>();
  /** Whose image is being pulled; a new process does not know them, and the agent starts them again. */
  const pulling = new Map<string, { stopped: boolean }>();
  const container = (id: string) => engine.getContainer(containerName(pool, id));
  const logPath = (id: string) => join(store.folder(id), 'log');

  const inspect = async (id: string): Promise<ContainerInspectInfo | null> => {
    try {
      return await container(id).inspect();
    } catch (error) {
      if (statusCodeOf(error) === 404) return null;
      throw engineError(error);
    }
  };

  const known = async (id: string): Promise<LeaseStatus | null> => {
    if (pulling.has(id)) return { id, state: 'pending', reason: 'its image is being pulled' };
    const record = store.read(id);
    if (!record) return null;
    return statusOf(id, record, record.failure === undefined ? await inspect(id) : null);
  };

  const status = async (id: string): Promise<LeaseStatus> => {
    const found = await known(id);
    if (!found) throw new PluginError('UNKNOWN_LEASE', `This pool knows no lease ${id}.`);
    return found;
  };

  const note = (id: string, part: Partial<ContainerRecord>) => {
    const record = store.read(id);
    if (record) store.write(id, { ...record, ...part });
  };

  const halt = async (id: string, why: 'asked' | 'time', graceSeconds: number): Promise<void> => {
    note(id, { stopped: why });
    await watches.get(id)?.sample();
    try {
      await container(id).stop({ t: graceSeconds });
    } catch (error) {
      // It has ended meanwhile.
      if (![304, 404].includes(statusCodeOf(error) ?? 0)) throw engineError(error);
    }
  };

  const watch = (now: LeaseStatus, seconds: number): void => {
    const { id } = now;
    const watch = watchContainer({
      container: container(id),
      logPath: logPath(id),
      deadlineMs: (now.startedAt ?? Date.now()) + seconds * 1_000,
      onDeadline: () => halt(id, 'time', TIME_GRACE_S),
      onSample(stats) {
        const { usage, sample } = addSample(store.read(id)?.usage ?? {}, entry.last, Date.now(), stats);
        entry.last = sample;
        note(id, { usage });
      },
      onEnded() {
        watches.delete(id);
        book.free(id);
        void known(id)
          .then((over) => over && output.changed(over))
          .catch(() => undefined);
      },
    });
    const entry = Object.assign(watch, { last: null as Sample | null });
    watches.set(id, entry);
  };

  /** From a present image to a running container. */
  const run = async (lease: PluginLease, image: string, imageEnv: string[], cards: string[]) => {
    const { id, limits } = lease;
    const record = newRecord(lease, settings, cards);
    store.write(id, record);
    try {
      await launch({ ...place, lease, image, imageEnv, cards, folder: store.folder(id) });
    } catch (error) {
      book.free(id);
      const told = engineError(error);
      if (told instanceof PluginError && told.kind !== 'INTERNAL') {
        store.remove(id);
        throw told;
      }
      findBroken();
      store.write(id, { ...record, failure: `It could not be started: ${sentenceOf(error)}.` });
      return status(id);
    }
    note(id, { started: true });
    const now = await status(id);
    watch(now, limits.seconds);
    return now;
  };

  const start = async (lease: PluginLease): Promise<LeaseStatus> => {
    const { id } = lease;
    const before = await known(id);
    if (before) return before;
    const image = lease.image ?? settings.image;
    if (image === undefined)
      throw new PluginError('REFUSED', 'This pool runs images: name one, or set the pool’s own image.');
    const cards = book.take(id, lease.node.class, lease.limits.cards);
    const present = ensureImage(engine, image, settings.pull);
    try {
      const imageEnv = await Promise.race([present, sleep(PULL_PATIENCE_MS, null)]);
      if (imageEnv) return await run(lease, image, imageEnv, cards);
    } catch (error) {
      book.free(id);
      throw error;
    }
    pulling.set(id, { stopped: false });
    void runLater(lease, image, present, cards);
    return status(id);
  };

  const runLater = (lease: PluginLease, image: string, present: Promise<string[]>, cards: string[]) =>
    present
      .then((imageEnv) =>
        serial(lease.id, async () => {
          if (pulling.get(lease.id)?.stopped) throw new PluginError('REFUSED', 'It was stopped.');
          pulling.delete(lease.id);
          return run(lease, image, imageEnv, cards);
        }),
      )
      .catch((error: unknown) => {
        book.free(lease.id);
        const failure = sentenceOf(error);
        store.write(lease.id, { ...newRecord(lease, settings, []), failure });
        pulling.delete(lease.id);
        return { id: lease.id, state: 'failed' as const, reason: failure };
      })
      .then((now) => output.changed(now));

  const findBroken = () => {
    if (settings.device === 'file')
      book.setBroken(
        Object.values(settings.cards)
          .flat()
          .filter((path) => !existsSync(path)),
      );
    return book.broken();
  };

  /** What an earlier process started. */
  const adopt = async (id: string): Promise<void> => {
    const record = store.read(id);
    if (!record) return store.remove(id);
    const now = await status(id);
    if (now.state === 'failed' || now.state === 'lost') return;
    if (!isOver(now.state)) book.hold(id, record.className, record.cards);
    // One that is over already is watched too: the rest of its output may still be in the engine.
    watch(now, record.seconds);
  };

  const place = { engine, settings, pool, podman: await isPodman(engine) };
  void followDeaths(engine, `${LABELS.pool}=${pool}`, (name) =>
    watches.get(name.slice(containerName(pool, '').length))?.died(),
  );
  findBroken();
  for (const id of store.ids()) await adopt(id);

  return {
    start: (lease) => serial(lease.id, () => start(lease)),
    async stop(id, graceMs) {
      const pull = pulling.get(id);
      if (pull) pull.stopped = true;
      const now = await status(id);
      if (now.state !== 'running') return now;
      const halted = halt(id, 'asked', Math.ceil(graceMs / 1_000));
      halted.catch((error: unknown) => console.error(error));
      return { ...now, state: 'stopping' };
    },
    status,
    ids: () => [...new Set([...store.ids(), ...pulling.keys()])].sort(),
    async usage(id) {
      const now = await status(id);
      await watches.get(id)?.sample();
      const { usage = {}, cards = [] } = store.read(id) ?? {};
      const held = now.startedAt === undefined ? 0 : (now.endedAt ?? Date.now()) - now.startedAt;
      const whole = Object.entries(usage).map(([name, value]) => [name, Math.floor(value ?? 0)]);
      return { ...(Object.fromEntries(whole) as Usage), cardMs: cards.length * Math.max(0, held) };
    },
    release: (id) =>
      serial(id, async () => {
        const now = await known(id);
        if (!now) return;
        if (!isOver(now.state)) throw new PluginError('STILL_RUNNING', `The lease ${id} is ${now.state}.`);
        await discard(engine, pool, id).catch((error: unknown) => {
          throw engineError(error);
        });
        book.free(id);
        store.remove(id);
      }),
    container,
    logPath,
    isComplete: async (id) => isOver((await status(id)).state) && !watches.has(id),
    async inventory() {
      const broken = findBroken();
      const info = (await engine.info().catch((error: unknown) => {
        throw engineError(error);
      })) as { NCPU?: number; MemTotal?: number };
      const notes = [
        ...(boundsDisk(settings)
          ? []
          : ['/work is a volume without a size: nothing bounds what a lease writes']),
        ...(broken.length > 0 ? [`broken cards: ${broken.join(', ')}`] : []),
      ];
      return {
        cards: book.inventory(),
        ...(info.NCPU ? { cores: info.NCPU } : {}),
        ...(info.MemTotal ? { memoryBytes: info.MemTotal } : {}),
        notes,
      };
    },
    brokenCards: findBroken,
  };
}

function newRecord(lease: PluginLease, settings: ContainerSettings, cards: string[]): ContainerRecord {
  return {
    className: lease.node.class,
    cards,
    seconds: lease.limits.seconds,
    memoryBytes: lease.limits.memoryBytes ?? settings.memoryBytes,
    started: false,
  };
}
