import { parseArgs } from 'node:util';
import { keepFinding } from '../runner/keep-finding';
import { SCENARIOS, type Scenario } from './scenario';
import { type SimulationReport, simulate } from './simulate';

const USAGE = `usage: npm run sim -- [--seed N] [--scenario ${Object.keys(SCENARIOS).join('|')}] [--lease-hours N]
       [--runs N] [--hours N] [--leases N] [--watch TEXT]

Runs simulations with consecutive seeds from --seed on (default 1), each in every scenario, until --lease-hours (default
1000000) or --runs are reached. A failure prints its scenario and seed, which reproduce the run; --watch i7 adds every call
that mentions i7 to its trace. --hours and --leases override the duration and the size of a scenario.`;

/** Time between two progress reports of a long run. */
const LOG_EVERY_MS = 10_000;

/** Events of a failed run to print; the file contains all of them. */
const SHOWN_COUNT = 40;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    scenario: { type: 'string' },
    'lease-hours': { type: 'string', default: '1000000' },
    runs: { type: 'string' },
    hours: { type: 'string' },
    leases: { type: 'string' },
    watch: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function chosen(name: string): Scenario {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`there is no scenario "${name}"\n${USAGE}`);
  return {
    ...scenario,
    hours: values.hours === undefined ? scenario.hours : Number(values.hours),
    holders: values.leases === undefined ? scenario.holders : Number(values.leases),
  };
}

function describe(report: SimulationReport): string {
  const { scenario, seed, leaseHours, hours, revisions, counts, leases, sessions, granted } = report;
  return (
    `${scenario} seed ${seed}: ${Math.round(leaseHours)} lease-hours in ${Math.round(hours)} h, ${revisions} revisions, ` +
    `${counts.calls} calls, ${counts.crashes} crashes, ${counts.hibernations} hibernations, ${counts.jumps} jumps, ${counts.freezes} freezes, ` +
    `${leases.expired} expired, ${leases.unhealthy} unhealthy, ${leases.missed} gaps, ` +
    `${sessions.resumed} sessions resumed, ${sessions.lapsed} lapsed, ` +
    `${granted.granted} leases granted, ${granted.expired} expired, ${granted.revoked} revoked with ${granted.held} entries, ` +
    `${granted.acquired} locks acquired`
  );
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const names = values.scenario === undefined ? Object.keys(SCENARIOS) : [values.scenario];
  const wanted = Number(values['lease-hours']);
  const runs = values.runs === undefined ? Number.POSITIVE_INFINITY : Number(values.runs);
  const started = performance.now();
  let seed = values.seed === undefined ? 1 : Number(values.seed);
  let done = 0;
  let loggedAt = started;
  for (let run = 0; run < runs && done < wanted; run++) {
    const scenario = chosen(names[run % names.length] ?? 'mixed');
    const log = (leaseHours: number, what: string) => {
      loggedAt = performance.now();
      const seconds = ((loggedAt - started) / 1_000).toFixed(1);
      console.error(`[${seconds} s, ${Math.round(done + leaseHours)} lease-hours] ${what}`);
    };
    const report = await simulate(scenario, seed, values.watch, (hours, leaseHours) => {
      if (performance.now() - loggedAt < LOG_EVERY_MS) return;
      log(leaseHours, `${scenario.name} seed ${seed}: ${Math.round(hours)} of ${scenario.hours} h`);
    });
    log(report.leaseHours, describe(report));
    done += report.leaseHours;
    if (report.problems.length > 0) return fail(report);
    if ((run + 1) % names.length === 0) seed += 1;
  }
  console.log(`${Math.round(done)} lease-hours, every invariant held`);
  return 0;
}

/** Prints the end of a run, and saves all of it. */
function fail({ scenario, seed, trace, problems }: SimulationReport): number {
  const found = problems.map(({ invariant, what }) => `${invariant}: ${what}`);
  console.log([...trace.split('\n').slice(-SHOWN_COUNT), ...found].join('\n'));
  console.log(`\nall of it: ${keepFinding(`sim-${scenario}`, seed, [trace, ...found].join('\n'))}`);
  console.log(`replay with: npm run sim -- --scenario ${scenario} --seed ${seed} --runs 1`);
  return 1;
}

process.exitCode = await main();
