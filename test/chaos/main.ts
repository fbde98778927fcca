import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostNamed } from '../programs/host';
import { chaosRun } from './chaos-run';

const USAGE = `usage: npm run chaos -- [options]

A fleet of clients lives through broken networks and a registry that is killed. In the end the registry must have what
they hold, no lease may have expired that its client could rely on, and nothing may be left behind.

  --host <name>  what the registry runs in: resident (default) or workerd
  --clients <n>  clients, each with one instance (default 200)
  --seconds <s>  time of faults (default 1800)
  --seed <n>     what happens follows from it, but for when (default: random, printed)
  --help         show this`;

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
