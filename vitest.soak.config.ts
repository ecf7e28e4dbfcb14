import { defineConfig } from 'vitest/config';

/** Proofs that make sense with large figures only: `npm run test:soak`. */
export default defineConfig({
  test: {
    include: ['test/soak/*.proof.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    maxWorkers: 1,
  },
});
