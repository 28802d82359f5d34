import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 50;
const LIMIT_MS = 600_000;

/**
 * Asks for a transaction's receipt until the chain has it. The libraries' own waits ask again only when a block comes,
 * and so wait for ever on a chain that mines on demand whose last block came between their first two questions.
 * @param ask one question; an error counts as no answer yet
 * @throws Error when the chain still has no receipt after `limitMs`, with what it answered last as the cause
 */
export async function untilMined<Receipt>(
  ask: () => Promise<Receipt | null>,
  limitMs = LIMIT_MS,
  everyMs = EVERY_MS,
): Promise<Receipt> {
  const end = performance.now() + limitMs;
  for (;;) {
    let cause: unknown;
    try {
      const receipt = await ask();
      if (receipt !== null) return receipt;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > end)
      throw new Error(`The chain has no receipt after ${limitMs / 1_000} s: is it mining blocks?`, { cause });
    await sleep(everyMs);
  }
}
