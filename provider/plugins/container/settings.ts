/** Settings of a container pool; `manifest.json` shows them to the operator. */
import { LIMITS, type Capabilities } from '../../plugin/protocol.ts';
import { mapOf, oneOf, record, text, whole, type Shaped } from '../../plugin/shape.ts';
import { CARDS, readSettings } from '../../plugin/pool-settings.ts';

const SHAPE = record(
  {},
  {
    socket: text(4_096),
    image: text(512),
    pull: oneOf('never', 'missing', 'always'),
    cards: CARDS,
    device: oneOf('none', 'nvidia', 'cdi', 'file'),
    cores: whole(1, 4_096),
    memoryBytes: whole(8 * 2 ** 20),
    diskBytes: whole(2 ** 20),
    processes: whole(2, 1_000_000),
    ulimits: mapOf(whole(0), 16, /^[a-z]+$/),
    work: oneOf('memory', 'volume'),
    volumeOptions: mapOf(text(1_024), 32),
    user: text(64, /^(\d+(:\d+)?)?$/, 'a user id, or user:group ids, or empty for the image’s own'),
    runtime: text(64),
  },
);

export type ContainerSettings = Required<Omit<Shaped<typeof SHAPE>, 'image' | 'runtime' | 'cores'>> &
  Pick<Shaped<typeof SHAPE>, 'image' | 'runtime' | 'cores'>;

/** @throws PluginError BAD_SETTINGS */
export function readContainerSettings(settings: Record<string, unknown>): ContainerSettings {
  return {
    socket: '/var/run/docker.sock',
    pull: 'missing',
    cards: {},
    device: 'none',
    memoryBytes: 2 ** 30,
    diskBytes: 2 ** 28,
    processes: 512,
    ulimits: { nofile: 4_096, core: 0 },
    work: 'memory',
    volumeOptions: {},
    user: '65534:65534',
    ...readSettings(SHAPE, settings),
  };
}

/** A volume's size is bounded when its driver is told one. */
export function boundsDisk(settings: ContainerSettings): boolean {
  return (
    settings.work === 'memory' ||
    Object.values(settings.volumeOptions).some((value) => value.includes('{bytes}'))
  );
}

export function capabilitiesOf(settings: ContainerSettings): Capabilities {
  return {
    isolation: 'container',
    workloads: settings.image === undefined ? ['image'] : ['command', 'image'],
    survives: true,
    limits: LIMITS.filter((limit) => limit !== 'disk' || boundsDisk(settings)),
    usage: ['cards', 'cpu', 'memory', 'network'],
    features: ['exec', 'files', 'network', 'images'],
  };
}
