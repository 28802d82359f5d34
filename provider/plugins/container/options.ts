/** A lease as the Docker Engine API's request to create a container: bounded in everything, allowed nothing. */
import type { ContainerCreateOptions, DeviceRequest, MountSettings } from 'dockerode';
import type { PluginLease } from '../../plugin/protocol.ts';
import type { ContainerSettings } from './settings.ts';

export const WORK = '/work';
/** Labels by which containers are found again. */
export const LABELS = { pool: 'cardhour.pool', lease: 'cardhour.lease' } as const;
/** The engine's own copy of the output: as much as our bound takes in lines of one character, which it keeps with some 40 more. */
const ENGINE_LOG = { Type: 'json-file', Config: { 'max-size': '32m' } };
const TMP_BYTES = 64 * 2 ** 20;
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface Placement {
  pool: string;
  image: string;
  /** Environment that the image brings, NAME=value. */
  imageEnv: string[];
  cards: string[];
  /** Host path and path below /work of each file; for `work: memory`. */
  files: { host: string; path: string }[];
  /** For `work: volume`. */
  volume: string | null;
  /** Podman copies an image's folder, its mode too, into memory that is mounted over it, unless told not to. */
  podman: boolean;
}

export function containerName(pool: string, leaseId: string): string {
  return `cardhour-${pool}-${leaseId}`;
}

export function containerOptions(
  lease: PluginLease,
  settings: ContainerSettings,
  place: Placement,
): ContainerCreateOptions {
  const { limits } = lease;
  const memory = limits.memoryBytes ?? settings.memoryBytes;
  const cores = limits.cores ?? settings.cores;
  const path = place.imageEnv.some((entry) => entry.startsWith('PATH=')) ? [] : [PATH];
  return {
    name: containerName(place.pool, lease.id),
    Image: place.image,
    Labels: { [LABELS.pool]: place.pool, [LABELS.lease]: lease.id },
    ...(lease.command.length > 0 ? { Entrypoint: lease.command, Cmd: [] } : {}),
    Env: [...path, `HOME=${WORK}`, ...Object.entries(lease.env).map(([name, value]) => `${name}=${value}`)],
    WorkingDir: WORK,
    Hostname: `lease-${lease.id}`.slice(0, 63),
    ...(settings.user === '' ? {} : { User: settings.user }),
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: false,
    Tty: false,
    NetworkDisabled: !lease.network,
    HostConfig: {
      NetworkMode: lease.network ? 'bridge' : 'none',
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      IpcMode: 'private',
      Memory: memory,
      // Memory and swap together: no swap.
      MemorySwap: memory,
      ...(cores === undefined ? {} : { NanoCpus: cores * 1e9 }),
      PidsLimit: limits.processes ?? settings.processes,
      Ulimits: Object.entries(settings.ulimits).map(([Name, most]) => ({ Name, Soft: most, Hard: most })),
      LogConfig: ENGINE_LOG,
      RestartPolicy: { Name: 'no' },
      Tmpfs: {
        '/tmp': `rw,nosuid,nodev,size=${TMP_BYTES},mode=1777`,
        ...(place.volume === null
          ? {
              [WORK]: `rw,nosuid,nodev,exec,size=${limits.diskBytes ?? settings.diskBytes},mode=1777${place.podman ? ',notmpcopyup' : ''}`,
            }
          : {}),
      },
      Mounts: mounts(place),
      ...devices(settings, place.cards),
      ...(settings.runtime === undefined ? {} : { Runtime: settings.runtime }),
    },
  };
}

/** Options of a volume's driver with the lease's size put in. */
export function volumeOptions(lease: PluginLease, settings: ContainerSettings): Record<string, string> {
  const bytes = String(lease.limits.diskBytes ?? settings.diskBytes);
  return Object.fromEntries(
    Object.entries(settings.volumeOptions).map(([name, value]) => [name, value.replaceAll('{bytes}', bytes)]),
  );
}

function mounts({ volume, files }: Placement): MountSettings[] {
  if (volume !== null) return [{ Type: 'volume', Source: volume, Target: WORK }];
  // Nothing can be put into memory that is not mounted yet: each file is a mount of its own, read-only.
  return files.map(({ host, path }) => ({
    Type: 'bind',
    Source: host,
    Target: `${WORK}/${path}`,
    ReadOnly: true,
  }));
}

function devices({ device }: ContainerSettings, cards: string[]) {
  if (cards.length === 0 || device === 'none') return {};
  if (device === 'file')
    return {
      Devices: cards.map((path) => ({
        PathOnHost: path,
        PathInContainer: path,
        CgroupPermissions: 'rw',
      })),
    };
  const request: DeviceRequest =
    device === 'nvidia'
      ? { Driver: 'nvidia', DeviceIDs: cards, Capabilities: [['gpu']] }
      : { Driver: 'cdi', DeviceIDs: cards };
  return { DeviceRequests: [request] };
}
