/** Makes a lease's container: files, volume, the container itself, its start. What fails half-way leaves nothing behind. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import type { PluginLease } from '../../plugin/protocol.ts';
import { PluginError } from '../../plugin/errors.ts';
import { statusCodeOf } from './engine.ts';
import { containerName, containerOptions, LABELS, volumeOptions, WORK } from './options.ts';
import type { ContainerSettings } from './settings.ts';
import { tarOf } from './tar.ts';

export interface Launch {
  engine: Docker;
  settings: ContainerSettings;
  pool: string;
  lease: PluginLease;
  image: string;
  imageEnv: string[];
  cards: string[];
  podman: boolean;
  /** The lease's own, on the host. */
  folder: string;
}

/** @throws PluginError REFUSED, or the engine's own error; then nothing of the lease is left in the engine */
export async function launch(options: Launch): Promise<void> {
  const { engine, settings, pool, lease } = options;
  const volume = settings.work === 'volume' ? containerName(pool, lease.id) : null;
  try {
    if (volume !== null)
      await engine.createVolume({
        Name: volume,
        Labels: { [LABELS.pool]: pool, [LABELS.lease]: lease.id },
        DriverOpts: volumeOptions(lease, settings),
      });
    const files = volume === null ? writeFiles(lease, options.folder) : [];
    const container = await engine.createContainer(
      containerOptions(lease, settings, { ...options, files, volume }),
    );
    await refuseDroppedDevices(container, settings, options.cards);
    if (volume !== null) await container.putArchive(archiveOf(lease), { path: WORK });
    await container.start();
  } catch (error) {
    await discard(engine, pool, lease.id).catch(() => undefined);
    throw error;
  }
}

/** Removes container and volume, running or not; what is not there is fine. */
export async function discard(engine: Docker, pool: string, id: string): Promise<void> {
  const name = containerName(pool, id);
  await engine.getContainer(name).remove({ force: true, v: true }).catch(unlessMissing);
  await engine.getVolume(name).remove().catch(unlessMissing);
}

export function unlessMissing(error: unknown): void {
  if (statusCodeOf(error) !== 404) throw error;
}

/** Older Podman takes requests for devices and forgets them: such a lease would run without the cards that it pays for. */
async function refuseDroppedDevices(
  container: Docker.Container,
  { device }: ContainerSettings,
  cards: string[],
): Promise<void> {
  if (cards.length === 0 || (device !== 'nvidia' && device !== 'cdi')) return;
  const { HostConfig: host } = await container.inspect();
  const kept =
    (host.DeviceRequests ?? []).length > 0 || ((host.Devices ?? []) as unknown[]).length >= cards.length;
  if (!kept)
    throw new PluginError(
      'REFUSED',
      'This engine hands out no cards by device requests; name the device files (device: file) in the pool’s settings.',
    );
}

function writeFiles(lease: PluginLease, folder: string): { host: string; path: string }[] {
  const root = join(folder, 'files');
  mkdirSync(root, { recursive: true, mode: 0o711 });
  return (lease.files ?? []).map(({ path, base64, executable }, index) => {
    const host = join(root, String(index));
    writeFileSync(host, Buffer.from(base64, 'base64'), { mode: executable ? 0o555 : 0o444 });
    return { host, path };
  });
}

function archiveOf(lease: PluginLease): Buffer {
  return tarOf(
    (lease.files ?? []).map(({ path, base64, executable }) => ({
      path,
      bytes: Buffer.from(base64, 'base64'),
      mode: executable ? 0o777 : 0o666,
    })),
  );
}
