import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { builtProgram } from '../programs/built-programs';
import { packedProgram } from '../programs/packed-program';
import { temporaryFolder } from '../programs/temporary-folder';
import { DEFECTS, type Defect, withChanges } from './defects';
import { FAULT_KINDS } from './faults';
import { keepHistory } from './keep-history';
import { linearizabilityRun } from './linearizability-run';

const ATTEMPTS_MAX_COUNT = 12;

const seed = Date.now() % 2 ** 31;

// Only briefly on workerd: the core is the same, and other proofs cover Durable Objects.
it.each([
  ['resident', 6],
  ['workerd', 6],
] as const)(
  `[I1, I2, I3, I4, I5, I6] the answers of a registry under faults have a total order: %s, %i s (seed ${seed})`,
  async (host, seconds) => {
    const program = await builtProgram();
    const report = await linearizabilityRun({ host, seed, program, clients: 12, seconds, faults: FAULT_KINDS });
    const kept = report.problems.length === 0 ? '' : keepHistory(report);
    expect(report.problems, kept).toEqual([]);
    // Require enough activity for the run to be meaningful.
    expect(report.history.operations.length).toBeGreaterThan(50);
    expect(report.frames).toBeGreaterThan(20);
  },
);

it(`[I4] detects each of ${DEFECTS.length} defects`, async () => {
  const folder = temporaryFolder();
  const missed = await Promise.all(DEFECTS.map((defect, number) => miss(defect, join(folder, String(number)))));
  expect(missed.flat()).toEqual([]);
  // Takes seconds on two idle cores, but needs many histories if each has little activity.
}, 600_000);

/**
 * Returns the name of a defect that many histories do not reveal. One that needs a kill during a change may take several.
 */
async function miss(defect: Defect, folder: string): Promise<string[]> {
  mkdirSync(folder);
  const program = await packedProgram(folder, (resident) => withChanges(resident, defect.changes));
  for (let attempt = 0; attempt < ATTEMPTS_MAX_COUNT; attempt++) {
    const { judgement } = await linearizabilityRun({
      host: 'resident',
      seed: attempt,
      program,
      clients: 8,
      seconds: 3,
      faults: defect.faults ?? ['kill'],
    });
    if (judgement.problems.some((problem) => !problem.startsWith('could not decide'))) return [];
  }
  return [defect.name];
}
