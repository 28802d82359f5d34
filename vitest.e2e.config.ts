import { defineConfig } from 'vitest/config';

/** The whole market in a real browser; needs a Chromium (see `test/e2e/browser.ts`). */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    // Each test goes on where the one before stopped.
    bail: 1,
  },
});
