import { parseArgs } from 'node:util';
import { SCENARIOS, type Scenario } from './scenario';
import { type SimulationReport, simulate } from './simulate';

const USAGE = `usage: npm run sim -- [--seed N] [--scenario ${Object.keys(SCENARIOS).join('|')}] [--lease-hours N]
       [--runs N] [--hours N] [--leases N] [--watch TEXT]

Runs simulations with one seed after another, from --seed on, until --lease-hours are done or --runs are over.
A failure prints its scenario and seed; the same two give the same run, and --watch i7 shows all that i7 does in it.`;

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
  const { scenario, seed, leaseHours, hours, revisions, counts, leases, sessions } = report;
  return (
    `${scenario} seed ${seed}: ${Math.round(leaseHours)} lease-hours in ${Math.round(hours)} h, ${revisions} revisions, ` +
    `${counts.calls} calls, ${counts.crashes} crashes, ${counts.hibernations} hibernations, ${counts.jumps} jumps, ` +
    `${leases.expired} expired, ${leases.unhealthy} unhealthy, ${leases.forgiven} forgiven, ` +
    `${sessions.resumed} sessions resumed, ${sessions.lapsed} lapsed`
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
  for (let run = 0; run < runs && done < wanted; run++) {
    const scenario = chosen(names[run % names.length] ?? 'mixed');
    const report = await simulate(scenario, seed, values.watch);
    done += report.leaseHours;
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    console.error(`[${seconds} s, ${Math.round(done)} lease-hours] ${describe(report)}`);
    if (report.problems.length > 0) {
      console.log(report.trace);
      for (const { invariant, what } of report.problems) console.log(`${invariant}: ${what}`);
      console.log(`\nreplay with: npm run sim -- --scenario ${scenario.name} --seed ${seed} --runs 1`);
      return 1;
    }
    if ((run + 1) % names.length === 0) seed += 1;
  }
  console.log(`${Math.round(done)} lease-hours, every invariant held`);
  return 0;
}

process.exitCode = await main();
