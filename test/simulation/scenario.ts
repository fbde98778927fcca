import { DEFAULT_RETENTION, type Retention } from '../../src/core/namespace/commit/journal';
import type { AlarmFaults } from './faulty-alarm';

/** Range of the time between two events of a kind, in milliseconds, on a logarithmic scale. */
export interface Every {
  from: number;
  to: number;
}

/** Properties of a simulated world. Shares are of 1. */
export interface Scenario {
  name: string;
  /** Instances that register, renew, die and come back. */
  holders: number;
  services: number;
  /** Times to live, on a logarithmic scale. */
  ttlMs: { from: number; to: number };
  /** Lifetime of an instance, as a multiple of its ttl. */
  lifeTtls: { from: number; to: number };
  /** Simulated time. */
  hours: number;
  /** Fault: the process dies, and stays down for a while. */
  crashes: Every | null;
  outageMs: { from: number; to: number };
  /** The registry is dropped from memory once nothing is pending and, as on the platform, ten seconds have passed. */
  hibernations: Every | null;
  /** It is dropped without these ten seconds, and loses unstored renewals. */
  isDrowsy?: boolean;
  clockJumps: Every | null;
  /** Fault: the process is frozen, and arriving messages are queued or lost. */
  freezes?: Every;
  freezeMs?: Every;
  /** The host has a monotonic clock, and ticks. */
  ticks?: boolean;
  /** A commit fails, as on a full disk. */
  commitFailures: Every | null;
  alarm: AlarmFaults;
  /** Retention of the journal; the default if absent. */
  retention?: Retention;
  /** Clients that hold their instances by a session. */
  sessions?: number | undefined;
  /** Clients with granted leases, beside which others write and read entries. */
  keepers?: number | undefined;
  /** Clients whose leases hold more than can end in one turn. */
  bulkKeepers?: number;
  /** Fault: clients reconnect as late as permitted, at the latest moment as often as at a random one. */
  usesWholeSpread?: boolean;
  operations: Every;
  reads: Every;
  /** Times between two checks of rows, alarm and leases, besides the checks of every answer. */
  checkUps: Every;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const PUNCTUAL: AlarmFaults = { seconds: 0, minutes: 0, hours: 0, again: 0.05 };

/** Everything goes wrong from time to time. */
const MIXED: Scenario = {
  name: 'mixed',
  holders: 60,
  services: 6,
  ttlMs: { from: 5 * SECOND_MS, to: 2 * HOUR_MS },
  lifeTtls: { from: 1, to: 200 },
  hours: 24,
  crashes: { from: MINUTE_MS, to: 2 * HOUR_MS },
  outageMs: { from: SECOND_MS, to: 30 * MINUTE_MS },
  hibernations: { from: 10 * SECOND_MS, to: 10 * MINUTE_MS },
  clockJumps: { from: 20 * MINUTE_MS, to: 6 * HOUR_MS },
  commitFailures: { from: HOUR_MS, to: 6 * HOUR_MS },
  alarm: { seconds: 0.02, minutes: 0.005, hours: 0.001, again: 0.05 },
  operations: { from: SECOND_MS, to: 5 * MINUTE_MS },
  reads: { from: SECOND_MS, to: 2 * MINUTE_MS },
  checkUps: { from: SECOND_MS, to: 3 * MINUTE_MS },
};

/** Kinds of worlds, each of which aims at different defects. */
export const SCENARIOS: Record<string, Scenario> = {
  mixed: MIXED,
  /** Leases of seconds: events between two checkpoints, and constant sweeps. */
  hasty: {
    ...MIXED,
    name: 'hasty',
    keepers: 3,
    holders: 16,
    services: 3,
    ttlMs: { from: SECOND_MS, to: 20 * SECOND_MS },
    hours: 3,
    crashes: { from: 2 * SECOND_MS, to: 10 * MINUTE_MS },
    outageMs: { from: SECOND_MS, to: 5 * MINUTE_MS },
    hibernations: { from: 2 * SECOND_MS, to: MINUTE_MS },
    clockJumps: { from: 2 * MINUTE_MS, to: HOUR_MS },
    operations: { from: 200, to: 30 * SECOND_MS },
    reads: { from: 200, to: 20 * SECOND_MS },
    checkUps: { from: 200, to: 20 * SECOND_MS },
  },
  /** Few calls, long leases: hibernation, closed checkpoints, alarms that wake. */
  quiet: {
    ...MIXED,
    name: 'quiet',
    keepers: 3,
    holders: 12,
    services: 3,
    ttlMs: { from: 10 * MINUTE_MS, to: DAY_MS },
    lifeTtls: { from: 1, to: 20 },
    hours: 40 * 24,
    crashes: { from: 6 * HOUR_MS, to: 5 * DAY_MS },
    outageMs: { from: SECOND_MS, to: DAY_MS },
    hibernations: { from: 20 * SECOND_MS, to: 20 * MINUTE_MS },
    clockJumps: { from: 12 * HOUR_MS, to: 6 * DAY_MS },
    commitFailures: { from: DAY_MS, to: 10 * DAY_MS },
    operations: { from: 10 * MINUTE_MS, to: 6 * HOUR_MS },
    reads: { from: 10 * MINUTE_MS, to: 6 * HOUR_MS },
    checkUps: { from: MINUTE_MS, to: HOUR_MS },
  },
  /** Repeated outages, each before clients have recovered from the last. */
  stormy: {
    ...MIXED,
    name: 'stormy',
    sessions: 6,
    holders: 30,
    ttlMs: { from: 3 * SECOND_MS, to: 30 * MINUTE_MS },
    lifeTtls: { from: 1, to: 50 },
    hours: 12,
    crashes: { from: 200, to: 3 * MINUTE_MS },
    outageMs: { from: SECOND_MS, to: 2 * HOUR_MS },
    clockJumps: null,
  },
  /** A clock that is set often, and a registry that hibernates often. */
  jumpy: {
    ...MIXED,
    name: 'jumpy',
    keepers: 4,
    holders: 20,
    services: 4,
    ttlMs: { from: MINUTE_MS, to: 3 * HOUR_MS },
    crashes: { from: 10 * MINUTE_MS, to: 3 * HOUR_MS },
    clockJumps: { from: MINUTE_MS, to: HOUR_MS },
    alarm: PUNCTUAL,
  },
  /** A large fleet without trouble: deadlines are exact, and mass death is quick. */
  calm: {
    ...MIXED,
    name: 'calm',
    sessions: 20,
    holders: 250,
    services: 10,
    ttlMs: { from: 30 * SECOND_MS, to: 4 * HOUR_MS },
    hours: 20,
    crashes: null,
    clockJumps: null,
    commitFailures: null,
    alarm: PUNCTUAL,
  },
  /** A large fleet with long leases: most lease-hours for the least work. */
  steady: {
    ...MIXED,
    name: 'steady',
    holders: 1_000,
    services: 20,
    ttlMs: { from: HOUR_MS, to: DAY_MS },
    lifeTtls: { from: 1, to: 50 },
    hours: 60,
    crashes: { from: 10 * MINUTE_MS, to: DAY_MS },
    outageMs: { from: SECOND_MS, to: DAY_MS },
    hibernations: { from: MINUTE_MS, to: HOUR_MS },
    clockJumps: { from: HOUR_MS, to: DAY_MS },
    reads: { from: 10 * SECOND_MS, to: 30 * MINUTE_MS },
    checkUps: { from: 10 * SECOND_MS, to: HOUR_MS },
  },
  /** A process that is frozen often, for less than a look and for more than a ttl. */
  freezing: {
    ...MIXED,
    name: 'freezing',
    keepers: 4,
    sessions: 8,
    holders: 30,
    services: 4,
    ttlMs: { from: 4 * SECOND_MS, to: 10 * MINUTE_MS },
    lifeTtls: { from: 2, to: 50 },
    hours: 8,
    crashes: { from: 10 * MINUTE_MS, to: 2 * HOUR_MS },
    outageMs: { from: SECOND_MS, to: 10 * MINUTE_MS },
    clockJumps: null,
    freezes: { from: 5 * SECOND_MS, to: 10 * MINUTE_MS },
    freezeMs: { from: 100, to: 15 * MINUTE_MS },
    alarm: PUNCTUAL,
  },
  /** The host of one machine: a monotonic clock and a tick, with all of its possible faults. */
  resident: {
    ...MIXED,
    name: 'resident',
    keepers: 4,
    ticks: true,
    sessions: 8,
    holders: 30,
    services: 4,
    ttlMs: { from: SECOND_MS, to: 10 * MINUTE_MS },
    lifeTtls: { from: 2, to: 50 },
    hours: 4,
    crashes: { from: 2 * SECOND_MS, to: HOUR_MS },
    outageMs: { from: SECOND_MS, to: 10 * MINUTE_MS },
    hibernations: null,
    clockJumps: { from: MINUTE_MS, to: HOUR_MS },
    freezes: { from: 2 * SECOND_MS, to: 10 * MINUTE_MS },
    freezeMs: { from: 50, to: 15 * MINUTE_MS },
  },
  /** Entries, and leases that hold many things. Only the newest changes of entries are kept. */
  entries: {
    ...MIXED,
    name: 'entries',
    isDrowsy: true,
    holders: 6,
    services: 2,
    keepers: 8,
    ttlMs: { from: 2 * SECOND_MS, to: 5 * MINUTE_MS },
    lifeTtls: { from: 1, to: 30 },
    hours: 6,
    crashes: { from: 5 * SECOND_MS, to: 20 * MINUTE_MS },
    outageMs: { from: SECOND_MS, to: 5 * MINUTE_MS },
    hibernations: { from: 5 * SECOND_MS, to: 5 * MINUTE_MS },
    clockJumps: null,
    commitFailures: { from: 10 * MINUTE_MS, to: 2 * HOUR_MS },
    operations: { from: 500, to: MINUTE_MS },
    reads: { from: 500, to: 30 * SECOND_MS },
    checkUps: { from: SECOND_MS, to: MINUTE_MS },
    retention: { ...DEFAULT_RETENTION, entries: { maxCount: 400, maxBytes: 4_000_000 } },
  },
  /** Leases that take several turns to end, between which anything may happen. */
  bulky: {
    ...MIXED,
    name: 'bulky',
    holders: 4,
    services: 2,
    keepers: 2,
    bulkKeepers: 2,
    ttlMs: { from: 5 * SECOND_MS, to: 2 * MINUTE_MS },
    lifeTtls: { from: 0.5, to: 5 },
    hours: 2,
    crashes: { from: 2 * SECOND_MS, to: 10 * MINUTE_MS },
    outageMs: { from: SECOND_MS, to: MINUTE_MS },
    hibernations: { from: 5 * SECOND_MS, to: 5 * MINUTE_MS },
    clockJumps: null,
    operations: { from: 500, to: MINUTE_MS },
    reads: { from: SECOND_MS, to: MINUTE_MS },
    checkUps: { from: SECOND_MS, to: MINUTE_MS },
  },
  /** More sessions than a sweep ends at once, most of them alive. */
  crowd: {
    ...MIXED,
    name: 'crowd',
    sessions: 3_000,
    usesWholeSpread: true,
    holders: 20,
    services: 50,
    ttlMs: { from: 20 * SECOND_MS, to: MINUTE_MS },
    lifeTtls: { from: 20, to: 200 },
    hours: 0.5,
    crashes: { from: 5 * MINUTE_MS, to: 20 * MINUTE_MS },
    outageMs: { from: SECOND_MS, to: 20 * SECOND_MS },
    hibernations: { from: 20 * SECOND_MS, to: 3 * MINUTE_MS },
    clockJumps: null,
    commitFailures: null,
    freezes: { from: MINUTE_MS, to: 10 * MINUTE_MS },
    freezeMs: { from: SECOND_MS, to: 2 * MINUTE_MS },
    alarm: PUNCTUAL,
  },
};
