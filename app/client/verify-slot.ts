'use client';

import type { RuleView } from '../views.ts';
import { ApiError } from './api.ts';
import type { VerifyAnswer, VerifyTask } from './verify-thread.ts';

/** Verifies a slot in a worker of this browser. @throws ApiError when the chain or the inputs can't be read */
export async function verifySlotHere(slot: string): Promise<{ ok: boolean; rules: RuleView[] }> {
  const worker = new Worker(new URL('./verify-thread.ts', import.meta.url), { type: 'module' });
  try {
    const answer = await new Promise<VerifyAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<VerifyAnswer>) => {
        resolve(data);
      };
      worker.onerror = ({ message }) => {
        reject(new ApiError('VERIFIER', `The verifier could not start (${message}).`, 'Reload the page.'));
      };
      worker.postMessage({ slot, origin: location.origin } satisfies VerifyTask);
    });
    if ('error' in answer)
      throw new ApiError(
        'CHAIN_UNREACHABLE',
        `The slot could not be read (${answer.error.split('\n')[0] ?? ''}).`,
        'The browser asks the chain itself: check that it reaches the RPC node of this market.',
      );
    return { ok: answer.rules.every((rule) => rule.ok), rules: answer.rules };
  } finally {
    worker.terminate();
  }
}
