import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { packedProgram } from '../packed-program';
import { temporaryFolder } from '../temporary-folder';
import { DEFECTS, withDefect } from './defects';
import { FAULT_KINDS } from './faults';
import { type LinearizabilityReport, linearizabilityRun } from './linearizability-run';

const seed = Date.now() % 2 ** 31;

it(`[I1, I2, I3, I4, I5, I6] what clients see of a registry in trouble has one order (seed ${seed})`, async () => {
  const program = join(PROJECT_ROOT, 'bin/rollcall.js');
  const report = await linearizabilityRun({ seed, program, clients: 12, seconds: 6, faults: FAULT_KINDS });
  console.log(`${report.history.operations.length} calls, ${report.judgement.steps} steps`, report.faults);
  expect(report.problems, `replay with: npm run linearizability -- --seed ${seed} --histories 1`).toEqual([]);
  // A run in which little happened proves little.
  expect(report.history.operations.length).toBeGreaterThan(200);
  expect(report.frames).toBeGreaterThan(100);
});

describe.concurrent('the proof sees a', () => {
  it.each(DEFECTS)('$name', async (defect) => {
    const program = await packedProgram(temporaryFolder(), (worker) => withDefect(worker, defect));
    const reports: LinearizabilityReport[] = [];
    // What shows only where a kill meets a change need not show at once.
    for (let attempt = 0; attempt < 5 && (reports.at(-1)?.judgement.problems.length ?? 0) === 0; attempt++) {
      reports.push(await linearizabilityRun({ seed: attempt, program, clients: 8, seconds: 3, faults: ['kill'] }));
    }
    console.log(defect.name, reports.length, reports.at(-1)?.problems.slice(0, 3));
    expect(reports.at(-1)?.judgement.problems).not.toEqual([]);
  });
});
