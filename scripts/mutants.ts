/** `npm run mutants`: changes the core's algorithms with Stryker, and checks that the tests beside each notice. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ALGORITHMS } from '../test/mutants/algorithms';

const FOLDER = 'test/mutants';
const STRYKER = `${FOLDER}/node_modules/@stryker-mutator/core/bin/stryker.js`;

const USAGE = `usage: npm run mutants -- [options] [WORD...]

Changes the core's algorithms with Stryker, one operator, condition or block at a time, and runs the tests beside each
algorithm on every change. Prints the changes that no test notices, and a table for each file. Installs Stryker first.
Results are kept in reports/mutants: the next run tries only what has changed since.

  WORD     only the algorithms whose path contains one of these (default: all ${ALGORITHMS.length})
  --force  try everything again
  --help   show this`;

const testBeside = (path: string): string => path.replace(/\.ts$/, '.test.ts');

function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}

function main(): number {
  const { values, positionals: words } = parseArgs({
    options: { force: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const chosen = ALGORITHMS.filter((path) => words.length === 0 || words.some((word) => path.includes(word)));
  if (chosen.length === 0) throw new RangeError(`no algorithm has a path that contains ${words.join(' or ')}`);
  if (!existsSync(STRYKER) && !run('npm', ['ci', '--prefix', FOLDER])) return 1;
  // One run for each: a mutant then meets only its own tests, which take milliseconds, and not those of all the others.
  const failed = chosen.filter((path) => {
    const tests = ['--mutate', path, '--testFiles', testBeside(path)];
    const kept = ['--incrementalFile', `reports/mutants/${path.replaceAll('/', '-')}.json`];
    const force = values.force ? ['--force'] : [];
    return !run(process.execPath, [STRYKER, 'run', `${FOLDER}/stryker.config.js`, ...tests, ...kept, ...force]);
  });
  for (const path of failed) console.error(`Stryker did not finish with ${path}`);
  return failed.length > 0 ? 1 : 0;
}

process.exitCode = main();
