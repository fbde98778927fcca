import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostNamed, startOn } from '../programs/host';
import { keepFinding } from '../runner/keep-finding';
import { fuzzRun, summary } from './fuzz-run';

const USAGE = `usage: npm run fuzz -- [options]

Sends a real registry, its dialects included, requests that nobody should send, as everybody who might. Each has to be
answered in time and not with a 5xx, without a secret and as docs/openapi.json says, and so that strict readers of JSON and
XML can read it, as all lists after it. What is refused may write nothing, and no instance may be found under a name that
its token has no grant for. Then one token of each tenant floods its namespace: it may take no more than its share.
Stops at the first that is answered otherwise, and shows it as a command.

  --host <name>   what the registry runs in: resident (default) or workerd
  --requests <n>  how many (default 20000)
  --seed <n>      what is sent follows from it (default: random, printed)
  --help          show this`;

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: 'resident' },
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const host = hostNamed(values.host);
  const seed = Number(values.seed);
  console.error(`seed ${seed}`);
  const folder = mkdtempSync(join(tmpdir(), 'rollcall fuzz-'));
  const registry = await startOn(host, { data: join(folder, 'data') });
  const { url, rootToken } = registry;
  try {
    const startedAt = Date.now();
    const requests = Number(values.requests);
    const log = (line: string) => console.error(`[${Math.round((Date.now() - startedAt) / 1_000)} s] ${line}`);
    const report = await fuzzRun({ url, rootToken, requests, seed, document: 'docs/openapi.json', log });
    for (const violation of report.violations) console.error(violation);
    console.log(summary(report, seed));
    console.log(`${Math.round((report.requests * 1_000) / (Date.now() - startedAt))} requests a second`);
    if (report.violations.length === 0) return 0;
    const story = [...report.violations, '', 'sent together, and answered:', ...report.lastWindow].join('\n');
    console.log(`what was found: ${keepFinding('fuzz', seed, story)}`);
    return 1;
  } finally {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
