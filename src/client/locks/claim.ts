import { isUnanswered } from '../entries/attempts';
import { type EntryCalls, entryCalls } from '../entries/entry-calls';
import type { Key, Value } from '../entries/key';
import type { Compare } from '../entries/transaction';
import { watchKeys } from '../watch/key-watch';
import type { AsyncDisposal } from '../wire/async-disposal';
import { BackOff } from '../wire/back-off';
import type { ClientCore } from '../wire/client-core';
import { RollcallError } from '../wire/rollcall-error';
import { pause } from '../wire/time';
import { keepLease, type Lease, type OwnLease } from './lease';

/** Default time to live of a claim's lease, in milliseconds. */
const TTL_DEFAULT_MS = 15_000;

export interface ClaimOptions {
  /** Time to live of the lease in milliseconds: how long others wait after a holder has crashed. Default: 15 seconds. */
  ttlMs?: number | undefined;
  /** Value of the holder's entry, such as its address. Default: empty. */
  value?: Value | undefined;
  /** Aborts the wait. */
  signal?: AbortSignal | undefined;
}

/**
 * Something that only one client holds at a time: a lock, or the leadership of an election.
 *
 * A holder that was frozen may continue for a moment after its lease has ended, and its requests may still be in transit. So the
 * resource that the holder changes must check {@link token}: see docs/locks.md.
 */
export interface Held extends AsyncDisposal {
  /** Key of the holder's entry. */
  readonly key: string;
  /** Fencing token: greater than the tokens of all earlier holders. */
  readonly token: number;
  /** Checks the clock, so it is correct right after a freeze of the process. Check it before each action. */
  readonly isHeld: boolean;
  /** Aborts when it is lost or released; the reason is a `RollcallError`. */
  readonly signal: AbortSignal;
  /** Resolves when it is lost. Stays pending if it is released. */
  readonly lost: Promise<void>;
  /** Condition for transactions on entries of this registry; true only while this client holds it. */
  readonly condition: Compare;
  /** Releases it. Never rejects: if the registry can't be reached, it is released when the lease expires. */
  release(): Promise<void>;
}

/** The leadership, while this client holds it. */
export interface Leadership extends Held {
  /**
   * Replaces the value that others see.
   *
   * @throws {RollcallError} `ENTRY_NOT_FOUND` if the leadership is lost.
   */
  proclaim(value: Value): Promise<void>;
}

/** An entry in the queue of a prefix: the oldest one holds what the others wait for. */
class Claim implements Leadership {
  readonly key: string;
  readonly token: number;
  readonly lost: Promise<void>;
  readonly #core: ClientCore;
  readonly #lease: Lease;
  readonly #ended = new AbortController();

