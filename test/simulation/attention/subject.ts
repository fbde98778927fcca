/**
 * The port of the attention trial: a registry as its holders and its host see it. Times are milliseconds. The trial
 * drives virtual time and calls the subject; the subject reads clocks, arms its alarm and reports what it ends.
 */

/** `resident` has a monotonic clock and a tick that always runs; `cloudflare` has neither, but an alarm and hibernation. */
export type HostKind = 'resident' | 'cloudflare';

/** A lease as its holder asks for it. `removeAfterMs: null` never removes. */
export interface LeaseTerms {
  id: string;
  /** A beat lease is renewed by requests, a session lease by the pings of a socket. */
  kind: 'beat' | 'session';
  ttlMs: number;
  removeAfterMs: number | null;
}

/** `unhealthy` once the ttl has passed, `removed` once removeAfter has. */
export type Ending = 'unhealthy' | 'removed';

/** When the platform last answered a ping of a session, on both clocks. Opening the socket counts as a ping. */
export interface PingTime {
  wall: number;
  monotonic: number;
}

/** Resources that the trial lends to a subject. Survives every restart of the process. */
export interface SubjectHost {
  readonly kind: HostKind;
  /** The spread that clients are given for reconnecting after a restart. */
  readonly reconnectSpreadMs: number;
  /** Returns the wall clock, which may jump. */
  wall(): number;
  /** Returns the clock for durations. On `cloudflare` it is the wall clock. */
  monotonic(): number;
  /** Returns when the one alarm is armed for, on the wall clock; null while its handler runs, or if it is not armed. */
  armedFor(): number | null;
  /** Arms the alarm, replacing what was armed. Durable. */
  arm(at: number): void;
  /** Starts a timer of the process: it waits out a freeze, and dies with a crash or hibernation. */
  after(delayMs: number, work: () => void): void;
  /** Returns the last ping of a session's live socket; undefined if the session has no live socket. */
  lastPing(id: string): PingTime | undefined;
  /** Receives what the subject ends. */
  ended(id: string, ending: Ending): void;
}

/**
 * The registry on trial. Calls resolve when the answer would leave the registry, and are lost with the process if it dies
 * before. At a crash, the subject may lose the answered renewals of the last 5 s.
 */
export interface Subject {
  /** True if lost sockets are found by alarms only, on `cloudflare`: then a crash lasts until the first alarm after it. */
  readonly noticesCrashesByAlarm?: boolean;
  /** Starts the process of a resident host. On `cloudflare` the first call wakes the registry instead. */
  start(): void;
  /** Registers a lease, or renews it if it exists. */
  register(terms: LeaseTerms): Promise<void>;
  /** Renews a lease. Resolves to false if the lease is unknown: the holder registers again. */
  renew(id: string): Promise<boolean>;
  /** Resumes a session on a new socket. Resolves to false if the session has ended. */
  resume(id: string): Promise<boolean>;
  /** Reads which leases are shown as healthy. */
  read(): Promise<string[]>;
  /** Runs the tick of a resident host, every 250 ms. */
  tick(): void;
  /** Runs the alarm's handler, with the time the alarm was armed for. */
  alarm(scheduledFor: number): Promise<void>;
  /** Drops the memory, as hibernation does: nothing else changes, sockets stay. */
  hibernate(): void;
  /** Drops the memory and everything that is not durable. Sockets are gone. */
  crash(): void;
  /** Releases what the subject holds, at the end of a world. */
  close?(): void;
}

export type SubjectFactory = (host: SubjectHost) => Subject;
