import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleWorker } from '../../src/launcher/bundle';
import { startRegistry } from '../../src/launcher/start-registry';
import { fuzzRun, summary } from './fuzz-run';

/** `npm run fuzz -- --requests 1000000 --seed 1`: the long form of the fuzz proof. */
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);
const folder = mkdtempSync(join(tmpdir(), 'rollcall fuzz-'));
const workerPath = join(folder, 'worker.js');
writeFileSync(workerPath, await bundleWorker(resolve('src/worker.ts')));
const registry = await startRegistry({ data: join(folder, 'data'), workerPath });
const { url, rootToken } = registry;
try {
  const startedAt = Date.now();
  const requests = Number(values.requests);
  const report = await fuzzRun({ url, rootToken, requests, seed, document: 'docs/openapi.json', log: console.log });
  for (const violation of report.violations) console.error(violation);
  console.log(summary(report, seed));
  console.log(`${Math.round((report.requests * 1_000) / (Date.now() - startedAt))} requests a second`);
  process.exitCode = report.violations.length === 0 ? 0 : 1;
} finally {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
}
