/** Signers recovered on every core: this thread takes its share, helpers take theirs. */
import { availableParallelism } from 'node:os';
import { MessageChannel, Worker } from 'node:worker_threads';
import { recoverSigner } from '../../domain/signature.ts';
import type { Hex } from '../../domain/types.ts';

export interface Unrecovered {
  /** What was signed. */
  id: Hex;
  signature: Hex;
}

export interface Signers {
  /** In the order of `items`; null where no key gives the signature. */
  recover(items: readonly Unrecovered[]): Promise<(Hex | null)[]>;
  close(): Promise<void>;
}

/** Below this many, a thread's start costs more than it saves. */
const WORTH_A_THREAD = 500;

/** Threads start when they are first worth it. */
export function openSigners(threads = availableParallelism()): Signers {
  let helpers: Worker[] = [];
  return {
    async recover(items) {
      if (items.length < WORTH_A_THREAD || threads < 2) return items.map(ofItem);
      if (helpers.length === 0)
        helpers = Array.from({ length: threads - 1 }, () => {
          const worker = new Worker(new URL('signer-thread.ts', import.meta.url));
          // An idle helper holds nobody up.
          worker.unref();
          return worker;
        });
      const share = Math.ceil(items.length / threads);
      const theirs = helpers.map((worker, index) =>
        ask(worker, items.slice((index + 1) * share, (index + 2) * share)),
      );
      const mine = items.slice(0, share).map(ofItem);
      return [...mine, ...(await Promise.all(theirs)).flat()];
    },
    async close() {
      await Promise.all(helpers.map((worker) => worker.terminate()));
      helpers = [];
    },
  };
}

/** @throws Error what the thread dies of */
function ask(worker: Worker, share: readonly Unrecovered[]): Promise<(Hex | null)[]> {
  const { port1: here, port2: port } = new MessageChannel();
  const answer = new Promise<(Hex | null)[]>((resolve, reject) => {
    const died = (error: unknown): void => {
      here.close();
      reject(
        error instanceof Error
          ? error
          : new Error(`a thread that recovers signers ended with ${String(error)}`),
      );
    };
    worker.once('error', died).once('exit', died);
    here.once('message', (signers: (Hex | null)[]) => {
      worker.off('error', died).off('exit', died);
      here.close();
      resolve(signers);
    });
  });
  const plain = share.map(({ id, signature }) => ({ id, signature }));
  worker.postMessage({ share: plain, port }, [port]);
  return answer;
}

function ofItem({ id, signature }: Unrecovered): Hex | null {
  return recoverSigner(id, signature);
}
