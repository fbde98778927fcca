import { describe, expect, it } from 'vitest';
import { CoreSubject } from './core-subject';
import { REPAIRED, type RuleVariant } from './model-rule';
import { ModelSubject } from './model-subject';
import { SCENARIO_NAMES, SCENARIOS, type Scenario, type ScenarioName } from './scenarios';
import type { HostKind, SubjectFactory } from './subject';
import { runWorld } from './trial';
import { TrialReport } from './trial-report';

/** Worlds of each scenario and host; `npm run attention` tries as many as its time allows. */
const CORE_WORLDS = 3;
const MODEL_WORLDS = 2;
const SABOTAGED_WORLDS = 40;

/** Generous, so that a busy machine fails no test. */
const TRIAL_MAX_MS = 120_000;

const PLACES = SCENARIO_NAMES.flatMap((scenario) => SCENARIOS[scenario].hosts.map((host) => ({ scenario, host })));

const core: SubjectFactory = (host) => new CoreSubject(host);

const model =
  (variant: RuleVariant): SubjectFactory =>
  (host) =>
    new ModelSubject(host, variant);

/** Runs worlds of one scenario on one host until the first with problems, and returns those. */
async function problemsOf(
  scenario: ScenarioName,
  host: HostKind,
  factory: SubjectFactory,
  seeds: number[],
): Promise<string[]> {
  const report = new TrialReport();
  for (const seed of seeds) {
    report.add(await runWorld({ scenario, host, seed }, factory));
    if (report.problems().length > 0) break;
  }
  return report.problems();
}

function seedsOf(scenario: ScenarioName, count: number): number[] {
  const { sessions = 0 }: Scenario = SCENARIOS[scenario];
  return Array.from({ length: sessions > 100 ? 1 : count }, (_, index) => index + 1);
}

/** Worlds that once found a defect of the registry. */
const CORE_FINDINGS: { what: string; scenario: ScenarioName; host: HostKind; seed: number }[] = [
  {
    what: 'a session that resumed after it was asked, and then asked again too late',
    scenario: 'outage',
    host: 'resident',
    seed: 5,
  },
  {
    what: 'attention for a lease that was asked early, lost in consecutive crashes',
    scenario: 'session deploys',
    host: 'resident',
    seed: 2017,
  },
  {
    what: 'attention after a wake, lost in consecutive crashes',
    scenario: 'crash loop',
    host: 'resident',
    seed: 2030,
  },
];

describe('the registry', () => {
  it.each(PLACES)(
    '[I6, L1, L10] expires dead holders in time and no timely one: $scenario, $host',
    { timeout: TRIAL_MAX_MS },
    async ({ scenario, host }) => {
      expect(await problemsOf(scenario, host, core, seedsOf(scenario, CORE_WORLDS))).toEqual([]);
    },
  );

  it.each(CORE_FINDINGS)('[I6, L1] handles correctly: $what', async ({ scenario, host, seed }) => {
    expect(await problemsOf(scenario, host, core, [seed])).toEqual([]);
  });
});

describe('the repaired attention rule', () => {
  it.each(PLACES)(
    '[I6, L1, L10] expires dead holders in time and no timely one: $scenario, $host',
    { timeout: TRIAL_MAX_MS },
    async ({ scenario, host }) => {
      expect(await problemsOf(scenario, host, model(REPAIRED), seedsOf(scenario, MODEL_WORLDS))).toEqual([]);
    },
  );
});

/** Defects of the rule as written, in the smallest worlds found, and the repair of each. */
const FINDINGS: { what: string; scenario: ScenarioName; host: HostKind; seed: number; repair: RuleVariant }[] = [
  {
    what: 'answered renewals that consecutive crashes lose',
    scenario: 'crash loop',
    host: 'resident',
    seed: 124,
    repair: { savesAskedRenewals: true },
  },
  {
    what: 'answered renewals that consecutive crashes lose',
    scenario: 'crash loop',
    host: 'cloudflare',
    seed: 20,
    repair: { savesAskedRenewals: true },
  },
  {
    what: 'one freeze between two looks, and a second pass that comes before the retry',
    scenario: 'aimed freeze, one holder',
    host: 'cloudflare',
    seed: 282,
    repair: { asksEarly: true },
  },
  {
    what: 'a late second pass that comes before queued renewals',
    scenario: 'short freezes',
    host: 'cloudflare',
    seed: 442,
    repair: { endsOnlyOnTime: true },
  },
  {
    what: 'lost sockets that are found one ttl after the crash',
    scenario: 'outage',
    host: 'cloudflare',
    seed: 2,
    repair: { findsLostSocketsAtWake: true },
  },
];

describe('the attention rule as written', () => {
  it.each(FINDINGS)('[I6] needs its repair: $what, $scenario, $host, seed $seed', async (finding) => {
    const { scenario, host, seed, repair } = finding;
    expect(await problemsOf(scenario, host, model({}), [seed])).not.toEqual([]);
    expect(await problemsOf(scenario, host, model(repair), [seed])).toEqual([]);
  });
});

/** Faulty rules, each of which at least one scenario must find. */
const SABOTAGE: { fault: keyof RuleVariant; scenario: ScenarioName; host: HostKind }[] = [
  { fault: 'heardOnce', scenario: 'freeze', host: 'resident' },
  { fault: 'heardOnce', scenario: 'freeze', host: 'cloudflare' },
  { fault: 'noGaps', scenario: 'outage', host: 'resident' },
  { fault: 'noGaps', scenario: 'freeze', host: 'cloudflare' },
  { fault: 'noSecondPass', scenario: 'short freezes', host: 'resident' },
  { fault: 'noSecondPass', scenario: 'short freezes', host: 'cloudflare' },
  { fault: 'trustsAlarm', scenario: 'lost alarms', host: 'cloudflare' },
  { fault: 'sessionsNotAsked', scenario: 'calm', host: 'resident' },
  { fault: 'sessionsNotAsked', scenario: 'calm', host: 'cloudflare' },
  { fault: 'forgetsAttended', scenario: 'lost alarms', host: 'cloudflare' },
  { fault: 'forgetsAttended', scenario: 'short freezes', host: 'resident' },
];

describe('the trial', () => {
  it.each(SABOTAGE)('[I6] detects a rule with $fault in $scenario, $host', async ({ fault, scenario, host }) => {
    const seeds = seedsOf(scenario, SABOTAGED_WORLDS);
    expect(await problemsOf(scenario, host, model({ [fault]: true }), seeds)).not.toEqual([]);
  });

  it.each([
    { subject: 'core', factory: core },
    { subject: 'model', factory: model({}) },
  ])('runs the same world for the same seed: $subject', async ({ factory }) => {
    const run = (seed: number) => runWorld({ scenario: 'repeated freezes', host: 'cloudflare', seed }, factory);
    const first = await run(3);
    expect(await run(3)).toEqual(first);
    expect(await run(4)).not.toEqual(first);
  });
});
