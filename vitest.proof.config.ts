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
          // Proofs mostly wait: for leases, drains, restarts and readers that are cut off. More than six of them wait for two cores.
          maxWorkers: 6,
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
        'test/watch-proofs/unread.',
        'test/fuzz/',
        'test/docs/docs.',
        'test/cli/commands.',
        'test/client/locks.',
        'test/crash/crash.',
        'test/faults/full-disk.',
        'test/watch/event-streams.',
        'test/soak/',
        'test/linearizability/',
        'test/client/register.',
        'test/dialects/nacos/',
        'test/dialects/etcd/',
        'test/faults/leases.',
        'test/watch-proofs/sessions.',
        'test/power-loss/',
        'test/access/directory-lost.',
        'src/host/resident/deno.',
        'bench/peers/',
        'test/listener/',
        'test/faults/damaged-files.',
        'test/homes/',
        'src/launcher/serve.',
        'test/upgrade/',
        'test/console/pages.',
        'test/console/outage.',
        'test/cost/',
        'test/cli/entries.',
        'test/backup/',
        'test/client/exclusion.',
        'test/client/watch.',
        'test/client/runtime-matrix.',
        'test/namespaces/',
        'test/watch-proofs/slow-reader.',
        'test/faults/',
        'test/console/',
        'test/cli/past.',
        'test/cli/terminal.',
        'test/operate/container.',
        'examples/',
        'test/docs/',
        'test/client/key-watch.',
        'src/gateway/',
        'src/launcher/',
        'test/watch-proofs/herd.',
        'test/dialects/',
        'test/balance/',
        'test/crash/',
        'test/cli/',
        'test/mutants/',
        'test/access/',
        'test/operate/',
        'test/client/',
      ]),
    },
  },
});
