import type { Parameters } from '../../domain/parameters.ts';
import { span } from './format.ts';

/** A command to begin with: it shows that the lease runs, and keeps it running. */
export const EXAMPLE_COMMAND = 'echo "hello from $(hostname)"; nproc; while sleep 5; do date; done';

/** Why these terms can't be signed; null when they can. */
export function termsProblem(
  cards: number,
  duration: number,
  most: number,
  parameters: Parameters,
): string | null {
  if (!Number.isInteger(cards) || cards < 1) return 'Enter at least one card.';
  if (cards > most) return `At most ${most} cards are on offer.`;
  const { minLeaseSeconds, maxLeaseSeconds } = parameters;
  if (duration < minLeaseSeconds || duration > maxLeaseSeconds) {
    return `A lease lasts ${span(minLeaseSeconds)} to ${span(maxLeaseSeconds)}.`;
  }
  return null;
}
