/** For a process under a supervisor: ends when the supervisor is gone, however that went. */
const CHECK_MS = 500;

/** Calls `onOrphaned` once, when this process's parent is no longer the one that started it. */
export function whenOrphaned(onOrphaned: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onOrphaned();
  }, CHECK_MS);
  timer.unref();
}
