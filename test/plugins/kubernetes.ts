/** For the conformance suite: an API server that answers as Kubernetes' is documented to, and runs pods as processes of this machine. */
import { CHIP, IMAGE, NAMESPACE, RESOURCE, startKubeApi } from '../support/kube/api.ts';
import type { Prepared } from './main.ts';

export const prepare = async (): Promise<Prepared> => {
  const api = await startKubeApi();
  return {
    settings: {
      kubeconfig: api.kubeconfig,
      namespace: NAMESPACE,
      image: IMAGE,
      classes: { 'TEST-1G': { resource: RESOURCE, nodeSelector: CHIP } },
    },
    patience: 2,
    stop: () => api.stop(),
  };
};
