import { expect, it } from 'vitest';
import { workerdPrograms } from '../../bench/workerd-programs';
import { Workspace } from '../../bench/workspace';
import { soakRun } from './soak-run';
import { verdict } from './verdict';

it('[I12] takes no more on the last day of a fleet than on the first', { timeout: 240_000 }, async () => {
  const workspace = new Workspace();
  const { registry } = await workerdPrograms(workspace.newFolder('bundles'));
  const seed = Date.now() % 2 ** 31;
  const days = { seed, days: 3, stepsPerDay: 96, stepMs: 0, measuresPerDay: 2, log: () => {} };
  const report = await soakRun({ workspace, program: registry, ...days });
  expect(verdict(report), `seed ${seed}: ${JSON.stringify(report.days)}`).toEqual([]);
  expect(report.registered).toBeGreaterThan(10_000);
  expect(report.crashed).toBeGreaterThan(100);
});
