import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../programs/host';
import { SeededRandom } from '../simulation/seeded-random';
import { SessionHolder } from '../watch-proofs/session-holder';
import type { Outage } from './lease-bounds';
import { LeaseFleet } from './lease-fleet';
import { RegistryClient } from './registry-client';
import { Revisions } from './revisions';
import { type Blow, victimOn } from './victim';
import { Writer } from './writer';

const WRITERS_COUNT = 12;
const RENEWING_COUNT = 6;

const SESSIONS_COUNT = 3;
const SESSION_TTL_MS = 6_000;

/**
 * Each of several crashes in quick succession extends every lease, because the registry can't know which renewals it
 * missed. From time to time, and at the end, it is left alone long enough for every dead instance to expire.
 */
const CALM_EVERY_ROUNDS = 5;
const CALM_MS = 12_000;

/** From freezes that are too short to be detected to those that outlast every lease. */
const FREEZE_MS = { from: 200, to: 8_000 };

/** How often each fault is chosen, relative to the others. */
const FAULTS: Record<Blow | 'freeze', number> = { registry: 5, launcher: 1, both: 2, freeze: 4 };

/** Options of a run. */
export interface CrashOptions {
  host: Host;
  rounds: number;
  seed: number;
  /** Path of the `rollcall.js` that runs the resident host. */
  program: string;
  /** How often each fault is chosen, relative to the others. Without it: any fault. */
  faults?: typeof FAULTS;
  /** Receives occasional log lines. */
  log?: (line: string) => void;
}

/** Result of a run. Without a defect there are no violations. */
export interface CrashReport {
  violations: string[];
  kills: number;
  freezes: number;
  outages: readonly Outage[];
  acknowledged: number;
  byKind: Record<string, number>;
  unknown: { applied: number; lost: number };
  leases: LeaseFleet['counts'];
  /** Longest time from a kill or a freeze until the registry answered again. */
  longestOutageMs: number;
  exitCode: number | null;
  /** Path of its data folder, which is kept after a violation. */
  data: string;
}

/**
 * Kills and freezes a registry repeatedly while writers are at work, and each time compares its state with
 * the acknowledged changes.
 *
 * The seed decides the actions and the times of kills; how far the calls have got by then depends on the machine.
 */
export async function crashRun(options: CrashOptions): Promise<CrashReport> {
  const { host, rounds, seed, program, faults = FAULTS, log = () => {} } = options;
  const random = new SeededRandom(seed);
  const data = mkdtempSync(join(tmpdir(), 'rollcall crash-'));
  const victim = victimOn({ host, program, data });
  const violations: string[] = [];
  const outages: Outage[] = [];
  const revisions = new Revisions(violations);
  let exitCode: number | null = null;

  await victim.start();
  const client = new RegistryClient(victim.url, victim.token, revisions);
  const writers = Array.from({ length: WRITERS_COUNT }, (_, number) => {
    return new Writer(`writer-${number}`, client, revisions, random.fork());
  });
  const fleet = new LeaseFleet(client, random.fork(), violations, outages);
  const over = new AbortController();
  const place = { url: victim.url, rootToken: victim.token };
  const sessions = Array.from({ length: SESSIONS_COUNT }, (_, number) => {
    return new SessionHolder({ place, service: 'held', ids: [`held-${number}`], ttlMs: SESSION_TTL_MS });
  });
  await Promise.all(sessions.map((holder) => holder.start()));
  const leases = fleet.work(RENEWING_COUNT, sessions, over.signal);
  let freezes = 0;
  try {
    for (let round = 1; round <= rounds && violations.length === 0; round += 1) {
      if (round % CALM_EVERY_ROUNDS === 0) await sleep(CALM_MS);
      const stop = new AbortController();
      const work = writers.map((writer) => writer.work(stop.signal));
      await sleep(random.whole(100, 900));
      const blow = random.weighted(faults);
      if (blow === 'freeze') {
        freezes += 1;
        await victim.freeze(random.magnitude(FREEZE_MS.from, FREEZE_MS.to), outages);
      } else {
        await victim.strike(blow, outages);
      }
      stop.abort();
      await Promise.all(work);
      await Promise.all(writers.map((writer) => writer.check()));
      if (round % 10 === 0) log(`round ${round}: revision ${revisions.newest}, ${violations.length} violations`);
    }
    if (violations.length === 0) await sleep(CALM_MS);
  } finally {
    over.abort();
    await leases;
    for (const holder of sessions) holder.die();
    client.close();
    exitCode = await victim.stop();
    if (violations.length === 0) rmSync(data, { recursive: true, force: true });
  }

  const byKind: Record<string, number> = {};
  const unknown = { applied: 0, lost: 0 };
  for (const writer of writers) {
    for (const [kind, count] of writer.acknowledged) byKind[kind] = (byKind[kind] ?? 0) + count;
    unknown.applied += writer.unknown.applied;
    unknown.lost += writer.unknown.lost;
  }
  return {
    violations,
    kills: outages.length - freezes,
    freezes,
    outages,
    acknowledged: Object.values(byKind).reduce((sum, count) => sum + count, 0),
    byKind,
    unknown,
    leases: fleet.counts,
    longestOutageMs: Math.max(0, ...outages.map(({ from, until }) => until - from)),
    exitCode,
    data,
  };
}

/** Formats a report in one line. */
export function summary(report: CrashReport, seed: number): string {
  const { kills, freezes, acknowledged, unknown, leases, longestOutageMs, violations } = report;
  return [
    `seed ${seed}: ${kills} kills, ${freezes} freezes`,
    `${acknowledged} changes acknowledged`,
    `${unknown.applied + unknown.lost} unanswered (${unknown.applied} happened)`,
    `${leases.renewals} renewals, ${leases.resumes} sessions resumed, ${leases.late} excused`,
    `${leases.deaths} deaths`,
    `longest outage ${longestOutageMs} ms`,
    `${violations.length} violations`,
  ].join(', ');
}
