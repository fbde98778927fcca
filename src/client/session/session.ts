import { RollcallError } from '../wire/rollcall-error';
import type { LinkUser, SocketLink } from '../wire/socket-link';
import type { Holding, Keeper } from './holding';

/** Instances registered by one frame: together they stay far below what a frame may have. */
const BATCH_COUNT = 50;

/** After a refusal that nobody asked for, in milliseconds: the token may be mended meanwhile. */
const REFUSED_PAUSE_MS = 10_000;

/** The registry's time to live of a session that asks for none, in milliseconds, and the pings that must fit into any. */
const USUAL_TTL_MS = 45_000;
const PINGS_PER_TTL = 3;

/** Close codes after which a session is over, or another's: ended, resumed elsewhere, lapsed. */
const OVER: readonly number[] = [4000, 4001, 4004];

/** Ends the session with the socket. */
const END_SESSION = 4000;

/** Answer to a `session` frame. */
interface SessionOpened {
  session: string;
  resumed: boolean;
  ttlMs: number;
  pingIntervalMs: number;
  reconnectWithinMs: number;
}

/**
 * Keeps instances by a session: a lease for all of them, which the client's socket renews by its pings. When the socket
 * breaks, the session is resumed on the next one, and nobody notices; when it lapsed, all are registered again.
 */
export class Session implements Keeper, LinkUser {
  readonly #link: SocketLink;
  readonly #holdings = new Set<Holding>();
  #ttlMs: number | undefined;
  readonly #pingMs: number;
  /** Secret: whoever knows it can resume the session. */
  #id: string | undefined;
  #isOpen = false;
  /** Which of the link's sockets holds the session: one that is still open for others holds it still. */
  #heldBy = 0;
  /** On which of them it is being opened. */
  #openingOn = 0;
  #isTelling = false;
  #cancelRetry: (() => void) | undefined;

  /**
   * @param ttlMs Asked for; the registry's default where it is left out.
   * @param pingMs How often to ping, where that is less often than the registry says.
   */
  constructor(link: SocketLink, ttlMs: number | undefined, pingMs = 0) {
    this.#link = link;
    this.#ttlMs = ttlMs ?? (PINGS_PER_TTL * pingMs > USUAL_TTL_MS ? PINGS_PER_TTL * pingMs : undefined);
    this.#pingMs = pingMs;
  }

  keep(holding: Holding): void {
    this.#holdings.add(holding);
    if (this.#isOpen) void this.#tell();
    else if (this.#holdings.size === 1) this.#link.join(this);
  }

  changed(): void {
    void this.#tell();
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
      void this.#tell();
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

  /** What was granted; before that nothing is. */
  get #leaseMs(): number {
    return this.#ttlMs ?? 0;
  }

  /** The session is over, with all that it held. */
  #forget(): void {
    this.#id = undefined;
    for (const holding of this.#holdings) holding.gone();
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
      // Whoever needed it may have left meanwhile.
      this.#isOpen = this.#holdings.size > 0;
      this.heard(sentAt);
    } catch (error) {
      const reason = RollcallError.from(error, 'the session did not open');
      // What broke is told by `down`; what was refused is tried again with the next socket.
      if (reason.code !== 'UNREACHABLE') this.#refused(reason);
      return;
    }
    // From now on by the interval that the session has.
    this.#link.ping();
    await this.#tell();
  }

  #refused(reason: RollcallError): void {
    for (const holding of [...this.#holdings]) {
      if (!reason.isPassing) holding.refused(holding.version, reason);
    }
    this.#link.reopen(reason.message);
  }

  /** Tells the registry whatever it does not have yet. Never rejects: those whose change it is are told. */
  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#cancelRetry?.();
    try {
      let most = BATCH_COUNT;
      const passed = new Set<Holding>();
      while (this.#isOpen) {
        const dirty = [...this.#holdings].filter((holding) => holding.isDirty && !passed.has(holding)).slice(0, most);
        if (dirty.length === 0) break;
        const refusal = await this.#register(dirty);
        if (refusal === undefined) continue;
        // One of them spoils it for all: each for itself, then.
        if (dirty.length > 1) most = 1;
        else this.#handleRefusal(dirty, refusal, passed);
      }
      if (passed.size > 0) this.#retryLater();
    } finally {
      this.#isTelling = false;
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
    this.#cancelRetry = this.#link.time.after(REFUSED_PAUSE_MS, () => void this.#tell());
  }

  /** @returns What the registry refused them with; undefined where it took them, or the socket broke. */
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
