import { defineConfig } from 'vitest/config';

/** Replaces a module, and imports the files of other tests: it needs modules of its own. */
const isolated = ['test/support/memory-table.test.ts'];

export default defineConfig({
  test: {
    // One a core: the default leaves one of two cores idle, and more of them only share what processes of tests take anyway.
    maxWorkers: '100%',
    setupFiles: ['./test/support/seed.ts', './test/support/restore.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    // Tests start real processes and servers on a machine that may have two cores, and other work.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    projects: [
      {
        extends: true,
        // Reading the modules anew for each file was most of the time.
        test: { name: 'tests', include: ['test/**/*.test.ts'], exclude: isolated, isolate: false },
      },
      { extends: true, test: { name: 'isolated', include: isolated } },
    ],
  },
});
