import { concat, keccakBytes, keccakWords, uintBytes, bytesToHex } from '../../domain/hash.ts';
import { clearRea, clock, type Candidate, type Clearing } from '../../domain/rea.ts';
import type { Hex } from '../../domain/types.ts';

export const CASES = 10_000;
/** Cases of one γ, and of one digest. */
const GROUP = 100;

/**
 * The text of rea-random.json: for each hundred of the random auctions that `Rea.t.sol` draws too, the hash over their results
 * according to `domain/rea.ts`.
 */
export function reaRandom(): string {
  const digests: Hex[] = [];
  for (let first = 0; first < CASES; first += GROUP) {
    const factors = clock(500_000_000_000_000_000n + (draw(first, 999) % 473_000_000_000_000_001n));
    let digest: Hex = `0x${'0'.repeat(64)}`;
    for (let index = first; index < first + GROUP; index++) {
      const start = 1n + (draw(index, 0) % 2n ** (1n + (draw(index, 1) % 100n)));
      digest = next(digest, clearRea(start, factors, candidatesOf(index, start)));
    }
    digests.push(digest);
  }
  return JSON.stringify(digests, null, 2) + '\n';
}

/** Up to seven, with few different distances, gaps and lotteries, so that ties are common. */
function candidatesOf(index: number, start: bigint): Candidate[] {
  return Array.from({ length: Number(draw(index, 2) % 8n) }, (_, j) => ({
    key: word(draw(index, 14 + 5 * j)),
    reserve: draw(index, 10 + 5 * j) % (start + start / 8n + 1n),
    distance: Number(draw(index, 11 + 5 * j) % 3n),
    entropyGap: Number(draw(index, 12 + 5 * j) % 3n),
    lottery: word(draw(index, 13 + 5 * j) % 2n),
  }));
}

function next(digest: Hex, result: Clearing | null): Hex {
  const { winner, runnerUp, step, price } = result ?? { winner: 0, runnerUp: null, step: 0, price: 0n };
  const fields = [result === null ? 0 : 1, winner, runnerUp ?? 2n ** 256n - 1n, step, price];
  return keccakWords(digest, ...fields.map((field) => word(BigInt(field))));
}

function draw(index: number, which: number): bigint {
  return BigInt(bytesToHex(keccakBytes(concat(uintBytes(index, 32), uintBytes(which, 32)))));
}

function word(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, '0')}`;
}
