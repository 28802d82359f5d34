/** Settings of a Kubernetes pool; `plugin.json` shows them to the operator. */
import { LIMITS, type Capabilities } from '../../plugin/protocol.ts';
import { listOf, mapOf, oneOf, record, text, whole, type Shaped } from '../../plugin/shape.ts';
import { readSettings } from '../../plugin/pool-settings.ts';

const LABEL = /^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/;

/** What one card of a class is in the cluster's words. */
const CARD = record(
  {
    /** Extended resource of which a card is one, e.g. `nvidia.com/gpu`, `huawei.com/Ascend910`; `cpu` for classes of cores. */
    resource: text(256, LABEL, 'the name of a resource like nvidia.com/gpu'),
  },
  {
    /** Labels of the nodes that have this chip, e.g. nvidia.com/gpu.product. */
    nodeSelector: mapOf(text(63), 16, LABEL),
    /** Keys of taints that the leases of this class tolerate. */
    tolerations: listOf(text(256, LABEL, 'a taint’s key'), 16),
  },
);

const SHAPE = record(
  { classes: mapOf(CARD, 256) },
  {
    kubeconfig: text(4_096),
    context: text(256),
    namespace: text(63, /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'a namespace'),
    image: text(512),
    pull: oneOf('Never', 'IfNotPresent', 'Always'),
    pullSecrets: listOf(text(253), 16),
    cores: whole(1, 4_096),
    memoryBytes: whole(2 ** 20),
    diskBytes: whole(2 ** 20),
    user: whole(1),
    runtimeClass: text(253),
    priorityClass: text(253),
  },
);

type Given = Shaped<typeof SHAPE>;
type Preset = 'namespace' | 'pull' | 'cores' | 'memoryBytes' | 'diskBytes' | 'user';
export type CardShape = Shaped<typeof CARD>;
export type KubernetesSettings = Omit<Given, Preset> & Required<Pick<Given, Preset>>;

/** @throws PluginError BAD_SETTINGS */
export function readKubernetesSettings(settings: Record<string, unknown>): KubernetesSettings {
  return {
    namespace: 'cardhour',
    pull: 'IfNotPresent',
    cores: 1,
    memoryBytes: 2 ** 30,
    diskBytes: 2 ** 30,
    user: 65_534,
    ...readSettings(SHAPE, settings),
  };
}

/** How many processes a pod may have is the kubelet's setting (podPidsLimit), which no pod can lower. */
export function capabilitiesOf(settings: KubernetesSettings): Capabilities {
  return {
    isolation: 'kubernetes',
    workloads: settings.image === undefined ? ['image'] : ['command', 'image'],
    survives: true,
    limits: LIMITS.filter((limit) => limit !== 'processes'),
    usage: ['cards'],
    features: ['files', 'network', 'images'],
  };
}
