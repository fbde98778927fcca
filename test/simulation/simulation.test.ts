import { describe, expect, it } from 'vitest';
import { SCENARIOS, type Scenario } from './scenario';
import { type SimulationReport, simulate } from './simulate';

/** Lease-hours that `npm test` simulates; `npm run sim` simulates a million. */
const LEASE_HOURS = 10_000;

/** A run takes a second or two, and much longer on a busy machine. */
const RUN_MAX_MS = 120_000;

/** A world and its size. */
interface Run {
  name: string;
  seed: number;
  hours: number;
  holders: number;
  /** Overrides the scenario's number. */
  sessions?: number;
}

/** Each world in a size that takes a few seconds; the seeds are arbitrary. */
const RUNS: Run[] = [
  { name: 'hasty', seed: 1, hours: 0.6, holders: 10 },
  { name: 'mixed', seed: 2, hours: 2.5, holders: 20 },
  { name: 'stormy', seed: 3, hours: 5, holders: 20 },
  { name: 'quiet', seed: 4, hours: 36, holders: 12 },
  { name: 'jumpy', seed: 6, hours: 6, holders: 15 },
  { name: 'calm', seed: 6, hours: 2, holders: 50 },
  { name: 'steady', seed: 7, hours: 40, holders: 330 },
  { name: 'freezing', seed: 8, hours: 2, holders: 20 },
  { name: 'resident', seed: 9, hours: 1.5, holders: 20 },
  { name: 'entries', seed: 11, hours: 1.5, holders: 4 },
  { name: 'bulky', seed: 12, hours: 0.15, holders: 2 },
  { name: 'crowd', seed: 10, hours: 0.1, holders: 10, sessions: 1_200 },
];

function scenarioOf({ name, hours, holders, sessions }: Run): Scenario {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  return { ...scenario, hours, holders, sessions: sessions ?? scenario.sessions };
}

describe('the registry in a simulated world', () => {
  const reports: SimulationReport[] = [];

  it.each(RUNS)(
    '[I1, I2, I3, I4, I6, I7, I8, T2, T3, T4, T6, GL1, GL2, GL6, GL7, EL1, EL4, EL5] keeps its promises in a world that is $name',
    { timeout: RUN_MAX_MS },
    async (run) => {
      const report = await simulate(scenarioOf(run), run.seed);
      reports.push(report);
      const { problems, trace } = report;
      expect(
        problems,
        `${trace}
seed ${run.seed} of ${JSON.stringify(run)}`,
      ).toEqual([]);
      expect(report.revisions).toBeGreaterThan(100);
      expect(report.replays).toBeGreaterThan(0);
      expect(report.rowsCompared).toBeGreaterThan(10);
    },
  );

  it('ran long enough and met every kind of fault', () => {
    const sum = (of: (report: SimulationReport) => number) => reports.reduce((total, report) => total + of(report), 0);
    expect(sum(({ leaseHours }) => leaseHours)).toBeGreaterThan(LEASE_HOURS);
    expect(sum(({ counts }) => counts.crashes)).toBeGreaterThan(50);
    expect(sum(({ counts }) => counts.hibernations)).toBeGreaterThan(100);
    expect(sum(({ counts }) => counts.jumps)).toBeGreaterThan(10);
    expect(sum(({ counts }) => counts.freezes)).toBeGreaterThan(30);
    expect(sum(({ counts }) => counts.lost)).toBeGreaterThan(50);
    expect(sum(({ leases }) => leases.expired)).toBeGreaterThan(200);
    expect(sum(({ leases }) => leases.unhealthy)).toBeGreaterThan(200);
    expect(sum(({ leases }) => leases.missed)).toBeGreaterThan(50);
    expect(sum(({ sessions }) => sessions.resumed)).toBeGreaterThan(50);
    expect(sum(({ sessions }) => sessions.lapsed)).toBeGreaterThan(20);
    expect(sum(({ sessions }) => sessions.ended)).toBeGreaterThan(20);
    expect(sum(({ granted }) => granted.expired)).toBeGreaterThan(50);
    expect(sum(({ granted }) => granted.revoked)).toBeGreaterThan(50);
    expect(sum(({ granted }) => granted.held)).toBeGreaterThan(2_000);
    expect(sum(({ granted }) => granted.acquired)).toBeGreaterThan(100);
    expect(sum(({ granted }) => granted.delayed)).toBeGreaterThan(10);
  });

  it('repeats a run for the same seed', async () => {
    const scenario = scenarioOf({ name: 'stormy', seed: 7, hours: 2, holders: 10 });
    const first = await simulate(scenario, 7);
    expect(await simulate(scenario, 7)).toEqual(first);
    expect(await simulate(scenario, 8)).not.toEqual(first);
  });
});
