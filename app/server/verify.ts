import type { Deployment } from '../../contracts/deployment.ts';
import { verifySlot, type RuleResult } from '../../domain/verify.ts';
import { createEvidence, type EvidenceSource } from './evidence.ts';

/** Idle time after which the events held for verification are let go, ms. */
const KEEP_MS = 120_000;

export interface Verifier {
  /** @param manifest the slot's published inputs */
  verify(slot: bigint, manifest: Uint8Array | null): Promise<RuleResult[]>;
}

/** Verifies slots one after the other over one history, which is forgotten when nobody asks for a while. */
export function createVerifier(options: { rpcUrl: string; deployment: Deployment }): Verifier {
  let source: EvidenceSource | null = null;
  let forget: NodeJS.Timeout | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  const run = async (slot: bigint, manifest: Uint8Array | null): Promise<RuleResult[]> => {
    clearTimeout(forget);
    source ??= createEvidence(options);
    const results = verifySlot(await source.collect(slot, manifest));
    forget = setTimeout(() => {
      source = null;
    }, KEEP_MS).unref();
    return results;
  };

  return {
    verify(slot, manifest) {
      // The states inside the evidence are shared: the next slot may only move them when this one is judged.
      const result = queue.then(() => run(slot, manifest));
      queue = result.catch(() => undefined);
      return result;
    },
  };
}
