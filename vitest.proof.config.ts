import { defineConfig } from 'vitest/config';
import { longestFirst } from './test/longest-first';

/** Short forms of the proofs, and whatever needs Debian packages: `npm run test:ci`. */
export default defineConfig({
  test: {
    include: ['test/**/*.proof.test.ts', 'bench/**/*.proof.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    // As in vitest.config.ts: a log that comes late fails nothing.
    disableConsoleIntercept: true,
    // Proofs mostly wait: for leases, drains and restarts. Four at a time keep two cores busy.
    maxWorkers: 4,
    sequence: {
      sequencer: longestFirst([
        'test/chaos/',
        'test/client/register.',
        'test/linearizability/',
        'test/docs.',
        'test/watch/event-streams.',
        'test/mutants/',
        'bench/peers/',
        'test/fuzz/',
        'test/soak/',
        'test/cli/commands.',
        'test/watch-proofs/sessions.',
        'test/client/',
        'test/crash/',
        'test/docs/',
        'test/cli/',
      ]),
    },
  },
});