  constructor(core: ClientCore, lease: Lease, key: string, token: number) {
    this.#core = core;
    this.#lease = lease;
    this.key = key;
    this.token = token;
    lease.signal.addEventListener('abort', () => this.#ended.abort(lease.signal.reason));
    if (lease.signal.aborted) this.#ended.abort(lease.signal.reason);
    this.lost = Promise.race([lease.lost, this.#removed()]);
  }

  get isHeld(): boolean {
    return this.#lease.isHeld && !this.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get condition(): Compare {
    return { key: this.key, createdRevision: this.token };
  }

  async proclaim(value: Value): Promise<void> {
    const put = { op: 'put', key: this.key, value, lease: this.#lease.id } as const;
    const { succeeded } = await entryCalls(this.#core).transaction({ if: [this.condition], do: [put] });
    if (!succeeded) throw this.#removal();
  }

  release(): Promise<void> {
    return this.#lease.revoke();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** Resolves if the entry is deleted while the lease is held: an operator has ended the claim. */
  async #removed(): Promise<void> {
    // Without a watch, the lease alone decides.
    const isGone = await untilDeleted(this.#core, this.key, this.signal).catch(() => false);
    if (!isGone) return new Promise(() => {});
    this.#ended.abort(this.#removal());
    void this.#lease.revoke();
  }

  #removal(): RollcallError {
    return new RollcallError(
      'ENTRY_NOT_FOUND',
      `the entry ${JSON.stringify(this.key)} was deleted, and the claim with it`,
    );
  }
}

/**
 * Puts an entry below a prefix, and waits until it is the oldest there. This is the recipe of etcd's clients: each contender
 * waits only for the one before it, so each release wakes one contender.
 *
 * @param waits False: returns undefined if another client holds it. True: waits, even for a registry that can't be reached.
 * @throws The reason of the signal, if it aborts.
 * @throws {RollcallError} If the registry refuses the lease or the entry.
 */
export function claim(core: ClientCore, prefix: string, options: ClaimOptions, waits: true): Promise<Leadership>;
export function claim(
  core: ClientCore,
  prefix: string,
  options: ClaimOptions,
  waits: false,
): Promise<Leadership | undefined>;
export async function claim(
  core: ClientCore,
  prefix: string,
  { ttlMs = TTL_DEFAULT_MS, value = '', signal }: ClaimOptions,
  waits: boolean,
): Promise<Leadership | undefined> {
  const { closes, outages, time } = core;
  const backOff = new BackOff(time);
  /** Identifies this wait among what may be reported as failing. */
  const source = {};
  try {
    for (;;) {
      let lease: OwnLease | undefined;
      try {
        lease = await keepLease(core, { ttlMs, signal }, closes);
        const held = await new Queue(core, prefix, lease, signal).claim(value, waits);
        outages.report((known) => known.worked(source));
        if (held === undefined) await lease.revoke();
        return held;
      } catch (error) {
        const isRepeatable = waits && lease?.isRevoked !== true && mayPass(error, lease);
        void lease?.revoke();
        signal?.throwIfAborted();
        if (!isRepeatable) throw error;
        const failure = RollcallError.from(error, 'no lock');
        if (isUnanswered(failure)) outages.report((known) => known.failed(source, failure, 0), true);
        await pause(time, backOff.next(), signal ?? new AbortController().signal);
        signal?.throwIfAborted();
      }
    }
  } finally {
    outages.report((known) => known.closed(source));
  }
}

/** Reports whether a claim may succeed at the next attempt: a lost lease has only cost its place in the queue. */
function mayPass(error: unknown, lease: OwnLease | undefined): boolean {
  const isLost = error instanceof RollcallError && error.code === 'LEASE_NOT_FOUND';
  return isLost || lease?.signal.aborted === true || isUnanswered(error);
}

/** The claims below a prefix, as a contender sees them. */
class Queue {
  readonly #core: ClientCore;
  readonly #calls: EntryCalls;
  readonly #prefix: string;
  readonly #lease: Lease;
  /** Aborts when the lease is lost, or the caller gives up. */
  readonly #signal: AbortSignal;

  constructor(core: ClientCore, prefix: string, lease: Lease, signal: AbortSignal | undefined) {
    this.#core = core;
    this.#calls = entryCalls(core);
    this.#prefix = prefix;
    this.#lease = lease;
    this.#signal = signal === undefined ? lease.signal : AbortSignal.any([lease.signal, signal]);
  }

  async claim(value: Value, waits: boolean): Promise<Leadership | undefined> {
    const key = this.#prefix + this.#lease.id;
    const token = await this.#join(key, value);
    for (;;) {
      const before = await this.#predecessor(token);
      if (before === undefined) return new Claim(this.#core, this.#lease, key, token);
      if (!waits) return undefined;
      await untilDeleted(this.#core, before, this.#signal);
      this.#signal.throwIfAborted();
    }
  }

  /** Puts the entry; returns its created revision. Repeatable: no other client puts this key. */
  async #join(key: string, value: Value): Promise<number> {
    const backOff = new BackOff(this.#core.time);
    const signal = this.#signal;
    for (;;) {
      try {
        return (await this.#calls.put(key, value, { lease: this.#lease.id, ifAbsent: true, signal })).createdRevision;
      } catch (error) {
        // An attempt before this one was carried out, although it was not answered.
        const isThere = error instanceof RollcallError && error.code === 'REVISION_MISMATCH';
        const entry = isThere ? await this.#calls.get(key, { signal }) : undefined;
        if (entry !== undefined) return entry.createdRevision;
        if (!isThere && !isUnanswered(error)) throw error;
        await pause(this.#core.time, backOff.next(), signal);
        signal.throwIfAborted();
      }
    }
  }

  /** Returns the key of the youngest entry that is older than this client's; undefined if its own is the oldest. */
  async #predecessor(token: number): Promise<Key | undefined> {
    let before: { keyBytes: Uint8Array; createdRevision: number } | undefined;
    let isPresent = false;
    for await (const each of this.#calls.keys({ prefix: this.#prefix }, { signal: this.#signal })) {
      if (each.createdRevision === token) isPresent = true;
      if (each.createdRevision < token && each.createdRevision > (before?.createdRevision ?? 0)) before = each;
    }
    if (isPresent) return before?.keyBytes;
    // Deleted by an operator, or by the end of the lease that its next renewal will report.
    throw new RollcallError('LEASE_NOT_FOUND', `the claim ${this.#prefix}${this.#lease.id} was deleted`);
  }
}

/** Waits until there is no entry with a key. @returns False if the signal has aborted before. */
async function untilDeleted(core: ClientCore, key: Key, signal: AbortSignal): Promise<boolean> {
  for await (const event of watchKeys(core, { key }, { signal })) {
    if (event.type === 'snapshot' && event.entries.length === 0) return true;
    if (event.type === 'changes' && event.changes.some(({ type }) => type === 'delete')) return true;
  }
  return false;
}
