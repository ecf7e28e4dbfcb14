import { defineConfig } from 'vitest/config';

/** The proofs that take long or install runners: `npm run test:runners`. */
export default defineConfig({
  test: {
    include: ['test/runners/*.proof.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    hookTimeout: 60_000,
  },
});
