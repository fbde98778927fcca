import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withChanges } from '../linearizability/defects';
import { builtProgram } from '../programs/built-programs';
import { packedProgram } from '../programs/packed-program';
import { temporaryFolder } from '../programs/temporary-folder';
import { type CrashOptions, crashRun, summary } from './crash-run';

const seed = Date.now() % 2 ** 31;

/** The short form of `npm run crash -- --rounds 200`. */
it.each([
  // The number of changes in a round depends on the machine: some 400 and 30 on one with two processors, a tenth of that on a busy one.
  ['resident', 8, 10],
  ['workerd', 4, 2],
] as const)(
  `[I1, I2, I6, C3, L7, L9, T4] no acknowledged change is lost: %s, %i kills and freezes (seed ${seed})`,
  async (host, rounds, changes) => {
    const report = await crashRun({ host, rounds, seed, program: await builtProgram() });
    console.log(`${host}: ${summary(report, seed)}`);
    expect(report.violations).toEqual([]);
    expect(report.exitCode).toBe(0);
    // Require enough activity for the run to be meaningful.
    expect(report.acknowledged).toBeGreaterThan(changes * rounds);
    expect(report.leases.renewals).toBeGreaterThan(5 * rounds);
    expect(report.leases.deaths).toBeGreaterThan(rounds);
    // Only a kill leaves calls without an answer.
    expect(report.unknown.applied + report.unknown.lost).toBeGreaterThanOrEqual(report.kills);
  },
);

/** Defects that a change of the core could introduce, as changes of the resident host's built program. */
const DEFECTS: {
  name: string;
  changes: [place: string, instead: string][];
  faults?: CrashOptions['faults'];
  caught: RegExp;
}[] = [
  {
    name: 'a response is sent before its change is stored',
    changes: [
      ['return this.#waiting ?? this.#writing;', 'return undefined;'],
      [' : this.#write()', ' : new Promise((wake) => setTimeout(wake, 20)).then(() => this.#write())'],
    ],
    caught: /should be there|should be gone|used twice|went back/,
  },
  {
    name: 'only the first record of a batch is stored',
    changes: [['writeRecordRows(storage, rows);', 'writeRecordRows(storage, rows.slice(0, 1));']],
    caught: /and should be/,
  },
  {
    name: 'a freeze counts as silence of the holders',
    changes: [['pausedMs >= ATTENTION_LATE_MS', 'pausedMs >= 1e9']],
    faults: { registry: 0, launcher: 0, both: 0, freeze: 1 },
    caught: /is gone at|is unhealthy before/,
  },
];

describe('the proof detects that', () => {
  it.each(DEFECTS)('$name', async ({ changes, faults, caught }) => {
    const program = await packedProgram(temporaryFolder(), (resident) => withChanges(resident, changes));
    // Ends with the first violation: on a busy machine this may take many rounds. The first freezes of this seed last four
    // seconds and more, which the registry must detect.
    const { violations, data } = await crashRun({ host: 'resident', rounds: 60, seed: 64, program, faults });
    rmSync(data, { recursive: true, force: true });
    expect(violations.join('\n')).toMatch(caught);
  });
});
