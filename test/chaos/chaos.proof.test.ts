import { expect, it } from 'vitest';
import { changedResident, replaceOnce } from '../programs/changed-resident';
import { temporaryFolder } from '../programs/temporary-folder';
import { chaosRun } from './chaos-run';

/** Expression in the bundle with which the registry computes the end of a lease. */
const END = 'Math.min(this.#ttlMs[slot] ?? 0, removalMs)';

// Also on workerd, because its sockets outlast hibernation and clients reconnect to them.
it.each([
  ['resident', 200, 20],
  ['workerd', 60, 15],
] as const)(
  '[I6] a fleet survives faults: %s, %i clients, %i s',
  { timeout: 240_000 },
  async (host, clients, seconds) => {
    const seed = Date.now() % 2 ** 31;
    const report = await chaosRun({ host, seed, clients, seconds, data: temporaryFolder(), log: () => {} });
    expect(report.violations, `seed ${seed}`).toEqual([]);
    expect(Object.values(report.faults).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(seconds / 4);
    expect(report.moves.changes).toBeGreaterThan(2 * seconds);
    expect(report.expired).toBeGreaterThan(0);
  },
);

it.each([
  // Each gap keeps all leases for one time to live, so the first early expiry takes a while.
  ['ends leases too early', 20, `${END} / 3`, /expired at .* while its client held it/],
  ['never ends a lease', 8, `${END} * 1_000`, /the registry has for service-\d: .*; its clients hold/],
])('[I6] detects a registry that %s', { timeout: 120_000 }, async (_, seconds, defect, complaint) => {
  const residentPath = await changedResident(temporaryFolder(), (resident) => replaceOnce(resident, END, defect));
  const run = { host: 'resident', seed: 7, clients: 30, seconds, log: () => {}, recoveryMaxMs: 8_000 } as const;
  const { violations } = await chaosRun({ ...run, data: temporaryFolder(), residentPath });
  expect(
    violations.some((violation) => complaint.test(violation)),
    violations.join('; '),
  ).toBe(true);
});
