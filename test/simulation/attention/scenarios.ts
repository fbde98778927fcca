import type { SeededRandom } from '../seeded-random';
import type { HostKind } from './subject';
import type { HolderPlan } from './trial-holder';
import type { Meanwhile, TrialHost } from './trial-host';

/** A fault of the host at a moment of the world. */
export interface Blow {
  at: number;
  /** Duration of the fault; later faults start after it. */
  lengthMs: number;
  strike: (host: TrialHost) => void;
}

/** View of a world from which a scenario plans its faults. */
export interface Setting {
  kind: HostKind;
  random: SeededRandom;
  /** The longest ttl of the world, which scales the faults. */
  ttlMs: number;
  /** The plan of a timely beat holder, for faults that target it. */
  target: HolderPlan;
}

export interface Scenario {
  hosts: readonly HostKind[];
  plan: (setting: Setting) => Blow[];
  /** Share of alarms that the platform loses. */
  alarmLoss?: number;
  /** The ttls of the world, if the scenario needs specific ones. */
  ttlMs?: (random: SeededRandom) => number;
  /** Replaces the usual fleet by this many pinging sessions. */
  sessions?: number;
  /** One timely holder alone, which renews at nine tenths of its ttl. */
  lone?: boolean;
  /** Why timely holders may end here: a case outside of the rule's promises, reported separately. */
  apart?: string;
  /** Why dead holders may remain longer here than the bounds allow. */
  apartLate?: string;
}

const BOTH: readonly HostKind[] = ['resident', 'cloudflare'];
const SHORTEST_FREEZE_MS = 100;
/** A freeze must be longer than this to be a gap. */
const UNSEEN_MS = 500;

const meanwhile = (random: SeededRandom): Meanwhile => random.pick<Meanwhile>(['queued', 'lost']);
const startIn = ({ random, ttlMs }: Setting) => random.between(0.5, 2.5) * ttlMs;

function freeze(at: number, lengthMs: number, random: SeededRandom, suspended = false): Blow {
  // A socket survives so short a freeze, and keeps the messages sent meanwhile.
  const how = lengthMs <= UNSEEN_MS ? 'queued' : meanwhile(random);
  return { at, lengthMs, strike: (host) => host.freeze(lengthMs, how, suspended) };
}

function crash(at: number, awayMs: number | undefined, random: SeededRandom): Blow {
  const how = awayMs === undefined ? 'lost' : meanwhile(random);
  return { at, lengthMs: awayMs ?? 500, strike: (host) => host.crash(awayMs, how) };
}

const jump = (at: number, byMs: number): Blow => ({ at, lengthMs: 0, strike: (host) => host.jump(byMs) });

/** Repeats a blow with pauses until `forMs` have passed. */
function repeated(setting: Setting, forMs: number, pauseMs: () => number, blow: (at: number) => Blow): Blow[] {
  const blows: Blow[] = [];
  const end = startIn(setting) + forMs;
  for (let at = startIn(setting); at < end; ) {
    const next = blow(at);
    blows.push(next);
    at += next.lengthMs + pauseMs();
  }
  return blows;
}

const anyFreezeMs = ({ random, ttlMs }: Setting) => random.magnitude(SHORTEST_FREEZE_MS, 3 * ttlMs);

/** Returns a time near the limit of the target's n-th lease interval, which it reaches if one renewal is not heard. */
function limitOf({ target, random }: Setting): { renewalAt: number; limitAt: number } {
  const { ttlMs } = target.terms;
  const beats = random.whole(2, 4);
  const heardAt = target.startsAt + beats * target.fraction * ttlMs * 0.985;
  return { renewalAt: heardAt + target.fraction * ttlMs, limitAt: heardAt + ttlMs };
}

/** Plans a freeze that hides the target's renewal and ends about when its lease does. */
function aimedFreeze(setting: Setting): Blow[] {
  const { random } = setting;
  const { renewalAt, limitAt } = limitOf(setting);
  const from = renewalAt - random.magnitude(10, 2_000);
  const to = limitAt + random.between(-1_000, 1_500);
  return [freeze(from, Math.max(SHORTEST_FREEZE_MS, to - from), random)];
}

