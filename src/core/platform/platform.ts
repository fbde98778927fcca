import type { Audit } from '../../model/audit';
import type { ClaimsOf } from '../../model/instance';
import type { Layout } from '../../model/layout';
import type { SqlStorage } from '../storage/sql-storage';
import type { Connections } from './connection';
import type { Counters } from './counters';

/** Source of time for the core. */
export interface Clock {
  /** Returns the machine's time in milliseconds since the epoch. It may jump. */
  now(): number;
}

/** Source of randomness for the core. */
export interface RandomSource {
  /** Returns a number in [0, 1). */
  fraction(): number;
  /** Returns a unique id: 128 random bits in 22 characters of A-Z a-z 0-9 - _. */
  id(): string;
}

/** Makes digests of secrets. */
export type Digest = (secret: string) => Promise<string>;

/** The namespace's only alarm. It calls `Registry.alarm()` at least once, perhaps late, or never if the alarm is lost. */
export interface Alarm {
  /** Returns the time it is set for, in milliseconds since the epoch; null if it is not set. */
  armedFor(): number | null;
  /** Sets the alarm, replacing the previous time. It is durable with the next sync, and billed as one row. */
  arm(at: number): void;
}

/** Listening time of a process on behalf of a namespace that was not in memory: without a gap (`all`), or with gaps. */
export type Heard =
  | 'all'
  | {
      /** Start of the latest period without a gap, by the monotonic clock. */
      since: number;
      /** Listening time before that period, since the namespace was stored, in milliseconds. */
      beforeMs: number;
      /**
       * True if clients were disconnected or renewals lost, because another process stored the namespace or this one failed
       * to.
       */
      wereCutOff: boolean;
    };

/**
 * Everything that the core uses of its host. It is a plain object, as the core makes a copy with a storage that counts rows.
 */
export interface Platform {
  storage: SqlStorage;
  clock: Clock;
  /**
   * A clock that never jumps, on a host that has one and that calls `Registry.tick()` every `ATTENTION_PASS_MS` while its
   * process runs. Without it, the registry learns from its alarm whether it has listened: in a Durable Object time stands
   * still between events, and a pending timer is billed.
   */
  monotonic?: Clock | undefined;
  /**
   * Returns how the process has listened while the namespace was not in memory; on a host with a monotonic clock, where
   * attention belongs to the process. Default: the process has just started.
   */
  heard?: (() => Heard) | undefined;
  random: RandomSource;
  alarm: Alarm;
  /** Resolves once the event loop has delivered everything that has already arrived. */
  nextTurn(): Promise<void>;
  /** True if flushes don't block the event loop, so that the next group gathers meanwhile. */
  flushesAside?: boolean | undefined;
  connections: Connections;
  /** Returns the SHA-256 digest as text. */
  digest: Digest;
  /** Counts of this process, over all wakes of the namespace. */
  counters: Counters;
  /**
   * Returns why nothing can be stored at the moment, such as a full disk; undefined if storing works. Absent on a host
   * that doesn't know. The result only changes between turns.
   */
  writeFault?: (() => string | undefined) | undefined;
  /** Erases the storage, and clears the alarm. */
  erase(): Promise<void>;
  /** Returns those of the tokens that have ended, as far as the directory knows. */
  endedTokens(tokenIds: readonly string[]): Promise<string[]>;
  /** Audit trail of actions that need an operator. */
  audit: Audit;
  /**
   * Returns the services that the extensions of an instance claim. Only dialects can read them, and the core knows no
   * dialect.
   */
  claimsOf: ClaimsOf;
  /** Layouts of entries that doors bring. The core knows none. Default: none. */
  layouts?: readonly Layout[] | undefined;
  /** Aborts this object: its memory is ahead of the disk, and only a restart can fix that. */
  abort(reason: string): void;
  /** Writes one line for the operator. It must never contain a secret. */
  log(level: 'info' | 'warn' | 'error', message: string, facts?: Record<string, unknown>): void;
}
