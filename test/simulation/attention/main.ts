import { parseArgs } from 'node:util';
import { CoreSubject } from './core-subject';
import { REPAIRED, type RuleVariant } from './model-rule';
import { ModelSubject } from './model-subject';
import { SCENARIO_NAMES, SCENARIOS, type Scenario } from './scenarios';
import type { HostKind, SubjectFactory } from './subject';
import { runWorld } from './trial';
import { TrialReport } from './trial-report';

const HOSTS: readonly HostKind[] = ['resident', 'cloudflare'];

/** The registry itself, or an independent model of the rule. */
const SUBJECTS = ['core', 'model'] as const;

/** Changes to the rule, and faults in it, that --variant can name. */
const VARIANTS: Record<string, RuleVariant> = {
  repaired: REPAIRED,
  heardOnce: { heardOnce: true },
  noSecondPass: { noSecondPass: true },
  trustsAlarm: { trustsAlarm: true },
  sessionsNotAsked: { sessionsNotAsked: true },
  noGaps: { noGaps: true },
  forgetsAttended: { forgetsAttended: true },
  savesAskedRenewals: { savesAskedRenewals: true },
  findsLostSocketsAtWake: { findsLostSocketsAtWake: true },
  asksEarly: { asksEarly: true },
  endsOnlyOnTime: { endsOnlyOnTime: true },
};

const USAGE = `usage: npm run attention -- [--seed N] [--worlds N] [--host ${HOSTS.join('|')}] [--scenario NAME]
       [--subject ${SUBJECTS.join('|')}] [--variant NAME[,NAME]...]

Runs the registry, or a model of its attention rule, in simulated worlds of holders and faults: --worlds of each scenario
(default 100) from --seed on (default 1), a twentieth as many if a world has thousands of sessions. Prints a table, and fails if
a holder that renewed in time was expired, or a dead one was kept for too long. The same scenario, host and seed give the same world.

scenarios: ${SCENARIO_NAMES.join(', ')}
variants of the model's rule (default: the rule as written): ${Object.keys(VARIANTS).join(', ')}`;

const PROGRESS_EVERY_MS = 10_000;
const MANY_SESSIONS_SHARE = 20;
const MANY_SESSIONS = 100;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    worlds: { type: 'string', default: '100' },
    host: { type: 'string' },
    scenario: { type: 'string' },
    subject: { type: 'string', default: 'core' },
    variant: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function chosen<Name extends string>(
  option: string,
  names: readonly Name[],
  value: string | undefined,
): readonly Name[] {
  if (value === undefined) return names;
  const found = names.filter((name) => name === value);
  if (found.length === 0) throw new Error(`there is no ${option} "${value}"\n${USAGE}`);
  return found;
}

function count(option: 'seed' | 'worlds'): number {
  const number = Number(values[option]);
  if (!Number.isInteger(number) || number < 0) throw new Error(`--${option} ${values[option]} is not a whole number`);
  return number;
}

function variantOf(names: string | undefined): RuleVariant {
  const variant: RuleVariant = {};
  for (const name of names?.split(',') ?? []) {
    const known = VARIANTS[name];
    if (known === undefined) throw new Error(`there is no variant "${name}"\n${USAGE}`);
    Object.assign(variant, known);
  }
  return variant;
}

function factoryOf(subject: (typeof SUBJECTS)[number], names: string | undefined): SubjectFactory {
  const variant = variantOf(names);
  if (subject === 'model') return (host) => new ModelSubject(host, variant);
  if (names !== undefined) throw new Error(`--variant needs --subject model\n${USAGE}`);
  return (host) => new CoreSubject(host);
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [firstSeed, worlds] = [count('seed'), count('worlds')];
  const factory = factoryOf(chosen('subject', SUBJECTS, values.subject)[0] ?? 'core', values.variant);
  const hosts = chosen('host', HOSTS, values.host);
  const report = new TrialReport();
  const started = performance.now();
  let shown = started;
  for (const scenario of chosen('scenario', SCENARIO_NAMES, values.scenario)) {
    const { sessions = 0, hosts: itsHosts }: Scenario = SCENARIOS[scenario];
    const share = sessions > MANY_SESSIONS ? MANY_SESSIONS_SHARE : 1;
    for (const host of itsHosts.filter((one) => hosts.includes(one))) {
      for (let seed = firstSeed; seed < firstSeed + Math.ceil(worlds / share); seed++) {
        report.add(await runWorld({ scenario, host, seed }, factory));
        if (performance.now() - shown < PROGRESS_EVERY_MS) continue;
        shown = performance.now();
        console.error(`[${((shown - started) / 1_000).toFixed(0)} s] ${scenario}, ${host}, seed ${seed}`);
      }
    }
  }
  console.log(report.markdown());
  const problems = report.problems();
  if (problems.length === 0) return 0;
  console.log(
    `\n${problems.join('\n')}\n\nrepeat with: npm run attention -- --scenario NAME --host HOST --seed N --worlds 1`,
  );
  return 1;
}

process.exitCode = await main();
