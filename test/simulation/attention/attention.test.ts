import { describe, expect, it } from 'vitest';
import { REPAIRED, type RuleVariant } from './model-rule';
import { ModelSubject } from './model-subject';
import { SCENARIO_NAMES, SCENARIOS, type Scenario, type ScenarioName } from './scenarios';
import type { HostKind } from './subject';
import { runWorld } from './trial';
import { TrialReport } from './trial-report';

/** Worlds of each scenario and host; `npm run attention` tries as many as there is time for. */
const WORLDS = 12;

/** A busy machine is slow, not wrong. */
const TRIAL_MAX_MS = 120_000;

const PLACES = SCENARIO_NAMES.flatMap((scenario) => SCENARIOS[scenario].hosts.map((host) => ({ scenario, host })));

/** Runs worlds of one scenario on one host and returns what they found wrong. */
async function problemsOf(
  scenario: ScenarioName,
  host: HostKind,
  variant: RuleVariant,
  seeds: number[],
): Promise<string[]> {
  const report = new TrialReport();
  for (const seed of seeds)
    report.add(await runWorld({ scenario, host, seed }, (lent) => new ModelSubject(lent, variant)));
  return report.problems();
}

function seedsOf(scenario: ScenarioName, count = WORLDS): number[] {
  const { sessions = 0 }: Scenario = SCENARIOS[scenario];
  return Array.from({ length: sessions > 100 ? 1 : count }, (_, index) => index + 1);
}

describe('the repaired attention rule', () => {
  it.each(PLACES)(
    '[I6, L1, L10] ends the dead in time and no timely holder: $scenario, $host',
    { timeout: TRIAL_MAX_MS },
    async ({ scenario, host }) => {
      expect(await problemsOf(scenario, host, REPAIRED, seedsOf(scenario))).toEqual([]);
    },
  );
});

/** What the rule as written gets wrong, in the smallest worlds found, and the repair of each. */
const FINDINGS: { what: string; scenario: ScenarioName; host: HostKind; seed: number; repair: RuleVariant }[] = [
  {
    what: 'answered renewals that crashes lose one after the other',
    scenario: 'crash loop',
    host: 'resident',
    seed: 124,
    repair: { savesAskedRenewals: true },
  },
  {
    what: 'answered renewals that crashes lose one after the other',
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
    expect(await problemsOf(scenario, host, {}, [seed])).not.toEqual([]);
    expect(await problemsOf(scenario, host, repair, [seed])).toEqual([]);
  });
});

/** Faulty rules, each of which at least one scenario has to find. */
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
  it.each(SABOTAGE)('[I6] finds a rule with $fault in $scenario, $host', async ({ fault, scenario, host }) => {
    expect(await problemsOf(scenario, host, { [fault]: true }, seedsOf(scenario, 40))).not.toEqual([]);
  });

  it('gives the same world for the same seed', async () => {
    const run = (seed: number) =>
      runWorld({ scenario: 'repeated freezes', host: 'cloudflare', seed }, (lent) => new ModelSubject(lent));
    const first = await run(3);
    expect(await run(3)).toEqual(first);
    expect(await run(4)).not.toEqual(first);
  });
});
