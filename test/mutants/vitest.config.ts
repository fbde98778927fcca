import { defineConfig } from 'vitest/config';
import { ALGORITHMS } from './algorithms';

/** Runs the tests beside the algorithms; all tests of the core together take many seconds for each mutant. */
export default defineConfig({
  test: {
    include: ALGORITHMS.map((path) => path.replace(/\.ts$/, '.test.ts')),
    testTimeout: 20_000,
  },
});
