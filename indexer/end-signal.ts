const PARENT_CHECK_MS = 500;

/**
 * A signal that is raised on SIGTERM or Ctrl-C and, under a supervisor, when the parent is gone: a killed supervisor can
 * tell nobody.
 */
export function endSignal(supervised: boolean): AbortSignal {
  const end = new AbortController();
  const stop = (): void => end.abort();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (supervised) {
    process.once('disconnect', stop);
    const parent = process.ppid;
    const check = setInterval(() => {
      if (process.ppid !== parent) stop();
    }, PARENT_CHECK_MS);
    check.unref();
  }
  return end.signal;
}
