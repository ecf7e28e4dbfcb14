import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One a core: the default leaves one of two cores idle.
    maxWorkers: '100%',
    setupFiles: ['./test/support/seed.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    // Tests start real processes and servers on a machine that may have two cores.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
