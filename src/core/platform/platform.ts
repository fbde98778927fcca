import type { Audit } from '../../model/audit';
import type { ClaimsOf } from '../../model/instance';
import type { SqlStorage } from '../storage/sql-storage';
import type { Connections } from './connection';
import type { Counters } from './counters';

/** Where the core gets the time from. */
export interface Clock {
  /** Milliseconds since the epoch, as the machine tells them: they may jump. */
  now(): number;
}

/** Where the core gets randomness from. */
export interface RandomSource {
  /** A number in [0, 1). */
  fraction(): number;
  /** An id that nobody else has: 128 bits in 22 characters of A-Z a-z 0-9 - _. */
  id(): string;
}

/** Makes digests of secrets. */
export type Digest = (secret: string) => Promise<string>;

/** The one alarm: wakes the core by calling `Registry.alarm()`, at least once, perhaps late, or never if it is lost. */
export interface Alarm {
  /** When it is set to fire, in milliseconds since the epoch; null if it is not set. Known without a wait. */
  armedFor(): number | null;
  /** Sets it, replacing what was set. Durable with the next sync; a row is billed. */
  arm(at: number): void;
}

/** Listening of a process on behalf of a namespace that was not in memory: without a gap, or with gaps. */
export type Heard =
  | 'all'
  | {
      /** Start of the latest period without a gap, by the monotonic clock. */
      since: number;
      /** Listening time before that period, since the namespace was stored, in milliseconds. */
      beforeMs: number;
      /** True if clients were disconnected or renewals lost, because another process stored the namespace or this one failed to. */
      wereCutOff: boolean;
    };

/** What a host lends to the core: a plain object, as the core puts a counting storage in its place. */
export interface Platform {
  storage: SqlStorage;
  clock: Clock;
  /**
   * A clock that never jumps, on a host that has one and that calls `Registry.tick()` every `ATTENTION_PASS_MS` for as
   * long as its process runs. Without it (in a Durable Object time stands still between events, and a pending timer is
   * billed) the registry notices by its alarm whether it has listened.
   */
  monotonic?: Clock | undefined;
  /**
   * Returns how the process has listened while the namespace was not in memory; on a host with a monotonic clock, where attention
   * belongs to the process. Default: the process has just started.
   */
  heard?: (() => Heard) | undefined;
  random: RandomSource;
  alarm: Alarm;
  /** Resolves once the event loop has delivered what has arrived by now. */
  nextTurn(): Promise<void>;
  /** True if flushes don't block the event loop, so that the next group gathers meanwhile. */
  flushesAside?: boolean | undefined;
  connections: Connections;
  /** SHA-256, as text. */
  digest: Digest;
  /** What it has counted in this process, over all its wakes. */
  counters: Counters;
  /**
   * Returns why nothing can be stored at the moment, such as a full disk; undefined if it can. Absent on a host that
   * can't tell. The result only changes between turns.
   */
  writeFault?: (() => string | undefined) | undefined;
  /** Forgets everything that is stored, and what the alarm is armed for. */
  erase(): Promise<void>;
  /** Which of these tokens have ended, as far as the directory knows. */
  endedTokens(tokenIds: readonly string[]): Promise<string[]>;
  /** Where what is done with an operator's power is accounted for. */
  audit: Audit;
  /** Reads the services that the extensions of an instance claim: dialects know, and the core knows no dialect. */
  claimsOf: ClaimsOf;
  /** Gives up on this object: what is in memory is ahead of the disk, and only a new start can fix that. */
  abort(reason: string): void;
  /** One line for the operator. Never a secret. */
  log(level: 'info' | 'warn' | 'error', message: string, facts?: Record<string, unknown>): void;
}
