/** Which blocks are final, and so sealed: no reorganisation takes them back any more. */
import type { ChainReader } from './chain/reader.ts';

/** Chains of developers' machines call blocks final that they revert all the same. */
const LOCAL_CHAINS = [31_337, 1_337];
const LOOK_EVERY_MS = 12_000;
/** The seal moves on by so many blocks at least: it costs a write. */
const STEP = 16n;

export interface Sealing {
  /** Number of the last sealed block; -1 before the first. */
  readonly sealed: bigint;
  /** Finds out what is final below this head. */
  look(head: bigint): Promise<void>;
  /** The block to seal next, among those up to `indexed`; undefined while it is not worth a write. */
  due(indexed: bigint): bigint | undefined;
  done(sealed: bigint): void;
}

/** @param depth blocks below the head that count as final; absent: the chain's own word, on a developer's chain none */
export function createSealing(
  reader: Pick<ChainReader, 'finalized'>,
  chainId: number,
  depth?: number,
): Sealing {
  let sealed = -1n;
  let final = -1n;
  let lookedAt = -Infinity;
  return {
    get sealed() {
      return sealed;
    },
    async look(head) {
      if (depth !== undefined) {
        final = head - BigInt(depth);
        return;
      }
      if (LOCAL_CHAINS.includes(chainId) || performance.now() - lookedAt < LOOK_EVERY_MS) return;
      lookedAt = performance.now();
      final = (await reader.finalized())?.number ?? -1n;
    },
    due(indexed) {
      const next = final < indexed ? final : indexed;
      return next >= sealed + STEP ? next : undefined;
    },
    done(number) {
      if (number > sealed) sealed = number;
    },
  };
}
