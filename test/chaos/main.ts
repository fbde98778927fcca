import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostNamed } from '../programs/host';
import { chaosRun } from './chaos-run';

const USAGE = `usage: npm run chaos -- [options]

Runs a fleet of clients through network faults and kills of the registry. At the end the registry must match what the
clients hold, no lease may have expired while its client could rely on it, and nothing may be left behind.

  --host <name>  host of the registry: resident (default) or workerd
  --clients <n>  clients, each with one instance (default 200)
  --seconds <s>  duration of the faults (default 1800)
  --seed <n>     determines the faults, but not their exact times (default: random, printed)
  --help         show this help`;

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: 'resident' },
    clients: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '1800' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (values.help) return console.log(USAGE);
  const data = mkdtempSync(join(tmpdir(), 'rollcall-chaos-'));
  const seed = Number(values.seed);
  console.error(`seed ${seed}`);
  const began = performance.now();
  const log = (line: string) => console.error(`${Math.round((performance.now() - began) / 1_000)} s: ${line}`);
  try {
    const [clients, seconds] = [Number(values.clients), Number(values.seconds)];
    const options = { host: hostNamed(values.host), seed, clients, seconds, data, log };
    const { violations, ...report } = await chaosRun(options);
    log('ended');
    for (const violation of violations) console.error(violation);
    console.log(JSON.stringify({ seed, violations: violations.length, ...report }));
    process.exitCode = violations.length === 0 ? 0 : 1;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

await main();
