import { expect, it } from 'vitest';
import { Workspace } from '../../bench/workspace';
import { HOSTS } from '../programs/host';
import { soakRun } from './soak-run';
import { verdict } from './verdict';

it.each(HOSTS)(
  '[I12] uses no more resources on the last day of a fleet than on the first: %s',
  { timeout: 240_000 },
  async (host) => {
    const workspace = new Workspace();
    const seed = Date.now() % 2 ** 31;
    const days = { seed, days: 3, stepsPerDay: 96, stepMs: 0, measuresPerDay: 2, log: () => {} };
    const report = await soakRun({ workspace, host, ...days });
    console.log(`${host}: ${report.before.descriptors} descriptors before, ${report.after.descriptors} after`);
    expect(verdict(report), `seed ${seed}: ${JSON.stringify(report.days)}`).toEqual([]);
    expect(report.registered).toBeGreaterThan(10_000);
    expect(report.crashed).toBeGreaterThan(100);
  },
);
