import { type CallSettings, send } from '../entries/attempts';
import { LeaseGuard } from '../session/lease-guard';
import type { AsyncDisposal } from '../wire/async-disposal';
import type { ClientCore } from '../wire/client-core';
import { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';

/** Renewals in a time to live: two may fail. */
const RENEWALS_PER_TTL = 3;

/** Shortest timeout of a renewal, in milliseconds, whatever the time to live. */
const RENEWAL_TIMEOUT_LEAST_MS = 1_000;

/** Attempts at a renewal that may be pending at the same time, on connections of their own: some connections may be dead. */
const ATTEMPTS_AT_ONCE = 4;

/** Part of the time to live by which a lease counts as lost early, as no two clocks run at the same rate. */
const CLOCK_MARGIN = 0.01;

/** Time to renew a lease that is still held before a failure is reported. */
const RECONNECT_MS = 2_000;

/** Timeout of a revocation, for each attempt. */
const REVOKE_TIMEOUT_MS = 2_000;

export interface LeaseOptions extends Pick<CallSettings, 'signal'> {
  /** Time in milliseconds after which the registry ends the lease unless it is renewed; from one second to 30 days. */
  ttlMs: number;
}

/**
 * A lease that renews itself in the background until it is revoked or lost. Entries that are put with its id are deleted
 * when it ends.
 *
 * The lease counts as lost when its time to live has passed, by the clock of this process, since the last confirmed renewal was
 * sent, which is before the registry may end it. A lost lease is never regained: grant another one.
 */
export interface Lease extends AsyncDisposal {
  readonly id: string;
  readonly ttlMs: number;
  /** Checks the clock, so it is correct right after a freeze of the process, when `signal` has not aborted yet. */
  readonly isHeld: boolean;
  /** Aborts when the lease is lost or revoked; the reason is a `RollcallError` with the code `LEASE_NOT_FOUND`. */
  readonly signal: AbortSignal;
  /** Resolves when the lease is lost. Stays pending if it is revoked. */
  readonly lost: Promise<void>;
  /** Ends the lease, and deletes the entries that it holds. Never rejects: if the registry can't be reached, the lease expires. */
  revoke(): Promise<void>;
}

/** A lease as locks and elections see it. */
export interface OwnLease extends Lease {
  /** True if this process has revoked it, and it was not lost before. */
  readonly isRevoked: boolean;
}

/** A granted lease as the registry returns it; other members are not used. */
interface LeaseJson {
  id: string;
  ttlMs: number | null;
}

/**
 * Returns a time whose clock also counts while the machine is suspended, as the monotonic clock of most systems does
 * not. The wall clock shows that; if it is set forward, a lease is lost early, which is safe.
 */
export function suspensionAware(time: Time): Time {
  const ahead = () => time.wallClock() - time.now();
  const start = ahead();
  let suspendedMs = 0;
  const now = () => {
    suspendedMs = Math.max(suspendedMs, ahead() - start);
    return time.now() + suspendedMs;
  };
  return {
    now,
    wallClock: () => time.wallClock(),
    random: () => time.random(),
    after: (ms, act, staysAwake) => time.after(ms, act, staysAwake),
  };
}

/** A lease that this process renews. */
class KeptLease implements OwnLease {
  readonly id: string;
  readonly ttlMs: number;
  readonly lost: Promise<void>;
  readonly #core: ClientCore;
  readonly #time: Time;
  readonly #guard: LeaseGuard;
  readonly #ended = new AbortController();
  #cancel: (() => void) | undefined;
  #revoked: Promise<void> | undefined;
  #isRevoked = false;

  constructor(core: ClientCore, time: Time, { id, ttlMs }: { id: string; ttlMs: number }) {
    this.id = id;
    this.ttlMs = ttlMs;
    this.#core = core;
    this.#time = time;
    this.#guard = new LeaseGuard(time, () => this.#lose());
    this.lost = this.#guard.lost;
    core.opened.add(this);
  }

  get isHeld(): boolean {
    return this.#guard.isHeld;
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get isRevoked(): boolean {
    return this.#isRevoked;
  }

  get #intervalMs(): number {
    return this.ttlMs / RENEWALS_PER_TTL;
  }

  /** Records a confirmed grant or renewal, and schedules the next. */
  confirmed(sentAt: number): void {
    this.#guard.renewed(sentAt, this.ttlMs * (1 - CLOCK_MARGIN));
    // Jittered, so that leases that were granted together are not renewed together forever.
    this.#renewAfter(this.#intervalMs * (0.9 + 0.1 * this.#time.random()));
  }

  revoke(): Promise<void> {
    if (this.#revoked === undefined) {
      this.#isRevoked = true;
      this.#revoked = this.#revoke('it is revoked');
    }
    return this.#revoked;
  }

  close(): Promise<void> {
    return this.revoke();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.revoke();
  }

  #renewAfter(ms: number): void {
    this.#cancel?.();
    // A lease keeps the process alive, as a registration does.
    if (!this.signal.aborted) this.#cancel = this.#time.after(ms, () => void this.#renew(), true);
  }

  /** Never rejects. */
  async #renew(): Promise<void> {
    const sentAt = this.#time.now();
    const { outages, http } = this.#core;
    // Another attempt follows, unless this one succeeds before. It does not end this one, which may only be slow.
    this.#renewAfter((this.#intervalMs / ATTEMPTS_AT_ONCE) * (0.75 + 0.25 * this.#time.random()));
    const options = { timeoutMs: Math.max(RENEWAL_TIMEOUT_LEAST_MS, this.#intervalMs), signal: this.signal };
    try {
      await http.call('POST', `${http.namespacePath}${pathOf(this.id)}/renew`, options);
      if (this.signal.aborted) return;
      outages.report((known) => known.worked(this));
      this.confirmed(sentAt);
    } catch (thrown) {
      if (this.signal.aborted) return;
      const error = RollcallError.from(thrown, `lease ${this.id} was not renewed`);
      if (error.code === 'LEASE_NOT_FOUND') return this.#guard.markLost();
      outages.report((known) => known.failed(this, error, this.isHeld ? RECONNECT_MS : 0), true);
      if (error.retryAfterMs !== undefined) this.#renewAfter(Math.min(error.retryAfterMs, this.#intervalMs));
    }
  }

  /** Ends the lease in the registry, too: it may still have it, and others may wait for its end. */
  #lose(): void {
    this.#revoked ??= this.#revoke(`it was not renewed for ${this.ttlMs} ms, or the registry has ended it`);
  }

  async #revoke(reason: string): Promise<void> {
    this.#cancel?.();
    this.#guard.stop();
    this.#core.opened.delete(this);
    this.#core.outages.report((known) => known.closed(this));
    this.#ended.abort(new RollcallError('LEASE_NOT_FOUND', `lease ${this.id} is no longer held: ${reason}`));
    const call = { method: 'DELETE', path: pathOf(this.id), timeoutMs: REVOKE_TIMEOUT_MS, isRepeatable: true };
    try {
      await send(this.#core, call);
    } catch {
      // The registry ends it after its time to live.
    }
  }
}

