import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { longestFirst } from './test/runner/longest-first';

/** Settings of both projects. */
const COMMON = {
  // The Worker imports what it builds.
  globalSetup: './test/runner/build-console.ts',
  // A machine that is busy with other things is slow, not wrong: what is waited for may take this long.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 30_000 } },
  // A line that is logged while a file ends may leave the run waiting for ever (cloudflare/workers-sdk#15719), or fail
  // it (vitest-dev/vitest#11153), where Vitest carries it to its report.
  disableConsoleIntercept: true,
};

/** A test runs in Node, unless its name says that it needs workerd. `*.proof.test.ts` belongs to `npm run test:ci`. */
export default defineConfig({
  test: {
    // Hardly any test waits, and each worker loads and compiles everything anew: one for each of two cores.
    maxWorkers: 2,
    // Files of one project stay together: they share what they load.
    sequence: {
      sequencer: longestFirst([
        'src/host/cloudflare/namespace-object.workerd',
        'test/watch/socket.workerd',
        'test/http/hostile-input.workerd',
        '.workerd.',
        'test/simulation/',
        'test/watch/histories/',
        'test/past/',
        'src/http/hostile-input.',
        'src/core/namespace/core.',
      ]),
    },
    projects: [
      {
        // As tsconfig.console.json has it.
        oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
        test: {
          ...COMMON,
          name: 'node',
          include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.ts', 'examples/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: ['**/*.workerd.test.ts', '**/*.proof.test.ts', '**/node_modules/**', 'test/clients/**'],
          // No module keeps state that tests could hand on, and to load all of them for each file takes longer than its tests.
          isolate: false,
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: './test/fixtures/worker-main.ts',
            wrangler: { configPath: './wrangler.toml' },
            remoteBindings: false,
            miniflare: {
              bindings: { ROLLCALL_ROOT_TOKEN: 'test-root-token-0123456789abcdefghijklmnop' },
              durableObjects: { LAID_OUT_NAMESPACES: { className: 'LaidOutNamespace', useSQLite: true } },
            },
          }),
        ],
        test: {
          ...COMMON,
          name: 'workerd',
          // Each file has a process of workerd: to reset the storage of a shared one has crashed it (workerd's "Promise callback
          // destroyed itself").
          include: ['src/**/*.workerd.test.ts', 'test/**/*.workerd.test.ts'],
          exclude: ['**/node_modules/**'],
        },
      },
    ],
  },
});
