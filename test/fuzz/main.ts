import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostNamed, startOn } from '../programs/host';
import { keepFinding } from '../runner/keep-finding';
import { fuzzRun, summary } from './fuzz-run';

const USAGE = `usage: npm run fuzz -- [options]

Sends hostile requests to a real registry, including its dialects, with tokens of every kind. Each response must arrive in
time, must not be a 5xx, must not contain a secret, must match docs/openapi.json, and must be readable by strict parsers of
JSON and XML, as must all lists afterwards. A refused request must write nothing, and no instance may be found under a name
that its token has no grant for. At the end, one token of each tenant floods its namespace, and may take only its share.
After a violation, the run stops, looks for the fewest requests that show one on an empty registry, and prints them as
commands, with the options that send them again.

  --host <name>   host of the registry: resident (default) or workerd
  --requests <n>  number of requests (default 20000)
  --seed <n>      seed of the values: the same seed sends the same requests (default: random, printed)
  --path <path>   send only these of the requests of a seed, as an earlier run has printed
  --help          show this`;

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: 'resident' },
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    path: { type: 'string' },
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
  const start = () => startOn(host, { data: mkdtempSync(join(folder, 'data-')) });
  try {
    const startedAt = Date.now();
    const requests = Number(values.requests);
    const log = (line: string) => console.error(`[${Math.round((Date.now() - startedAt) / 1_000)} s] ${line}`);
    const { path } = values;
    const document = 'docs/openapi.json';
    const report = await fuzzRun({ start, requests, seed, ...(path && { path }), shrinks: true, document, log });
    for (const violation of report.violations) console.error(violation);
    console.log(summary(report, seed, host));
    console.log(`${Math.round((report.requests * 1_000) / (Date.now() - startedAt))} requests a second`);
    if (report.violations.length === 0) return 0;
    const story = [...report.violations, '', 'sent together, and answered:', ...report.lastWindow].join('\n');
    console.log(`finding: ${keepFinding('fuzz', seed, story)}`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
