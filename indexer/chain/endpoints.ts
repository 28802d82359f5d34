import { Refusal } from '../../domain/refusal.ts';
import { ask, RpcTrouble, type Call } from './rpc.ts';

/** An answer that proves itself wrong. Other nodes are asked; this one is passed over for a while. */
export class Lie extends Error {}

/** The node has not got what was asked for, e.g. a block above its head. No fault of its own. */
export class Behind extends Error {}

export interface Endpoint {
  /** Where it is, without what may be a key. */
  name: string;
  ask: (calls: readonly Call[]) => Promise<unknown[]>;
}

export interface EndpointHealth {
  name: string;
  /** `good`; `paused` after a failure or a lie; `lagging`; `odd` while it contradicts the others; `foreign`: of another chain. */
  state: 'good' | 'paused' | 'lagging' | 'odd' | 'foreign';
  /** What was wrong with it last; empty when nothing was. */
  trouble: string;
  failures: number;
  lies: number;
  /** Its newest block when it was last compared with the others; null before. */
  head: bigint | null;
}

interface Node extends Endpoint, EndpointHealth {
  /** `performance.now()` until which others are asked first. */
  pausedUntil: number;
  pauseMs: number;
}

export interface Endpoints {
  /**
   * Does a piece of work with one node; when that fails, with the next. All that the work asks is asked of one node, so that its parts
   * belong together.
   *
   * @throws Refusal CHAIN_UNREACHABLE when no node can do it; Behind when the best that any says is that it has not got so far
   */
  through<T>(work: (endpoint: Endpoint) => Promise<T>): Promise<T>;
  /** Every node apart, those of another chain too. */
  each<T>(work: (endpoint: Endpoint) => Promise<T>): Promise<PromiseSettledResult<T>[]>;
  /** Notes what comparing the nodes showed; it decides who is asked first. */
  judge(name: string, state: 'good' | 'lagging' | 'odd' | 'foreign', head: bigint | null, why: string): void;
  health(): EndpointHealth[];
}

const FIRST_PAUSE_MS = 1_000;
const LIE_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 300_000;

/** @param onNotice is told, in a sentence, when a node turns bad or good again */
export function createEndpoints(urls: readonly string[], onNotice: (sentence: string) => void): Endpoints {
  const nodes = urls.map((url, index): Node => ({
    name: `${new URL(url).origin}${urls.length > 1 ? ` (${index + 1})` : ''}`,
    ask: (calls) => ask(url, calls),
    state: 'good',
    trouble: '',
    failures: 0,
    lies: 0,
    head: null,
    pausedUntil: 0,
    pauseMs: FIRST_PAUSE_MS,
  }));
  const set = (node: Node, state: EndpointHealth['state'], why: string): void => {
    if (node.state !== state)
      onNotice(state === 'good' ? `${node.name} is good again.` : `${node.name} is ${state}: ${why}.`);
    node.state = state;
    node.trouble = state === 'good' ? '' : why;
  };
  const pause = (node: Node, error: RpcTrouble | Lie): void => {
    if (error instanceof Lie) node.lies++;
    else node.failures++;
    // A refusal is no illness: less may be asked.
    if (error instanceof RpcTrouble && ['refused', 'unknown', 'reverted'].includes(error.kind)) return;
    const least = error instanceof Lie ? LIE_PAUSE_MS : FIRST_PAUSE_MS;
    node.pauseMs = Math.min(Math.max(node.pauseMs * 2, least), LONGEST_PAUSE_MS);
    node.pausedUntil = performance.now() + node.pauseMs;
    if (node.state !== 'foreign') set(node, 'paused', error.message);
  };
  const worked = (node: Node): void => {
    node.pauseMs = FIRST_PAUSE_MS;
    node.pausedUntil = 0;
    if (node.state === 'paused') set(node, 'good', '');
  };

  return {
    async through(work) {
      const failures: string[] = [];
      let behind: Behind | undefined;
      for (const node of inOrder(nodes)) {
        try {
          const result = await work(node);
          worked(node);
          return result;
        } catch (error) {
          if (error instanceof Behind) behind ??= error;
          else if (error instanceof RpcTrouble || error instanceof Lie) {
            pause(node, error);
            failures.push(
              `${node.name} ${error instanceof Lie ? 'gives a wrong answer' : 'fails'}: ${error.message}`,
            );
          } else throw error;
        }
      }
      if (behind !== undefined) throw behind;
      throw unreachable(failures);
    },
    each: (work) => Promise.allSettled(nodes.map(work)),
    judge(name, state, head, why) {
      const node = nodes.find((one) => one.name === name);
      if (node === undefined) return;
      node.head = head;
      if (state === 'good' && node.state === 'paused') return;
      set(node, state, why);
    },
    health: () =>
      nodes.map(({ name, state, trouble, failures, lies, head }) => ({
        name,
        state,
        trouble,
        failures,
        lies,
        head,
      })),
  };
}

/** Good ones as they are listed, then those that lag or wait, the one that waits least first; never one of another chain. */
function inOrder(nodes: readonly Node[]): Node[] {
  const now = performance.now();
  const rank = ({ state, pausedUntil }: Node): number =>
    pausedUntil > now ? 3 + pausedUntil : state === 'odd' ? 2 : state === 'lagging' ? 1 : 0;
  return nodes.filter(({ state }) => state !== 'foreign').sort((a, b) => rank(a) - rank(b));
}

export function unreachable(failures: readonly string[]): Refusal {
  return new Refusal(
    'CHAIN_UNREACHABLE',
    `The chain does not answer: ${failures.join('; ') || 'every node is of another chain'}.`,
    'Start the chain, or set RPC_URL to nodes that run (several with commas between).',
  );
}
