import { defineConfig } from 'vitest/config';
import { longestFirst } from './test/runner/longest-first';

/** Short forms of the proofs, tests that start whole registries, and what needs Debian packages: `npm run test:ci`. */
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'proofs',
          include: ['{src,test,bench,examples}/**/*.proof.test.ts'],
          exclude: ['test/console/**', '**/node_modules/**'],
          // Proofs mostly wait: for leases, drains, restarts and readers that are cut off. Nine of them keep two cores busy.
          maxWorkers: 9,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'console',
          include: ['test/console/**/*.proof.test.ts'],
          // A browser computes most of the time: with more of them, or beside the others, all of them would wait for each other.
          maxWorkers: 4,
          // A browser that gets no processor for seconds loses events of its own. What the console does wrong, it does again;
          // CI's totals name each test that had to be repeated.
          retry: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    globalSetup: './test/runner/build-programs.ts',
    testTimeout: 300_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    // As in vitest.config.ts: a log that comes late fails nothing.
    disableConsoleIntercept: true,
    sequence: {
      sequencer: longestFirst([
        'test/chaos/',
        'test/crash/crash.',
        'test/watch-proofs/unread.',
        'test/client/register.',
        'bench/peers/',
        'src/host/resident/deno.',
        'test/cost/',
        'test/faults/full-disk.',
        'test/listener/',
        'test/watch/event-streams.',
        'test/watch-proofs/sessions.',
        'test/console/outage.',
        'test/console/pages.',
        'test/access/directory-lost.',
        'test/docs/docs.',
        'test/upgrade/',
        'test/cli/commands.',
        'test/client/runtime-matrix.',
        'test/fuzz/',
        'test/linearizability/',
        'test/namespaces/',
        'test/soak/',
        'test/power-loss/',
        'test/faults/',
        'test/watch-proofs/slow-reader.',
        'test/console/',
        'test/homes/',
        'test/client/watch.',
        'test/backup/',
        'src/launcher/',
        'test/watch-proofs/herd.',
        'test/dialects/',
        'examples/fleet/',
        'test/cli/',
        'test/crash/',
        'test/mutants/',
        'test/access/',
        'test/operate/',
        'test/balance/',
        'test/docs/',
        'test/client/',
      ]),
    },
  },
});
