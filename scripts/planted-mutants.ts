/** `npm run mutants:planted`: injects faults into the core, one at a time, and checks whether its tests find them. */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { MUTANTS } from '../test/mutants/all-mutants';
import type { Mutant } from '../test/mutants/mutant';
import { Laboratory, TRIAL_NAMES, type TrialName } from '../test/mutants/trial';

const USAGE = `usage: npm run mutants:planted -- [--all] [WORD...]

Plants faults in a copy of the core, one at a time, and runs its tests until one fails: ${TRIAL_NAMES.join(', ')}.
The tests use fixed seeds, so a mutant meets the same run each time. Shows progress on stderr, and ends with a table. Fails
if no test finds a mutant, or if tests fail without one.

  WORD     only mutants whose name contains one of these (default: all ${MUTANTS.length})
  --all    run every trial on each mutant, even after one has found it: takes several times as long
  --help   show this

A trial may take five times as long as on the unchanged core. One that takes longer is measured again before the mutant
counts as hanging.`;

/** Trials that found a mutant, each with its failures. */
type Finds = [trial: TrialName, failures: string[]][];

/** Returns the failures as one table cell. */
function cell(failures: string[]): string {
  const [first = '', ...others] = failures;
  const text = first.replaceAll('|', '/').replaceAll(/\s+/g, ' ').trim();
  const short = text.length > 90 ? `${text.slice(0, 87)}...` : text;
  return others.length > 0 ? `${short} (+ ${others.length})` : short;
}

function row({ name, breaks }: Mutant, finds: Finds): string {
  if (finds.length === 0) return `| **SURVIVED** ${name} | ${breaks} | nothing | |`;
  const failures = finds.map(([, failures]) => cell(failures)).join('; ');
  return `| ${name} | ${breaks} | ${finds.map(([trial]) => trial).join(', ')} | ${failures} |`;
}

async function main(): Promise<number> {
  const { values, positionals: words } = parseArgs({
    options: { all: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const chosen = MUTANTS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (chosen.length === 0) throw new RangeError(`no mutant has a name with ${words.join(' or ')}`);
  const startedAt = performance.now();
  const log = (line: string) => console.error(`[${Math.round((performance.now() - startedAt) / 1_000)} s] ${line}`);
  const laboratory = new Laboratory(log);
  const rows: string[] = [];
  let alive = 0;
  try {
    for (const [index, mutant] of chosen.entries()) {
      const finds: Finds = [];
      for (const trial of TRIAL_NAMES) {
        const failures = await laboratory.try(trial, mutant);
        if (failures.length > 0) finds.push([trial, failures]);
        if (finds.length > 0 && !values.all) break;
      }
      if (finds.length === 0) alive += 1;
      rows.push(row(mutant, finds));
      const found = finds.length === 0 ? 'SURVIVED' : `found by ${finds.map(([trial]) => trial).join(', ')}`;
      log(`${index + 1} of ${chosen.length}: ${mutant.name}: ${found}`);
    }
  } finally {
    laboratory.close();
  }
  console.log(`| mutant | breaks | found by | what failed |\n|---|---|---|---|\n${rows.join('\n')}`);
  console.log(`\n${chosen.length} mutants, ${chosen.length - alive} found, ${alive} alive`);
  return alive > 0 ? 1 : 0;
}

process.exitCode = await main();
