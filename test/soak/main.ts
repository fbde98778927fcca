import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Workspace } from '../../bench/workspace';
import { hostNamed } from '../programs/host';
import { keepFinding } from '../runner/keep-finding';
import { soakRun } from './soak-run';
import { verdict } from './verdict';

const USAGE = `usage: npm run soak -- [options]

Runs days of a fleet in compressed time against a real registry: deploys, scaling, crashes, and watchers that connect and
disconnect. The heap, files and descriptors of the registry must not grow from day to day.

  --host <name>  host of the registry: resident (default) or workerd
  --days <n>     days (default 8); the first is a warm-up
  --step <ms>    minimum milliseconds for a simulated minute (default 100)
  --seed <n>     determines the events (default: random, printed)
  --help         show this help`;

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: 'resident' },
    days: { type: 'string', default: '8' },
    step: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (values.help) return console.log(USAGE);
  const host = hostNamed(values.host);
  const [days, stepMs, seed] = [Number(values.days), Number(values.step), Number(values.seed)];
  if (!(days >= 3) || !(stepMs >= 0)) throw new RangeError('--days must be at least 3, and --step at least 0');
  console.error(`seed ${seed}`);
  const workspace = new Workspace();
  const log = (line: string) => console.error(line);
  const report = await soakRun({
    workspace,
    host,
    seed,
    days,
    stepsPerDay: 1_440,
    stepMs,
    measuresPerDay: 4,
    log,
  });
  const violations = verdict(report);
  for (const violation of violations) console.error(violation);
  const { before, after, revisions, registered, crashed } = report;
  const [first, last] = [report.days[0]?.at(-1), report.days.at(-1)?.at(-1)];
  console.log(
    JSON.stringify({ seed, violations: violations.length, revisions, registered, crashed, before, first, last, after }),
  );
  if (violations.length > 0) {
    const story = [...violations, ...report.days.flat().map((measure) => JSON.stringify(measure))].join('\n');
    console.log(`finding: ${keepFinding('soak', seed, story)}`);
  }
  process.exitCode = violations.length === 0 ? 0 : 1;
}

await main();
process.exit();
