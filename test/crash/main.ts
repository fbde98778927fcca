import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { hostNamed } from '../programs/host';
import { keepFinding } from '../runner/keep-finding';
import { crashRun, summary } from './crash-run';

const USAGE = `usage: npm run crash -- [options]

Kills and freezes a registry repeatedly while writers are active, and compares its contents after each round with the
acknowledged changes. Stops at the first round with a violation, and keeps the data folder of the registry.

  --host <name>     host of the registry: resident (default) or workerd
  --rounds <n>      kills and freezes (default 200)
  --seed <n>        determines the calls, but not how far they get before a kill (default: random, printed)
  --program <path>  rollcall.js that runs the resident host (default: bin/rollcall.js)
  --help            show this help`;

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: 'resident' },
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    program: { type: 'string', default: 'bin/rollcall.js' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [host, program] = [hostNamed(values.host), resolve(values.program)];
  const options = { host, rounds: Number(values.rounds), seed: Number(values.seed), program };
  console.error(`seed ${options.seed}`);
  const report = await crashRun({ ...options, log: (line) => console.error(line) });
  const { violations, byKind, exitCode, data, outages } = report;
  if (exitCode !== 0) violations.push(`it exited with ${exitCode} when it was stopped`);
  for (const violation of violations) console.error(violation);
  console.log(JSON.stringify(byKind));
  console.log(summary(report, options.seed));
  if (violations.length === 0) return 0;
  const story = [...violations, '', ...outages.map((outage) => `down ${JSON.stringify(outage)}`)].join('\n');
  console.log(`finding: ${keepFinding('crash', options.seed, story)}; data folder: ${data}`);
  return 1;
}

process.exitCode = await main();