export const SCENARIOS = {
  calm: { hosts: BOTH, plan: () => [] },
  freeze: {
    hosts: BOTH,
    plan: (setting) => [freeze(startIn(setting), anyFreezeMs(setting), setting.random)],
  },
  'suspended machine': {
    hosts: ['resident'],
    plan: (setting) => [freeze(startIn(setting), anyFreezeMs(setting), setting.random, true)],
  },
  'short freezes': {
    hosts: BOTH,
    ttlMs: (random) => random.between(1_000, 3_000),
    plan: (setting) =>
      repeated(
        setting,
        20 * setting.ttlMs,
        () => setting.random.magnitude(100, setting.ttlMs),
        (at) => freeze(at, setting.random.between(SHORTEST_FREEZE_MS, 600), setting.random),
      ),
  },
  'repeated freezes': {
    hosts: BOTH,
    plan: (setting) => {
      const longestMs = setting.random.magnitude(200, 2 * setting.ttlMs);
      return repeated(
        setting,
        5 * setting.ttlMs,
        () => setting.random.magnitude(100, setting.ttlMs),
        (at) => freeze(at, setting.random.magnitude(SHORTEST_FREEZE_MS, longestMs), setting.random),
      );
    },
  },
  'aimed freeze': { hosts: BOTH, plan: aimedFreeze },
  'aimed freeze, one holder': {
    hosts: BOTH,
    lone: true,
    ttlMs: (random) => random.magnitude(1_000, 60_000),
    plan: aimedFreeze,
  },
  crash: { hosts: BOTH, plan: (setting) => [crash(startIn(setting), undefined, setting.random)] },
  'crash loop': {
    hosts: BOTH,
    plan: (setting) => {
      const longestMs = setting.random.between(1_500, 20_000);
      const forMs = Math.min(setting.random.between(2, 8) * setting.ttlMs, 1_800_000);
      const pauseMs = () => setting.random.between(1_000, longestMs);
      return repeated(setting, forMs, pauseMs, (at) => crash(at, undefined, setting.random));
    },
  },
  outage: {
    hosts: BOTH,
    plan: (setting) => [
      crash(startIn(setting), setting.random.magnitude(1_000, 3 * setting.ttlMs + 1_000), setting.random),
    ],
  },
  'aimed outage': {
    hosts: BOTH,
    plan: (setting) => {
      const { renewalAt, limitAt } = limitOf(setting);
      const from = renewalAt - setting.random.magnitude(10, 6_000);
      const to = limitAt + setting.random.between(-1_000, 1_500);
      return [crash(from, Math.max(1_000, to - from), setting.random)];
    },
  },
  'repeated outages': {
    hosts: BOTH,
    plan: (setting) =>
      repeated(
        setting,
        6 * setting.ttlMs,
        () => setting.random.magnitude(1_000, 2 * setting.ttlMs),
        (at) => crash(at, setting.random.magnitude(1_000, setting.ttlMs + 1_000), setting.random),
      ),
  },
  'clock set forward': { hosts: BOTH, plan: (setting) => [jump(startIn(setting), jumpMs(setting))] },
  'clock set back': {
    hosts: BOTH,
    apartLate:
      'on Cloudflare a namespace that receives only pings wakes no earlier than its alarm, which is now further away',
    plan: (setting) => [jump(startIn(setting), -jumpMs(setting))],
  },
  'lossy stutter': {
    hosts: BOTH,
    apart: 'no pass detects freezes shorter than 500 ms, so losses in several consecutive ones count as network losses',
    ttlMs: (random) => random.between(1_000, 10_000),
    plan: (setting) => {
      const { random, ttlMs } = setting;
      const pauseMs = () => random.magnitude(100, ttlMs);
      return repeated(setting, 20 * ttlMs, pauseMs, (at) => {
        const lengthMs = random.between(SHORTEST_FREEZE_MS, UNSEEN_MS);
        return { at, lengthMs, strike: (host) => host.freeze(lengthMs, 'lost') };
      });
    },
  },
  'clock jump smaller than a look': {
    hosts: ['cloudflare'],
    apart: 'a host without a monotonic clock counts it as elapsed time',
    plan: (setting) => {
      const byMs = setting.random.magnitude(1_000, Math.max(1_100, setting.ttlMs / 6));
      return [jump(startIn(setting), setting.random.chance(0.5) ? byMs : -byMs)];
    },
  },
  'lost alarms': { hosts: ['cloudflare'], alarmLoss: 0.05, plan: () => [] },
  'thousands of sessions': {
    hosts: BOTH,
    sessions: 2_500,
    ttlMs: (random) => random.between(3_000, 45_000),
    plan: (setting) => {
      const { random, ttlMs } = setting;
      return [
        random.chance(0.5)
          ? freeze(startIn(setting), anyFreezeMs(setting), random)
          : crash(startIn(setting), random.chance(0.5) ? undefined : random.magnitude(1_000, 2 * ttlMs), random),
      ];
    },
  },
  'session deploys': {
    hosts: BOTH,
    sessions: 20,
    ttlMs: (random) => random.between(3_000, 60_000),
    plan: (setting) => {
      const pauseMs = () => setting.random.magnitude(1_000, 2 * setting.ttlMs);
      return repeated(setting, 5 * setting.ttlMs, pauseMs, (at) => crash(at, undefined, setting.random));
    },
  },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;

/** Names in the order of the table. */
export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[]; // `as`: keys of a record are its names

/** Returns a jump that either clock shows: without a monotonic one, past the next look by more than that may be late. */
function jumpMs({ kind, random, ttlMs }: Setting): number {
  if (kind === 'resident') return random.magnitude(1_000, 3_600_000);
  const lookMs = Math.min(60_000, Math.max(2_000, ttlMs / 6));
  return random.magnitude(Math.max(3_000, lookMs + 600), 3_600_000);
}
