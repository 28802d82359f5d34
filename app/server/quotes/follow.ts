/** Looks for accepted quotes as long as the server runs. */
import { log } from '../log.ts';
import type { Placing } from './placing.ts';

/** Milliseconds between looks: a quote accepted a second before the close is in the next slot at the latest. */
const LOOK_EVERY_MS = 500;
const FORGET_EVERY_MS = 60_000;

/** Several processes do no harm to each other. */
export function followQuotes(placing: Placing): void {
  let forgottenAt = 0;
  let complained = '';

  const look = async (): Promise<void> => {
    try {
      await placing.placeAccepted();
      if (Date.now() - forgottenAt > FORGET_EVERY_MS) {
        forgottenAt = Date.now();
        await placing.forgetLapsed();
      }
      complained = '';
    } catch (error) {
      // The chain or the database may be away for a while: said once, tried again.
      const words = error instanceof Error ? error.message : String(error);
      if (words !== complained) log('warn', 'accepted quotes were not placed', { why: words });
      complained = words;
    }
    setTimeout(() => void look(), LOOK_EVERY_MS).unref();
  };
  void look();
}
