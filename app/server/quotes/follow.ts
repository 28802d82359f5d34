/** Looks for accepted quotes as long as the server runs. */
import type { ServerContext } from '../context.ts';

/** Milliseconds between looks: a quote accepted a second before the close is in the next slot at the latest. */
const LOOK_EVERY_MS = 500;
const FORGET_EVERY_MS = 60_000;

/** One loop a process; several processes do no harm to each other. */
export function followQuotes(context: () => ServerContext): void {
  const holder = globalThis as { cardhourQuotes?: boolean };
  if (holder.cardhourQuotes === true) return;
  holder.cardhourQuotes = true;
  let forgottenAt = 0;
  let complained = '';

  const look = async (): Promise<void> => {
    try {
      const { placing } = context();
      await placing.placeAccepted();
      if (Date.now() - forgottenAt > FORGET_EVERY_MS) {
        forgottenAt = Date.now();
        await placing.forgetLapsed();
      }
      complained = '';
    } catch (error) {
      // The chain or the database may be away for a while: said once, tried again.
      const words = error instanceof Error ? error.message : String(error);
      if (words !== complained) console.error(`quotes: ${words}`);
      complained = words;
    }
    setTimeout(() => void look(), LOOK_EVERY_MS).unref();
  };
  void look();
}
