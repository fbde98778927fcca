import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundleWorker } from '../../src/launcher/bundle';
import { temporaryFolder } from '../programs/temporary-folder';
import { chaosRun } from './chaos-run';

/** What the registry computes the end of a lease by, as it stands in the bundle. */
const END = 'Math.min(this.#ttlMs[slot] ?? 0, removalMs)';

it('[I6] a fleet of 200 lives through 40 seconds of faults', { timeout: 240_000 }, async () => {
  const seed = Date.now() % 2 ** 31;
  const report = await chaosRun({ seed, clients: 200, seconds: 40, data: temporaryFolder(), log: () => {} });
  expect(report.violations, `seed ${seed}`).toEqual([]);
  expect(Object.values(report.faults).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10);
  expect(report.moves.changes).toBeGreaterThan(100);
  expect(report.expired).toBeGreaterThan(0);
});

it.each([
  // Each gap keeps all leases for a time to live, so it takes a while until one ends too early.
  ['ends leases too early', 30, `${END} / 3`, /expired at .* while its client held it/],
  ['never ends a lease', 8, `${END} * 1_000`, /the registry has of service-\d: .*; its clients hold/],
])('[I6] finds a registry that %s', { timeout: 120_000 }, async (_, seconds, defect, complaint) => {
  const bundle = await bundleWorker('src/worker.ts');
  expect(bundle).toContain(END);
  const workerPath = join(temporaryFolder(), 'worker.js');
  writeFileSync(workerPath, bundle.replace(END, defect));
  const run = { seed: 7, clients: 30, seconds, data: temporaryFolder(), log: () => {}, recoveryMaxMs: 8_000 };
  const { violations } = await chaosRun({ ...run, workerPath });
  expect(
    violations.some((violation) => complaint.test(violation)),
    violations.join('; '),
  ).toBe(true);
});
