import { Socket } from 'node:net';

/** A terminal's Ctrl-C reaches us directly, through npm and through the launcher: so much later it is another one. */
const REPEAT_MS = 1_000;

export interface Shutdown {
  /** Raised when we are to end: the reason is what to tell, null when somebody asked for it. */
  signal: AbortSignal;
  /** Ends everything with a sentence. */
  fail(sentence: string): void;
  /** Called for whoever asks a second time. */
  onImpatient(action: () => void): void;
}

/** Ends come from the terminal, from whoever started us going away, or from a part that can't go on. */
export function watchForEnd(env: NodeJS.ProcessEnv): Shutdown {
  const end = new AbortController();
  let askedAt = 0;
  let impatient = (): void => undefined;
  const ask = (): void => {
    const now = Date.now();
    if (end.signal.aborted && now - askedAt > REPEAT_MS) impatient();
    if (!end.signal.aborted) askedAt = now;
    end.abort(null);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, ask);
  watchLauncher(env, ask);
  return {
    signal: end.signal,
    fail: (sentence) => end.abort(sentence),
    onImpatient: (action) => void (impatient = action),
  };
}

/** The launcher holds the other end of a pipe; a killed launcher lets go of it. */
function watchLauncher(env: NodeJS.ProcessEnv, onGone: () => void): void {
  const fd = Number(env['CARDHOUR_LAUNCHER_FD']);
  if (!Number.isInteger(fd) || fd < 3) return;
  try {
    const pipe = new Socket({ fd, readable: true, writable: false });
    pipe.on('error', () => undefined).once('close', onGone);
    pipe.resume();
    pipe.unref();
  } catch {
    // Started with the variable, but without the pipe: nobody to watch.
  }
}
