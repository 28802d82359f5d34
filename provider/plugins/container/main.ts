/** The container plugin: leases as containers of Docker, or of Podman's service, through the Docker Engine API. */
import { readSpan } from '../../plugin/log-span.ts';
import { pageOf } from '../../plugin/pages.ts';
import { serve } from '../../plugin/serve.ts';
import { PluginError } from '../../plugin/errors.ts';
import { engineError, openEngine } from './engine.ts';
import { execIn } from './exec.ts';
import { openPool, type ContainerPool } from './pool.ts';
import { capabilitiesOf, readContainerSettings } from './settings.ts';

serve({ name: 'container', version: '1.0.0' }, (output) => {
  let pool: ContainerPool;
  let engine: ReturnType<typeof openEngine>;
  return {
    async initialize(params) {
      const settings = readContainerSettings(params.settings);
      engine = openEngine(settings.socket);
      pool = await openPool({ engine, settings, pool: params.pool, folder: params.folder, output });
      return capabilitiesOf(settings);
    },
    inventory: () => pool.inventory(),
    start: ({ lease }) => pool.start(lease),
    stop: ({ id, graceMs }) => pool.stop(id, graceMs),
    status: ({ id }) => pool.status(id),
    list: ({ after }) => pageOf(pool.ids(), after, (id) => pool.status(id)),
    async logs({ id, offset, limit }) {
      // Asked first: what is read after it is whole.
      const over = await pool.isComplete(id);
      const bytes = readSpan(pool.logPath(id), offset, limit);
      return { base64: bytes.toString('base64'), complete: over && bytes.length < limit };
    },
    usage: ({ id }) => pool.usage(id),
    async release({ id }) {
      await pool.release(id);
      return {};
    },
    async exec(params) {
      const { state } = await pool.status(params.id);
      if (state !== 'running') throw new PluginError('REFUSED', `The lease is ${state}, not running.`);
      return execIn(engine, pool.container(params.id), params);
    },
    async health() {
      const answers = await engine.ping().then(
        () => [],
        (error: unknown) => [engineError(error).message],
      );
      const brokenCards = pool.brokenCards();
      return { ok: answers.length === 0 && brokenCards.length === 0, notes: answers, brokenCards };
    },
    shutdown: async () => undefined,
  };
});
