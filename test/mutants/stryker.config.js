/** Settings of Stryker for `npm run mutants`, which adds the file, its tests and the place of the results. */
export default {
  // Texts of SQL and of errors are data: a test that repeats them proves nothing.
  mutator: { excludedMutations: ['StringLiteral'] },
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/mutants/vitest.config.ts' },
  // Stryker would rewrite the paths in tsconfig.json with the compiler's API, which TypeScript 7 does not have. They need no
  // rewriting: the copy is complete.
  tsconfigFile: 'none',
  ignorePatterns: ['/bench', '/dist', '/examples', '/reports', 'test/clients'],
  tempDirName: 'reports/mutants/copy',
  incremental: true,
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { allowColor: false, reportTests: false },
  concurrency: 2,
  // Stryker notices an endless loop by the number of its passes; this limit is for mutants that wait for ever.
  timeoutMS: 30_000,
};
