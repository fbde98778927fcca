import { defineConfig } from 'vitest/config';
import { longestFirst } from './test/runner/longest-first';

/** Short forms of the proofs, tests that start whole registries, and what needs Debian packages: `npm run test:ci`. */
export default defineConfig({
  test: {
    include: ['{src,test,bench,examples}/**/*.proof.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    // As in vitest.config.ts: a log that comes late fails nothing.
    disableConsoleIntercept: true,
    // Proofs mostly wait: for leases, drains and restarts. Four at a time keep two cores busy; more of them find each other slow.
    maxWorkers: 4,
    sequence: {
      sequencer: longestFirst([
        'test/watch-proofs/unread.',
        'test/crash/crash.',
        'test/cli/commands.',
        'test/chaos/',
        'test/client/register.',
        'test/fuzz/',
        'test/listener/',
        'test/homes/',
        'test/namespaces/',
        'test/cost/',
        'bench/peers/',
        'test/upgrade/',
        'test/docs/docs.',
        'test/faults/',
        'test/watch-proofs/sessions.',
        'test/soak/',
        'test/watch/event-streams.',
        'test/access/directory-lost.',
        'test/power-loss/',
        'test/client/runtime-matrix.',
        'test/client/watch.',
        'test/mutants/',
        'test/watch-proofs/slow-reader.',
        'test/backup/',
        'test/linearizability/',
        'test/docs/migrate-guides.',
        'src/launcher/',
        'test/cli/',
        'test/dialects/',
        'test/faults/',
        'examples/fleet/',
        'test/operate/container.',
        'test/crash/',
        'test/watch-proofs/herd.',
        'test/access/',
        'test/client/',
        'test/docs/',
      ]),
    },
  },
});
