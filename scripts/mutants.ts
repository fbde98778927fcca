/**
 * Puts faults into the core, one at a time, and sees whether its tests find them:
 *
 *     npm run mutants                  all of them, and a table of what found which
 *     npm run mutants -- clock alarm   those whose name mentions one of these words
 *
 * Fails if a mutant lives, or if the tests fail without any.
 */
import process from 'node:process';
import { MUTANTS } from '../test/mutants/all-mutants';
import { Laboratory, type TrialName } from '../test/mutants/trial';

const TRIALS: TrialName[] = ['simulation', 'histories', 'past', 'core tests'];

/** What a trial found, in one cell. */
function cell(failures: string[]): string {
  const [first, ...others] = failures;
  if (first === undefined) return '';
  const text = first.replaceAll('|', '/').replaceAll(/\s+/g, ' ');
  const short = text.length > 90 ? `${text.slice(0, 87)}...` : text;
  return others.length > 0 ? `${short} (+ ${others.length})` : short;
}

async function main(words: string[]): Promise<number> {
  const chosen = MUTANTS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  const laboratory = new Laboratory();
  let alive = 0;
  try {
    for (const trial of TRIALS) {
      const failures = await laboratory.try(trial, undefined);
      if (failures.length > 0) throw new Error(`the ${trial} fails without a mutant: ${failures.join('; ')}`);
    }
    console.log(`| mutant | breaks | ${TRIALS.join(' | ')} |\n|---|---|${'---|'.repeat(TRIALS.length)}`);
    for (const mutant of chosen) {
      const cells: string[] = [];
      for (const trial of TRIALS) cells.push(cell(await laboratory.try(trial, mutant)));
      const isAlive = cells.every((found) => found === '');
      if (isAlive) alive += 1;
      console.log(`| ${isAlive ? '**ALIVE** ' : ''}${mutant.name} | ${mutant.breaks} | ${cells.join(' | ')} |`);
    }
  } finally {
    laboratory.close();
  }
  console.log(`\n${chosen.length} mutants, ${chosen.length - alive} found, ${alive} alive`);
  return alive > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
