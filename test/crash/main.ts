import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { hostNamed } from '../programs/host';
import { keepFinding } from '../runner/keep-finding';
import { crashRun, summary } from './crash-run';

const USAGE = `usage: npm run crash -- [options]

Kills and freezes a registry again and again while writers are at work, and compares what is there after each time with
what was acknowledged. Stops at the first round in which something is wrong, and keeps what the registry has stored.

  --host <name>     what the registry runs in: resident (default) or workerd
  --rounds <n>      kills and freezes (default 200)
  --seed <n>        what is done follows from it, but for how far calls get until a kill (default: random, printed)
  --program <path>  the rollcall.js that runs the resident host (default: bin/rollcall.js)
  --help            show this`;

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
  if (exitCode !== 0) violations.push(`it ended with ${exitCode} when it was asked to stop`);
  for (const violation of violations) console.error(violation);
  console.log(JSON.stringify(byKind));
  console.log(summary(report, options.seed));
  if (violations.length === 0) return 0;
  const story = [...violations, '', ...outages.map((outage) => `down ${JSON.stringify(outage)}`)].join('\n');
  console.log(`what was found: ${keepFinding('crash', options.seed, story)}; what was stored: ${data}`);
  return 1;
}

process.exitCode = await main();
