/** Which cards a lease gets, and what its command needs to see them. */
import { PluginError } from '../../plugin/errors.ts';
import { check, listOf, mapOf, oneOf, record, whole, type Shaped } from '../../plugin/shape.ts';

const DEVICES = mapOf(
  listOf(record({ kind: oneOf('nvidia', 'ascend'), index: whole(0, 1_023) }), 1_024, 1),
  256,
);
const NAMES = mapOf(whole(1, 1_000_000), 256);

export type Device = Shaped<typeof DEVICES>[string][number];

export interface Cards {
  byClass(held: readonly string[]): { class: string; count: number; free: number }[];
  /**
   * @param held cards of other leases
   * @throws PluginError NO_CAPACITY
   */
  take(
    node: { id: string; class: string; cards: number },
    count: number,
    held: ReadonlySet<string>,
  ): string[];
  /** Of taken cards; empty for mere names. */
  devices(taken: readonly string[]): Device[];
}

const SHARED: Record<Device['kind'], string[]> = {
  nvidia: ['/dev/nvidiactl', '/dev/nvidia-uvm', '/dev/nvidia-uvm-tools'],
  ascend: ['/dev/davinci_manager', '/dev/devmm_svm', '/dev/hisi_hdc'],
};
const NAMED: Record<Device['kind'], string> = { nvidia: '/dev/nvidia', ascend: '/dev/davinci' };
const VARIABLE: Record<Device['kind'], string> = {
  nvidia: 'CUDA_VISIBLE_DEVICES',
  ascend: 'ASCEND_RT_VISIBLE_DEVICES',
};

/** @throws PluginError BAD_SETTINGS */
export function createCards(settings: Record<string, unknown>): Cards {
  const devices = read('devices', () => check(DEVICES, settings['devices'] ?? {}, 'devices'));
  const names = read('names', () => check(NAMES, settings['names'] ?? {}, 'names'));
  const known = new Map<string, string[]>();
  const byId = new Map<string, Device>();
  for (const [name, count] of Object.entries(names))
    known.set(
      name,
      Array.from({ length: count }, (_, index) => `${name}/${index}`),
    );
  for (const [name, list] of Object.entries(devices)) {
    known.set(name, list.map(idOf));
    for (const device of list) {
      if (byId.has(idOf(device)))
        throw new PluginError('BAD_SETTINGS', `The card ${idOf(device)} is named twice.`);
      byId.set(idOf(device), device);
    }
  }
  return {
    byClass: (held) =>
      [...known].map(([name, ids]) => ({
        class: name,
        count: ids.length,
        free: ids.filter((id) => !held.includes(id)).length,
      })),
    take(node, count, held) {
      // A class without hardware or names: its cards are what the node sells.
      const all =
        known.get(node.class) ??
        Array.from({ length: node.cards }, (_, index) => `${node.id.slice(0, 18)}/${index}`);
      const free = all.filter((id) => !held.has(id));
      if (free.length < count)
        throw new PluginError(
          'NO_CAPACITY',
          `${count} cards of ${node.class} are wanted and ${free.length} of ${all.length} are free.`,
        );
      return free.slice(0, count);
    },
    devices: (taken) => taken.flatMap((id) => byId.get(id) ?? []),
  };
}

/** Device files that a sandbox must let through. */
export function deviceFiles(devices: readonly Device[]): string[] {
  return [...new Set(devices.flatMap(({ kind, index }) => [...SHARED[kind], `${NAMED[kind]}${index}`]))];
}

/** Without devices the variables are empty: a machine's cards are not for leases that did not buy them. */
export function deviceEnvironment(devices: readonly Device[]): Record<string, string> {
  return Object.fromEntries(
    (Object.keys(VARIABLE) as Device['kind'][]).map((kind) => [
      VARIABLE[kind],
      devices
        .filter((device) => device.kind === kind)
        .map(({ index }) => index)
        .join(','),
    ]),
  );
}

function idOf({ kind, index }: Device): string {
  return `${kind}${index}`;
}

function read<T>(name: string, shape: () => T): T {
  try {
    return shape();
  } catch (error) {
    throw new PluginError('BAD_SETTINGS', `The setting ${name} can't be read: ${(error as Error).message}.`);
  }
}
