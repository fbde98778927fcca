import { type Counters, newCounters } from '../../core/platform/counters';
import type { Alarm, Platform, RandomSource } from '../../core/platform/platform';
import { refusePromise, type SqlRow, type SqlStorage } from '../../core/storage/sql-storage';
import { DEFAULT_LOG_THRESHOLD, isLogged, type LogLevel, logLine, logThreshold } from '../../model/log';

/** Part of the platform that all objects share; a namespace and the directory each add more. */
export interface ObjectPlatform extends Pick<Platform, 'storage' | 'clock' | 'random' | 'abort' | 'log'> {
  alarm: ObjectAlarm;
}

/** Reads the time of the alarm. Call it within `blockConcurrencyWhile`, because no event may be delivered before that. */
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

/** The alarm of a Durable Object. It keeps its time in memory, so reading it is synchronous. */
export class ObjectAlarm implements Alarm {
  readonly #storage: DurableObjectStorage;
  #armedFor: number | null;

  /** @param armedFor Time that the platform has stored when the object starts. */
  constructor(storage: DurableObjectStorage, armedFor: number | null) {
    this.#storage = storage;
    this.#armedFor = armedFor;
  }

  /** Records that the platform has deleted the alarm. */
  disarmed(): void {
    this.#armedFor = null;
  }

  armedFor(): number | null {
    return this.#armedFor;
  }

  /** A failed write resets the object, so it needs no handling here. */
  arm(at: number): void {
    this.#armedFor = at;
    void this.#storage.setAlarm(at);
  }

  /**
   * Records that the alarm has fired, so that it is no longer armed.
   *
   * @param scheduledTime Due time, if the platform passes one.
   * @returns Due time, in milliseconds since the epoch.
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

/** Returns the SHA-256 of a text in hexadecimal. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Logs the core's reports to the operator, down to the configured level. */
function operatorLog({ ROLLCALL_LOG_LEVEL }: Env) {
  const threshold = logThreshold(ROLLCALL_LOG_LEVEL) ?? DEFAULT_LOG_THRESHOLD;
  return (level: LogLevel, message: string, facts?: Record<string, unknown>): void => {
    if (isLogged(level, threshold)) console[level](logLine(Date.now(), level, message, facts));
  };
}

/** Counters of the namespaces that were awake in this process: a few hundred bytes each, so none is ever dropped. */
const kept = new Map<string, Counters>();

/**
 * Returns the counters of a namespace, which last as long as this process. The platform evicts a quiet object after ten
 * seconds, which is less than the time between two scrapes, and its counts must survive that.
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

/** Adapts the SQLite of a Durable Object to the core's interface. */
export function durableSqlite(storage: DurableObjectStorage): SqlStorage {
  const { sql } = storage;
  return {
    run: (statement, ...bindings) => sql.exec(statement, ...bindings).rowsWritten,
    // `as`: all our columns are numbers, texts or BLOBs, and a BLOB is read as an ArrayBuffer.
    read: (query, ...bindings) => sql.exec(query, ...bindings).raw() as Iterable<SqlRow>,
    transaction: (work) => storage.transactionSync(() => refusePromise(work())),
    sync: () => storage.sync(),
  };
}
