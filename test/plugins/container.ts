/** For the conformance suite: the container plugin on an engine of its own. */
import { PODMAN_NEEDS, startPodman, TEST_IMAGE } from '../support/podman.ts';
import { missing, tryToStart } from '../support/tools.ts';
import type { Prepared } from './main.ts';

export async function prepare(): Promise<Prepared> {
  const absent = missing('container', PODMAN_NEEDS, true);
  if (absent !== null) return { absent };
  const engine = await tryToStart('container', startPodman);
  if ('absent' in engine) return engine;
  return {
    settings: {
      socket: engine.socket,
      image: TEST_IMAGE,
      pull: 'never',
      ulimits: { nofile: 1_024, nproc: 4_096, core: 0 },
      cards: { 'TEST-1G': ['card-0', 'card-1', 'card-2', 'card-3'] },
    },
    image: TEST_IMAGE,
    patience: 4,
    stop: () => engine.stop(),
  };
}
