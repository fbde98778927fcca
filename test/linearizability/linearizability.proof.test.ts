import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { packedProgram } from '../packed-program';
import { temporaryFolder } from '../temporary-folder';
import { DEFECTS, withDefect } from './defects';
import { FAULT_KINDS } from './faults';
import { linearizabilityRun } from './linearizability-run';

const ATTEMPTS_MAX_COUNT = 12;

const seed = Date.now() % 2 ** 31;

it(`[I1, I2, I3, I4, I5, I6] what clients see of a registry in trouble has one order (seed ${seed})`, async () => {
  const program = join(PROJECT_ROOT, 'bin/rollcall.js');
  const report = await linearizabilityRun({ seed, program, clients: 12, seconds: 6, faults: FAULT_KINDS });
  expect(report.problems, `see more with: npm run linearizability -- --seed ${seed}`).toEqual([]);
  // A run in which little happened proves little.
  expect(report.history.operations.length).toBeGreaterThan(50);
  expect(report.frames).toBeGreaterThan(20);
});

describe.concurrent('the proof sees a', () => {
  it.each(DEFECTS)('$name', async (defect) => {
    const program = await packedProgram(temporaryFolder(), (worker) => withDefect(worker, defect));
    let problems: string[] = [];
    // What shows only where a kill meets a change need not show at once.
    for (let attempt = 0; attempt < ATTEMPTS_MAX_COUNT && problems.length === 0; attempt++) {
      const report = await linearizabilityRun({ seed: attempt, program, clients: 8, seconds: 3, faults: ['kill'] });
      problems = report.judgement.problems;
    }
    expect(problems).not.toEqual([]);
  });
});
