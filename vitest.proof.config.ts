import { defineConfig } from 'vitest/config';

/** Short forms of the proofs, and whatever needs Debian packages: `npm run test:ci`. */
export default defineConfig({
  test: {
    include: ['test/**/*.proof.test.ts', 'bench/**/*.proof.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // Proofs mostly wait: for leases, drains and restarts. Three at a time keep two cores busy.
    maxWorkers: 3,
  },
});
