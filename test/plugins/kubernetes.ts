/** For the conformance suite: a cluster can't be had on one machine without its control plane. */
import type { Prepared } from './main.ts';

export const prepare = (): Promise<Prepared> =>
  Promise.resolve({
    absent: 'for it needs a cluster (test/plugins/kubernetes.test.ts tries its pure parts)',
  });
