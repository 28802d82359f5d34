/** One after another: what is done under the same key waits for what was begun before it. */
export function createSerial(): <T>(key: string, step: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (key, step) => {
    const before = last.get(key) ?? Promise.resolve();
    const own = before.then(step, step);
    last.set(key, own);
    try {
      return await own;
    } finally {
      if (last.get(key) === own) last.delete(key);
    }
  };
}
