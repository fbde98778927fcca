import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { findRuntime } from '../src/launcher/runtime';
import { contestFigure } from './contest';
import { type Bench, type Figure, reached, USUAL_HOMES } from './figure';
import { calls } from './figures/calls';
import { coldWake } from './figures/cold-wake';
import { consul } from './figures/consul';
import { consulChecks } from './figures/consul-checks';
import { consulWaits } from './figures/consul-waits';
import { contests } from './figures/contests';
import { cost } from './figures/cost';
import { entries, entryRange, transactions } from './figures/entries';
import { eureka } from './figures/eureka';
import { eurekaAfterChange } from './figures/eureka-after-change';
import { fanOut } from './figures/fan-out';
import { heap } from './figures/heap';
import { history } from './figures/history';
import { leaseEnds } from './figures/lease-ends';
import { longPolls } from './figures/long-polls';
import { memory } from './figures/memory';
import { nacos } from './figures/nacos';
import { namespaces } from './figures/namespaces';
import { readsAfterChange } from './figures/reads-after-change';
import { requestLog } from './figures/request-log';
import { scaling } from './figures/scaling';
import { socketBeat, socketRegister } from './figures/socket-rates';
import { start } from './figures/start';
import { transfer } from './figures/transfer';
import { waking } from './figures/waking';
import { watcherMemory } from './figures/watcher-memory';
import { requireWrk } from './load';
import { type BenchOptions, parseOptions, ROUNDS, USAGE } from './options';
import { profile, profileSocket, SOCKET_PROFILE } from './profile';
import { HOMES } from './program';
import { programsOf } from './programs';
import { type HomeFinding, renderReport, renderTable, type Setting } from './report';
import { Workspace } from './workspace';

/** Load average above which other processes disturb the figures. */
const BUSY_LOAD = 0.5;

const FIGURES: readonly Figure[] = [
  ...contests.map(contestFigure),
  calls,
  requestLog,
  entries,
  entryRange,
  transactions,
  leaseEnds,
  nacos,
  eureka,
  consul,
  consulWaits,
  readsAfterChange,
  eurekaAfterChange,
  scaling,
  namespaces,
  start,
  waking,
  memory,
  heap,
  cost,
  fanOut,
  socketRegister,
  socketBeat,
  longPolls,
  watcherMemory,
  coldWake,
  history,
  transfer,
  consulChecks,
];

function setting({ rounds, seconds, except }: BenchOptions, load: number): Setting {
  // The manifest of an installed package has a version.
  const { version } = JSON.parse(readFileSync('node_modules/workerd/package.json', 'utf8')) as { version: string };
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: cpus().length,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    load,
    deno: execFileSync(findRuntime('deno').program, ['--version'], { encoding: 'utf8' }).split(' ')[1] ?? 'unknown',
    node: process.versions.node,
    workerd: version,
    rounds,
    seconds,
    leftOut: except,
  };
}

/** Measures one figure after the other, each in its homes. Reports a figure that fails, and continues with the others. */
async function measureAll(
  benches: readonly Bench[],
  figures: readonly Figure[],
): Promise<{ findings: HomeFinding[]; failed: string[] }> {
  const findings: HomeFinding[] = [];
  const failed: string[] = [];
  for (const { name, homes = USUAL_HOMES, measure } of figures) {
    for (const bench of benches.filter(({ programs }) => homes.includes(programs.home))) {
      const { home } = bench.programs;
      try {
        findings.push(...(await measure(bench)).map((finding) => ({ ...finding, home })));
      } catch (error) {
        console.error(`${name} failed in ${home}:`, error);
        failed.push(`${name} in ${home}`);
        bench.workspace.endAll();
      }
    }
  }
  return { findings, failed };
}

function write(how: Setting, findings: readonly HomeFinding[]): void {
  const judged = findings.map((finding) => ({ ...finding, reached: reached(finding) }));
  mkdirSync('bench/results', { recursive: true });
  writeFileSync('bench/results/latest.json', `${JSON.stringify({ setting: how, findings: judged }, null, 2)}\n`);
  writeFileSync('bench/RESULTS.md', renderReport(how, findings));
  console.log('written: bench/RESULTS.md, bench/results/latest.json');
}

async function run(options: BenchOptions): Promise<number> {
  await requireWrk();
  const how = setting(options, loadavg()[0] ?? 0);
  if (how.load > BUSY_LOAD) {
    console.error(`the machine is not idle (load ${how.load.toFixed(2)}): ratios will vary, and rates will be low`);
  }
  const began = performance.now();
  const workspace = new Workspace();
  const log = (line: string) =>
    console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${line}`);
  const benches: Bench[] = [];
  for (const home of options.homes) {
    const programs = await programsOf(home, workspace.newFolder(`programs-${home}`));
    const { rounds, seconds } = options;
    benches.push({ workspace, programs, rounds, seconds, log: (line) => log(`${home}, ${line}`) });
  }
  const [first] = benches;
  if (first !== undefined && options.profile !== undefined) {
    const profiled = contests.find(({ name }) => name === options.profile);
    console.log(await (profiled === undefined ? profileSocket(first) : profile(first, profiled)));
    return 0;
  }
  const figures = FIGURES.filter(({ name }) => {
    return (options.only === undefined || name === options.only) && !options.except.includes(name);
  });
  const { findings, failed } = await measureAll(benches, figures);
  console.log(`\n${renderTable(findings)}\n`);
  if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`);
  if (options.only === undefined && options.homes.length === HOMES.length && options.rounds >= ROUNDS) {
    write({ ...how, leftOut: [...how.leftOut, ...failed] }, findings);
  }
  return failed.length > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  try {
    const names = {
      figures: FIGURES.map(({ name }) => name),
      contests: [...contests.map(({ name }) => name), SOCKET_PROFILE],
    };
    const options = parseOptions(process.argv.slice(2), names);
    if (!options.help) return await run(options);
    console.log(`${USAGE}\n\nfigures: ${names.figures.join(', ')}`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
}

process.exit(await main());
