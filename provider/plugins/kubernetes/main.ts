/** The Kubernetes plugin: leases as Jobs of a cluster, through its API. */
import { serve } from '../../plugin/serve.ts';
import { readSpan } from '../../plugin/log-span.ts';
import { pageOf } from '../../plugin/pages.ts';
import { clusterError, openCluster, type Cluster } from './cluster.ts';
import { awayNote, isReady } from './inventory.ts';
import { openPool, type KubernetesPool } from './pool.ts';
import { capabilitiesOf, readKubernetesSettings } from './settings.ts';

serve({ name: 'kubernetes', version: '1.0.0' }, (output) => {
  let cluster: Cluster;
  let pool: KubernetesPool;
  return {
    async initialize(params) {
      const settings = readKubernetesSettings(params.settings);
      cluster = openCluster(settings);
      pool = await openPool({ cluster, settings, pool: params.pool, folder: params.folder, output });
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
    async health() {
      try {
        const away = (await cluster.core.listNode()).items.filter((node) => !isReady(node));
        return { ok: away.length === 0, notes: away.map(awayNote).slice(0, 32) };
      } catch (error) {
        return { ok: false, notes: [clusterError(error).message] };
      }
    },
    shutdown: async () => undefined,
  };
});
