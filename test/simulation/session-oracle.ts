import type { JournaledRevision } from './journal-rows';
import type { Replica } from './replica';

/** Tolerance beyond a deadline: a pending commit, and an alarm within its second. */
const SLACK_MS = 4_000;

/** The registry asks clients to reconnect within this time per client, but at least within {@link SPREAD_MIN_MS}. */
const SPREAD_PER_CLIENT_MS = 4;
const SPREAD_MIN_MS = 1_000;

/** Outside knowledge of one session. */
interface Tracked {
  ttlMs: number;
  /** True if its client is alive: it pings, and reconnects at once when its socket breaks. */
  faithful: boolean;
  /** True if its client has ended it. */
  ended: boolean;
  /** When the registry's platform last heard of it. */
  heardAt: number;
  /** Deadline of its removal, once its client is silent. */
  goneBy: number;
}

export interface SessionOracleParts {
  now: () => number;
  onProblem: (invariant: string, what: string) => void;
}

/** Determines when a session may end and when it must have, with everything that it holds (I6, T1 to T3). */
export class SessionOracle {
  readonly #parts: SessionOracleParts;
  readonly #sessions = new Map<string, Tracked>();
  /** Keys of the sessions with living clients: the registry has stored at least these. */
  readonly #faithful = new Set<string>();
  /** Keys of the sessions that are not known to have ended: it has stored at most these. */
  readonly #open = new Set<string>();
  /** When the registry last found a gap: sessions count from there at the earliest. */
  #troubleAt = Number.NEGATIVE_INFINITY;
  /** When it listens again, after the time for reconnects: no session ends within a ttl from there. */
  #listensFrom = Number.NEGATIVE_INFINITY;
  counts = { opened: 0, resumed: 0, ended: 0, lapsed: 0 };

  constructor(parts: SessionOracleParts) {
    this.#parts = parts;
  }

  /** Returns the time for reconnects after a restart, before the registry counts as listening. */
  get spreadMs(): number {
    return Math.max(SPREAD_MIN_MS, SPREAD_PER_CLIENT_MS * this.#open.size);
  }

  /** Returns the number of sessions with living clients: at least about as many are stored. */
  get faithfulCount(): number {
    return this.#faithful.size;
  }

  /**
   * The registry asked a client to reconnect within a time if its socket breaks.
   *
   * @param ttlMs The ttl of its session.
   * @param among Number of other sessions when it sent its request.
   */
  askedBackWithin(withinMs: number, ttlMs: number, among: number): void {
    // Some of them may have ended since.
    const spreadMs = SPREAD_PER_CLIENT_MS * 0.9 * Math.min(among, this.#faithful.size);
    if (withinMs >= Math.min(Math.floor(ttlMs / 2), Math.max(SPREAD_MIN_MS, spreadMs))) return;
    this.#parts.onProblem('T11', `a client was asked to reconnect within ${withinMs} ms, among ${among} others`);
  }

  /** A session was opened or resumed, and its client knows. @param askedAt When the client asked. */
  opened(key: string, ttlMs: number, resumed: boolean, askedAt: number): void {
    this.#faithful.add(key);
    this.#open.add(key);
    this.counts[resumed ? 'resumed' : 'opened'] += 1;
    const heardAt = this.#sessions.get(key)?.heardAt ?? askedAt;
    this.#sessions.set(key, { ttlMs, faithful: true, ended: false, heardAt, goneBy: 0 });
    this.heard(key, askedAt);
  }

  /** A ping or a frame of its socket has reached the machine, now or at any time since it was sent. */
  heard(key: string, sentAt = this.#parts.now()): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    session.heardAt = Math.max(session.heardAt, sentAt);
    session.goneBy = Math.max(session.goneBy, Math.max(this.#parts.now(), this.#listensFrom) + session.ttlMs);
  }

  /** Its client is silent from now on: it died, or hangs. */
  silent(key: string): void {
    this.#faithful.delete(key);
    const session = this.#sessions.get(key);
    if (session !== undefined) session.faithful = false;
  }

  /** Its client has requested its end, or is about to. */
  ending(key: string): void {
    const session = this.#sessions.get(key);
    if (session !== undefined) session.ended = true;
  }

  /** The registry found a gap: every session has a ttl from now on to reconnect. */
  troubled(): void {
    const now = this.#parts.now();
    this.#troubleAt = now;
    this.#listensFrom = Math.max(this.#listensFrom, now + this.spreadMs);
    for (const session of this.#sessions.values()) {
      session.goneBy = Math.max(session.goneBy, this.#listensFrom + session.ttlMs);
    }
  }

  /** A revision was made, at a time in the world; the replica already contains it. */
  revised({ revision, cause, changes }: JournaledRevision, at: number, replica: Replica): void {
    const ends = new Set<string>();
    for (const change of changes) {
      const key = sessionOf(change.before);
      const isEnd = change.cause === 'expired' || change.cause === 'session-closed';
      if (key !== undefined && change.after === null && isEnd) ends.add(key);
    }
    for (const key of ends) {
      this.#checkEnd(key, cause, at);
      for (const [{ id }, { text }] of replica.records()) {
        if (sessionOf(text) !== key) continue;
        this.#parts.onProblem('T2', `revision ${revision} ends a session, but leaves ${id}`);
      }
    }
  }

  /** Reports sessions that should be gone. Call only if no alarm is overdue. */
  check(replica: Replica): void {
    const now = this.#parts.now();
    for (const [{ id }, { text }] of replica.records()) {
      const session = this.#sessions.get(sessionOf(text) ?? '');
      if (session === undefined || session.faithful || now <= session.goneBy + SLACK_MS) continue;
      this.#parts.onProblem('I6', `${id} exists ${now - session.goneBy} ms after its session should have ended`);
    }
  }

  #checkEnd(key: string, cause: string, at: number): void {
    this.#open.delete(key);
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    const { ended, faithful, heardAt, ttlMs } = session;
    if (cause === 'session-closed') {
      this.counts.ended += 1;
      if (!ended) this.#parts.onProblem('T6', `the session ${key} was ended without a request of its client`);
      return;
    }
    this.counts.lapsed += 1;
    if (faithful && !ended) this.#parts.onProblem('I6', `the session ${key} lapsed while its client was connected`);
    if (at < heardAt + ttlMs && heardAt > this.#troubleAt) {
      this.#parts.onProblem('T3', `the session ${key} lapsed ${at - heardAt} ms after its last sign of life`);
    }
  }
}

/** Returns the session that an instance's record refers to; undefined for any other record. */
function sessionOf(text: string | null): string | undefined {
  return text === null ? undefined : /"session":"([\w-]{22})"/.exec(text)?.[1];
}
