import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { findRuntime } from '../../src/launcher/runtime';
import type { Finding } from '../figure';
import { programsOf } from '../programs';
import { renderTable } from '../report';
import { Workspace } from '../workspace';
import { idle } from './idle';
import { lateness } from './lateness';
import { memory } from './memory';
import type { NacosBench, NacosScale } from './nacos-bench';
import { PROFILES, profileNacos } from './profiles';
import { fanOut, pushes } from './pushes';
import { rates } from './rates';

const ROUNDS = 5;
const FULL: NacosScale = {
  clients: 1_000,
  instances: 4_000,
  turnMs: 1_000,
  changes: 20,
  pollers: 50,
  idleMs: 30_000,
  connections: [1_000, 4_000],
  settleMs: 3_000,
};
const QUICK: NacosScale = {
  clients: 20,
  instances: 200,
  turnMs: 100,
  changes: 3,
  pollers: 10,
  idleMs: 1_000,
  connections: [20],
  settleMs: 100,
};

const FIGURES: Readonly<Record<string, (bench: NacosBench) => Promise<Finding[]>>> = {
  rates,
  pushes,
  'fan-out': fanOut,
  lateness,
  idle,
  memory,
};

const USAGE = `usage: npm run bench:nacos -- [options]

Measures the port for clients of Nacos on the resident host, by gRPC and beside it by HTTP, with floors in the same rounds.
Writes bench/NACOS.md after a whole run of ${ROUNDS} rounds or more.

  --only <figure>     measure one figure and print it: ${Object.keys(FIGURES).join(', ')}
  --profile <action>  run one action under V8's CPU profiler, and print where the time goes: ${PROFILES.join(', ')}
  --rounds <n>        rounds, in each of which a figure and its floor take turns (default ${ROUNDS})
  --quick             one short round of everything, with few clients: a smoke test, not for publication
  --help              show this help`;

/** Returns the notes, each with the name of its figure. */
function renderNotes(findings: readonly Finding[]): string {
  const notes = new Map(findings.map(({ figure, note = '' }) => [note, figure]));
  return [...notes].flatMap(([note, figure]) => (note === '' ? [] : [`- **${figure}**: ${note}.`])).join('\n');
}

/** Returns the page \`bench/NACOS.md\`. */
function renderPage(findings: readonly Finding[], rounds: number, load: number): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown';
  const date = new Date().toISOString().slice(0, 10);
  const deno = execFileSync(findRuntime('deno').program, ['--version'], { encoding: 'utf8' }).split(' ')[1] ?? '';
  return `# Clients of Nacos

Written by \`npm run bench:nacos\`, ${date}, on ${cpus().length} cores (${processor}, load ${load.toFixed(2)} before), Deno ${deno}, Node ${process.versions.node}.
Clients of Nacos at the resident host, as \`rollcall serve --nacos-port\` runs it, which syncs each change to the disk before it
answers. All clients are one process on the same machine, with connections of HTTP/2 or HTTP/1 that it writes and reads itself.
Absolute rates mean little: compare the ratio to the floor, which ran in the same rounds, and the processor time. ${rounds} rounds;
values are medians, with minimum and maximum in brackets.

${renderTable(findings.map((finding) => ({ ...finding, home: 'deno' as const })))}

${renderNotes(findings)}
`;
}

interface Options {
  rounds: number;
  isQuick: boolean;
  only: string | undefined;
  profile: string | undefined;
}

async function run({ rounds, isQuick, only, profile }: Options): Promise<number> {
  const load = loadavg()[0] ?? 0;
  const began = performance.now();
  const log = (line: string) =>
    console.error(`${((performance.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${line}`);
  const workspace = new Workspace();
  const programs = await programsOf('deno', workspace.newFolder('programs'));
  const bench: NacosBench = { workspace, programs, rounds, scale: isQuick ? QUICK : FULL, log };
  if (profile !== undefined) {
    console.log(await profileNacos(bench, profile));
    return 0;
  }
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
      workspace.endAll();
    }
  }
  const page = renderPage(findings, rounds, load);
  console.log(page);
  if (only === undefined && failed === 0 && rounds >= ROUNDS) {
    writeFileSync('bench/NACOS.md', page);
    console.error('written: bench/NACOS.md');
  }
  return failed > 0 ? 1 : 0;
}

function known(option: string, name: string | undefined, names: readonly string[]): string | undefined {
  if (name === undefined || names.includes(name)) return name;
  throw new RangeError(`--${option}: unknown name "${name}"; known are ${names.join(', ')}`);
}

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        profile: { type: 'string' },
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const rounds = Number(values.rounds ?? (values.quick ? 1 : ROUNDS));
    if (!Number.isInteger(rounds) || rounds < 1)
      throw new RangeError(`--rounds must be a whole number of at least 1, not "${values.rounds}"`);
    const only = known('only', values.only, Object.keys(FIGURES));
    const profile = known('profile', values.profile, PROFILES);
    return await run({ rounds, isQuick: values.quick, only, profile });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
}

process.exit(await main());
