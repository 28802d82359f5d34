/** The Slurm plugin: leases as batch jobs of a cluster, through Slurm's own commands. */
import { tmpdir } from 'node:os';
import { PluginError } from '../../plugin/errors.ts';
import { isOver } from '../../plugin/protocol.ts';
import { serve } from '../../plugin/serve.ts';
import { bubblewrapWorks } from '../../sandbox/bubblewrap.ts';
import { readSpan } from '../../plugin/log-span.ts';
import { pageOf } from '../../plugin/pages.ts';
import { openSlurm, type Slurm } from './commands.ts';
import { awayNote, isAway } from './inventory.ts';
import { openPool, type SlurmPool } from './pool.ts';
import { capabilitiesOf, readSlurmSettings } from './settings.ts';

serve({ name: 'slurm', version: '1.0.0' }, (output) => {
  let slurm: Slurm;
  let pool: SlurmPool;
  return {
    async initialize(params) {
      const settings = readSlurmSettings(params.settings);
      slurm = openSlurm(settings.config);
      await slurm.nodes();
      const wall = settings.sandbox !== 'plain' && (await bubblewrapWorks(settings.bubblewrapPath, tmpdir()));
      if (settings.sandbox === 'bubblewrap' && !wall)
        throw new PluginError(
          'BAD_SETTINGS',
          `settings.sandbox: ${settings.bubblewrapPath} does not work here.`,
        );
      const isolation = wall ? 'bubblewrap' : 'plain';
      pool = openPool({ slurm, settings, pool: params.pool, folder: params.folder, isolation, output });
      return capabilitiesOf(settings, isolation);
    },
    inventory: () => pool.inventory(),
    start: ({ lease }) => pool.start(lease),
    stop: ({ id, graceMs }) => pool.stop(id, graceMs),
    status: ({ id }) => pool.status(id),
    list: ({ after }) => pageOf(pool.ids(), after, (id) => pool.status(id)),
    async logs({ id, offset, limit }) {
      // Asked first: what is read after it is whole.
      const over = isOver((await pool.status(id)).state);
      const bytes = readSpan(pool.outputPath(id), offset, limit);
      return { base64: bytes.toString('base64'), complete: over && bytes.length < limit };
    },
    usage: ({ id }) => pool.usage(id),
    async release({ id }) {
      await pool.release(id);
      return {};
    },
    async health() {
      try {
        const away = (await slurm.nodes()).filter(isAway);
        return { ok: away.length === 0, notes: away.map(awayNote).slice(0, 32) };
      } catch (error) {
        return { ok: false, notes: [(error as Error).message] };
      }
    },
    shutdown: async () => undefined,
  };
});
