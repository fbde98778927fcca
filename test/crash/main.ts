import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { crashRun, summary } from './crash-run';

/** `npm run crash -- --rounds 200 --seed 1`: the long form of the crash proof. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    program: { type: 'string', default: 'bin/rollcall.js' },
  },
});
const options = { rounds: Number(values.rounds), seed: Number(values.seed), program: resolve(values.program) };
console.log(`seed ${options.seed}`);
const report = await crashRun({ ...options, log: console.log });
for (const violation of report.violations) console.error(violation);
console.log(JSON.stringify(report.byKind));
console.log(summary(report, options.seed));
process.exitCode = report.violations.length === 0 ? 0 : 1;
