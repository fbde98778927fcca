import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { bundleConsole } from '../../src/launcher/console-bundle';
import type { Finding } from '../figure';
import { renderNotes, renderTable } from '../report';
import { changeToPixel } from './change-to-pixel';
import { ConsoleBench } from './console-bench';
import { drainDelay } from './drain-delay';
import { firstPaint, listing } from './opening';
import { scrolling } from './scrolling';

const ROUNDS = 5;

/** Name of the page among its files, and the goal for what it loads before it is used. */
const PAGE = 'index.html';
const FIRST_MAX_KB = 60;

const FIGURES: Readonly<Record<string, (bench: ConsoleBench) => Promise<Finding[]>>> = {
  'first-paint': firstPaint,
  listing,
  'change-to-pixel': changeToPixel,
  scrolling,
  'drain-delay': drainDelay,
};

const USAGE = `usage: npm run bench:console -- [options]

Measures the console in Debian's Chromium, on a registry in the resident host with 10,000 instances. Needs the package
chromium, and npm ci --prefix test/clients. Writes bench/CONSOLE.md after a whole run of ${ROUNDS} rounds or more.

  --only <figure>  measure one figure and print it: ${Object.keys(FIGURES).join(', ')}
  --rounds <n>     rounds, in each of which a figure and its floor take turns (default ${ROUNDS})
  --help           show this help`;

/** Returns the compressed sizes of the console's files as a table, those of a first visit first. */
function renderSizes(): string {
  const { files } = bundleConsole(esbuild, process.cwd());
  const page = gunzipSync(Buffer.from(files.get(PAGE)?.gzip ?? '', 'base64')).toString();
  const sizes = [...files]
    .map(([name, { gzip }]) => ({
      name: name.replace(/-[A-Z0-9]{8}(?=\.)/, ''),
      size: Buffer.from(gzip, 'base64').length / 1_000,
      isFirst: name === PAGE || page.includes(name),
    }))
    .sort((one, other) => Number(other.isFirst) - Number(one.isFirst) || other.size - one.size);
  const sum = (some: typeof sizes) => some.reduce((total, { size }) => total + size, 0);
  const first = sum(sizes.filter(({ isFirst }) => isFirst));
  return [
    '| File | KB, compressed | Loaded |',
    '| --- | --- | --- |',
    ...sizes.map(
      ({ name, size, isFirst }) => `| ${name} | ${size.toFixed(1)} | ${isFirst ? 'at first' : 'on demand'} |`,
    ),
    `| A first visit, goal ≤ ${FIRST_MAX_KB}: ${first <= FIRST_MAX_KB ? 'yes' : '**no**'} | ${first.toFixed(1)} | |`,
    `| All | ${sum(sizes).toFixed(1)} | |`,
  ].join('\n');
}

/** Returns the page `bench/CONSOLE.md`. */
function renderPage(findings: readonly Finding[], how: { rounds: number; load: number; chromium: string }): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown';
  const date = new Date().toISOString().slice(0, 10);
  return `# The console

Written by \`npm run bench:console\`, ${date}, on ${cpus().length} cores (${processor}, load ${how.load.toFixed(2)} before), Chromium ${how.chromium} without a
display or a graphics processor, Node ${process.versions.node}. The registry runs in the resident host on Deno; browser, registry and bench
share the machine. ${how.rounds} rounds; values are medians, with minimum and maximum in brackets.

${renderTable(findings.map((finding) => ({ ...finding, home: 'deno' as const })))}

${renderNotes(findings)}

## Files

${renderSizes()}
`;
}

async function run(rounds: number, only: string | undefined): Promise<number> {
  const load = loadavg()[0] ?? 0;
  const began = performance.now();
  const log = (line: string) =>
    console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${line}`);
  const bench = await ConsoleBench.start(rounds, log);
  const findings: Finding[] = [];
  let failed = 0;
  for (const [name, measure] of Object.entries(FIGURES)) {
    if (only !== undefined && only !== name) continue;
    log(name);
    try {
      findings.push(...(await measure(bench)));
    } catch (error) {
      console.error(`${name} failed:`, error);
      failed += 1;
    }
  }
  const page = renderPage(findings, { rounds, load, chromium: bench.chromium });
  console.log(`\n${page}`);
  await bench.stop();
  if (only === undefined && failed === 0 && rounds >= ROUNDS) {
    writeFileSync('bench/CONSOLE.md', page);
    console.log('written: bench/CONSOLE.md');
  }
  return failed > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        rounds: { type: 'string', default: String(ROUNDS) },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1)
      throw new RangeError(`--rounds must be a whole number of at least 1, not "${values.rounds}"`);
    const { only } = values;
    if (only !== undefined && !Object.hasOwn(FIGURES, only))
      throw new RangeError(`--only: unknown figure "${only}"; known are ${Object.keys(FIGURES).join(', ')}`);
    return await run(rounds, only);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
}

process.exit(await main());
