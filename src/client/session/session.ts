import { RollcallError } from '../wire/rollcall-error';
import type { LinkUser, SocketLink } from '../wire/socket-link';
import type { Holding, Keeper } from './holding';

/** Instances per frame: together they stay far below the size limit of a frame. */
const BATCH_COUNT = 50;

/** Pause after a refusal that no caller waits for, in milliseconds: the token may be fixed meanwhile. */
const REFUSED_PAUSE_MS = 10_000;

/** Default time to live of a session, in milliseconds, and the number of pings that must fit into any. */
const USUAL_TTL_MS = 45_000;
const PINGS_PER_TTL = 3;

/** Close codes after which the session no longer belongs to this client: ended, resumed elsewhere, expired. */
export const OVER: readonly number[] = [4000, 4001, 4004];

/** Ends the session with the socket. */
const END_SESSION = 4000;

/** Response to a `session` frame. */
export interface SessionOpened {
  session: string;
  resumed: boolean;
  ttlMs: number;
  pingIntervalMs: number;
  reconnectWithinMs: number;
}

/**
 * Keeps instances registered by a session: a lease for all of them, which the pings of the client's socket renew. If the
 * socket breaks, the session is resumed on the next one, unnoticed by others; if it has expired, all instances are
 * registered again.
 */
export class Session implements Keeper, LinkUser {
  readonly #link: SocketLink;
  readonly #holdings = new Set<Holding>();
  #ttlMs: number | undefined;
  readonly #pingMs: number;
  /** Secret: it is enough to resume the session. */
  #id: string | undefined;
  #isOpen = false;
  /** Number of the link's socket that holds the session; it holds it while it stays open for other users. */
  #heldBy = 0;
  /** Number of the socket on which the session is being opened. */
  #openingOn = 0;
  #isRegistering = false;
  #cancelRetry: (() => void) | undefined;

  /**
   * @param ttlMs Requested time to live; default: the registry's.
   * @param pingMs Ping interval, if it is longer than the registry's.
   */
  constructor(link: SocketLink, ttlMs: number | undefined, pingMs = 0) {
    this.#link = link;
    this.#ttlMs = ttlMs ?? (PINGS_PER_TTL * pingMs > USUAL_TTL_MS ? PINGS_PER_TTL * pingMs : undefined);
    this.#pingMs = pingMs;
  }

  keep(holding: Holding): void {
    this.#holdings.add(holding);
    if (this.#isOpen) void this.#registerDirty();
    else if (this.#holdings.size === 1) this.#link.join(this);
  }

  changed(): void {
    void this.#registerDirty();
  }

  drop(holding: Holding): void {
    if (!this.#holdings.delete(holding) || this.#holdings.size > 0) return;
    this.#cancelRetry?.();
    this.#isOpen = false;
    this.#link.leave(this, END_SESSION);
  }

  up(): void {
    if (this.#heldBy === this.#link.sockets) {
      this.#isOpen = true;
      void this.#registerDirty();
    } else if (this.#openingOn !== this.#link.sockets) void this.#open();
  }

  down(error: RollcallError, code: number): void {
    this.#isOpen = false;
    if (OVER.includes(code)) this.#forget();
    for (const holding of this.#holdings) holding.trouble(error);
  }

  heard(sentAt: number): void {
    if (!this.#isOpen) return;
    for (const holding of this.#holdings) holding.renewed(sentAt, this.#leaseMs);
  }

  /** Granted time to live; not used before the session is open. */
  get #leaseMs(): number {
    return this.#ttlMs ?? 0;
  }

  /** Records that the session is over, with all its instances. */
  #forget(): void {
    this.#id = undefined;
    for (const holding of this.#holdings) holding.markLost();
  }

  async #open(): Promise<void> {
    const sentAt = this.#link.time.now();
    this.#openingOn = this.#link.sockets;
    const request = { type: 'session', session: this.#id, ttlMs: this.#ttlMs };
    try {
      const { session, resumed, ttlMs, ...terms } = await this.#link.ask<SessionOpened>(request);
      if (!resumed) this.#forget();
      this.#id = session;
      this.#ttlMs = ttlMs;
      this.#link.pingIntervalMs = Math.max(terms.pingIntervalMs, Math.min(this.#pingMs, ttlMs / PINGS_PER_TTL));
      this.#link.backOff.spreadMs = terms.reconnectWithinMs;
      this.#heldBy = this.#link.sockets;
      // All instances may have left meanwhile.
      this.#isOpen = this.#holdings.size > 0;
      this.heard(sentAt);
    } catch (error) {
      const reason = RollcallError.from(error, 'the session did not open');
      // A broken socket is reported by `down`; a refused session is tried again on the next socket.
      if (reason.code !== 'UNREACHABLE') this.#refused(reason);
      return;
    }
    // From now on at the interval of the session.
    this.#link.ping();
    await this.#registerDirty();
  }

  #refused(reason: RollcallError): void {
    for (const holding of [...this.#holdings]) {
      if (!reason.isPassing) holding.refused(holding.version, reason);
    }
    this.#link.reopen(reason.message);
  }

  /** Registers everything that the registry does not have. Never rejects: errors go to the waiting callers. */
  async #registerDirty(): Promise<void> {
    if (this.#isRegistering) return;
    this.#isRegistering = true;
    this.#cancelRetry?.();
    try {
      let most = BATCH_COUNT;
      const passed = new Set<Holding>();
      while (this.#isOpen) {
        const dirty = [...this.#holdings].filter((holding) => holding.isDirty && !passed.has(holding)).slice(0, most);
        if (dirty.length === 0) break;
        const refusal = await this.#register(dirty);
        if (refusal === undefined) continue;
        // One instance fails the whole batch: send them one by one.
        if (dirty.length > 1) most = 1;
        else this.#handleRefusal(dirty, refusal, passed);
      }
      if (passed.size > 0) this.#retryLater();
    } finally {
      this.#isRegistering = false;
    }
  }

  #handleRefusal(dirty: Holding[], refusal: RollcallError, passed: Set<Holding>): void {
    for (const holding of dirty) {
      passed.add(holding);
      if (refusal.isPassing) holding.trouble(refusal);
      else holding.refused(holding.version, refusal);
    }
  }

  #retryLater(): void {
    this.#cancelRetry = this.#link.time.after(REFUSED_PAUSE_MS, () => void this.#registerDirty());
  }

  /** @returns The error that the registry refused them with; undefined if it accepted them, or the socket broke. */
  async #register(holdings: Holding[]): Promise<RollcallError | undefined> {
    const sent = holdings.map((holding) => ({ holding, version: holding.version, definition: holding.definition }));
    const operations = sent.map(({ definition: { lease: _lease, ...members } }) => ({ op: 'register', ...members }));
    const sentAt = this.#link.time.now();
    try {
      await this.#link.ask({ type: 'batch', operations });
    } catch (error) {
      const reason = RollcallError.from(error, 'not registered');
      return reason.code === 'UNREACHABLE' ? undefined : reason;
    }
    for (const { holding, version, definition } of sent) holding.taken(version, definition, sentAt, this.#leaseMs);
    return undefined;
  }
}
