/** Settings of a Slurm pool; `plugin.json` shows them to the operator. */
import type { Capabilities } from '../../plugin/protocol.ts';
import { flag, listOf, mapOf, oneOf, record, text, whole, type Shaped } from '../../plugin/shape.ts';
import { readSettings } from '../../plugin/pool-settings.ts';

/** What one card of a class is in Slurm's words. */
const CARD = record(
  {},
  {
    /** Generic resource of which a card is one, e.g. `gpu:h100`; none for classes of cores. */
    gres: text(128, /^[A-Za-z0-9_-]+(:[A-Za-z0-9_.-]+)?$/, 'a generic resource like gpu:h100'),
    /** Cores that go with a card. */
    cores: whole(1, 4_096),
    memoryBytes: whole(2 ** 20),
  },
);

const SHAPE = record(
  { classes: mapOf(CARD, 256) },
  {
    config: text(4_096),
    partition: text(256),
    account: text(256),
    qos: text(256),
    flags: listOf(text(256, /^--[a-z]/, 'a flag of sbatch'), 64),
    folder: text(4_096, /^\//, 'an absolute path'),
    user: whole(1),
    group: whole(1),
    sandbox: oneOf('auto', 'bubblewrap', 'plain'),
    bubblewrapPath: text(4_096),
    diskBytes: whole(2 ** 20),
    processes: whole(16, 1_000_000),
    memoryEnforced: flag,
  },
);

export type CardShape = Shaped<typeof CARD>;
type Given = Shaped<typeof SHAPE>;
type Preset = 'sandbox' | 'bubblewrapPath' | 'diskBytes' | 'processes' | 'memoryEnforced';
export type SlurmSettings = Omit<Given, Preset> & Required<Pick<Given, Preset>>;

/** @throws PluginError BAD_SETTINGS */
export function readSlurmSettings(settings: Record<string, unknown>): SlurmSettings {
  return {
    sandbox: 'auto',
    bubblewrapPath: '/usr/bin/bwrap',
    diskBytes: 2 ** 34,
    processes: 4_096,
    memoryEnforced: false,
    ...readSettings(SHAPE, settings),
  };
}

export function capabilitiesOf(settings: SlurmSettings, isolation: 'bubblewrap' | 'plain'): Capabilities {
  return {
    isolation,
    workloads: ['command'],
    survives: true,
    limits: ['cards', 'cores', ...(settings.memoryEnforced ? (['memory'] as const) : []), 'disk', 'seconds'],
    usage: ['cards', 'cpu', 'disk'],
    features: ['files', 'network'],
  };
}
