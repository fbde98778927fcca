import { type Counters, newCounters } from '../../core/platform/counters';
import type { Alarm, Platform, RandomSource } from '../../core/platform/platform';
import { refusePromise, type SqlRow, type SqlStorage } from '../../core/storage/sql-storage';
import { DEFAULT_LOG_THRESHOLD, isLogged, type LogLevel, logLine, logThreshold } from '../../model/log';

/** The part of the platform that every object lends the core; a namespace and the directory each lend more. */
export interface ObjectPlatform extends Pick<Platform, 'storage' | 'clock' | 'random' | 'abort' | 'log'> {
  alarm: ObjectAlarm;
}

/** Reads what the alarm is armed for, so call it within `blockConcurrencyWhile`: no event may come before that is known. */
export async function objectPlatform(ctx: DurableObjectState, env: Env): Promise<ObjectPlatform> {
  return {
    storage: durableSqlite(ctx.storage),
    clock: { now: () => Date.now() },
    random,
    alarm: new ObjectAlarm(ctx.storage, await ctx.storage.getAlarm()),
    abort: (reason) => ctx.abort(reason),
    log: operatorLog(env),
  };
}

/** Returns the core of an object, which its constructor wakes before the platform delivers the first event. */
export function awake<Core>(core: Core | undefined): Core {
  if (core === undefined) throw new Error('an event was delivered before the object was awake');
  return core;
}

/** The one alarm of a Durable Object. It remembers its time, so that reading it takes no wait. */
export class ObjectAlarm implements Alarm {
  readonly #storage: DurableObjectStorage;
  #armedFor: number | null;

  /** @param armedFor Its time when the object starts, as the platform has it. */
  constructor(storage: DurableObjectStorage, armedFor: number | null) {
    this.#storage = storage;
    this.#armedFor = armedFor;
  }

  /** Nothing is armed any more. */
  disarmed(): void {
    this.#armedFor = null;
  }

  armedFor(): number | null {
    return this.#armedFor;
  }

  /** A write that fails takes the object with it, so there is nothing to do about it here. */
  arm(at: number): void {
    this.#armedFor = at;
    void this.#storage.setAlarm(at);
  }

  /**
   * Call when it fires: it is no longer armed.
   *
   * @param scheduledTime When it was due, as the platform says; absent where that does not say.
   * @returns When it was due, in milliseconds since the epoch.
   */
  fired(scheduledTime: number | undefined): number {
    const dueAt = scheduledTime ?? this.#armedFor ?? Date.now();
    this.#armedFor = null;
    return dueAt;
  }
}

/** Randomness of the runtime. */
const random: RandomSource = {
  fraction: () => Math.random(),
  id: () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16)); // 128 bits
    const base64 = btoa(String.fromCharCode(...bytes));
    return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  },
};

/** SHA-256 of a text, in hexadecimal. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Writes what the core reports to the operator as lines of the log, down to the level that is asked for. */
function operatorLog({ ROLLCALL_LOG_LEVEL }: Env) {
  const threshold = logThreshold(ROLLCALL_LOG_LEVEL) ?? DEFAULT_LOG_THRESHOLD;
  return (level: LogLevel, message: string, facts?: Record<string, unknown>): void => {
    if (isLogged(level, threshold)) console[level](logLine(Date.now(), level, message, facts));
  };
}

/** Of the namespaces that were awake in this process: a few hundred bytes each, for as many as one machine has. */
const kept = new Map<string, Counters>();

/**
 * Returns the counters of a namespace, which last as long as this process. The platform takes a quiet object out of memory after ten
 * seconds, which is less than the time between two scrapes: what it counted must not go with it.
 *
 * @param objectId Id of its Durable Object.
 * @param now Milliseconds since the epoch.
 */
export function processCounters(objectId: string, now: number): Counters {
  const known = kept.get(objectId);
  if (known !== undefined) return known;
  const counters = newCounters(now);
  kept.set(objectId, counters);
  return counters;
}

/** Durable Object SQLite as the core sees it. */
export function durableSqlite(storage: DurableObjectStorage): SqlStorage {
  const { sql } = storage;
  return {
    run: (statement, ...bindings) => sql.exec(statement, ...bindings).rowsWritten,
    // `as`: every column of ours is a number, text or a BLOB, which comes as an ArrayBuffer.
    read: (query, ...bindings) => sql.exec(query, ...bindings).raw() as Iterable<SqlRow>,
    transaction: (work) => storage.transactionSync(() => refusePromise(work())),
    sync: () => storage.sync(),
  };
}