const pathOf = (id: string): string => `/leases/${encodeURIComponent(id)}`;

/**
 * Grants a lease: see `grantLease` in locks.ts.
 *
 * @param closes Value of `core.closes` when the caller began: it fails if the client was closed since.
 */
export async function keepLease(
  core: ClientCore,
  { ttlMs, signal }: LeaseOptions,
  closes: number = core.closes,
): Promise<OwnLease> {
  // JSON has null for it, which is a lease without an end, and a timer runs at once.
  if (!Number.isFinite(ttlMs)) {
    throw new RollcallError('INVALID_REQUEST', `ttlMs must be a number, got ${ttlMs}`);
  }
  const time = suspensionAware(core.time);
  const sentAt = time.now();
  // Repeatable: a lease whose grant was not answered ends by itself.
  const call = { method: 'POST', path: '/leases', body: { ttlMs }, signal, isRepeatable: true };
  const { body } = await send(core, call);
  const granted = body as LeaseJson; // `as`: what this route returns
  const lease = new KeptLease(core, time, { id: granted.id, ttlMs: granted.ttlMs ?? ttlMs });
  lease.confirmed(sentAt);
  if (lease.isHeld && core.closes === closes) return lease;
  await lease.revoke();
  if (core.closes !== closes) throw new RollcallError('CONFLICT', 'the client was closed');
  const message = `${core.http.url} took longer to grant a lease than its time to live of ${ttlMs} ms`;
  throw new RollcallError('UNREACHABLE', message);
}
