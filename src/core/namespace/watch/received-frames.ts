import { quote, RegistryError } from '../../../model/errors';
import {
  CLOSE_CODES,
  type ClientFrame,
  type ServerFrame,
  type SessionOpened,
  type WatchBegun,
} from '../../../model/frames';
import { FRAME_MAX_BYTES, PINGS_PER_TTL_COUNT, SESSION_TTL_DEFAULT_MS } from '../../../model/limits';
import { utf8Length } from '../../../model/names';
import type { Caller } from '../../../model/namespace-api';
import { scopeParts } from '../../../model/watch-scope';
import type { Connection, NewWatch } from '../../platform/connection';
import { arm } from '../leases/expiry';
import { endSession, noteClosed, openSession, resumeSession } from '../leases/sessions';
import type { SessionEntry } from '../records/catalog-entries';
import { notePass, reconnectSpreadMs, reconnectWithinMs } from '../time/attention';
import { turn } from '../turn/turn';
import { type CalledFrame, callOf, type FrameCalls } from './called-frames';
import type { Hub } from './hub';
import { dismissEnded, hasExpired } from './open-tokens';
import { authorizeFrame, errorFrame, idOf, isCredit, parseFrame, readFrame } from './received-frame-admission';
import { FrameQueue } from './received-frame-queue';
import { assertRoomForWatch, assertRoomOnSocket } from './socket-limits';
import { notePollsEnded, supersedePolls } from './subscribers';
import { resetFrame } from './watch-frames';
import { soleServiceOf } from './watch-scope';
import { startOf } from './watch-start';
import type { WatchState } from './watch-state';
import type { Peer } from './watcher';

/** Frames that count against rate limits; those that are a call of the namespace count as one. */
const COUNTED: ReadonlySet<ClientFrame['type']> = new Set(['session', 'watch', 'unwatch', 'sync']);

type Frame<Type extends ClientFrame['type']> = Extract<ClientFrame, { type: Type }>;

/**
 * Handles the frames that clients send over sockets, and answers them. An invalid frame is answered with an error frame; the
 * socket stays open.
 */
export class ReceivedFrames {
  readonly #state: WatchState;
  readonly #hub: Hub;
  readonly #api: FrameCalls;
  /** Work that the next frames of a socket must wait for, because they may depend on its result. */
  readonly #underWay = new Map<Connection, Promise<void>>();
  readonly #queue: FrameQueue;
  /** Closed sockets whose last frames may still be queued. */
  readonly #gone = new WeakSet<Connection>();

  constructor(state: WatchState, hub: Hub, api: FrameCalls) {
    this.#state = state;
    this.#hub = hub;
    this.#api = api;
    this.#queue = new FrameQueue(
      state.platform.nextTurn,
      (connection) => this.#gone.has(connection) || !hub.isHeld(connection),
    );
  }

  /** Handles a frame, and resolves when that is done. It never rejects: errors are sent to the socket. */
  async receive(connection: Connection, text: string): Promise<void> {
    this.#state.counters.messagesReceived += 1;
    notePass(this.#state);
    if (this.#hub.isLeaving(connection)) return;
    if (text.length > FRAME_MAX_BYTES || utf8Length(text) > FRAME_MAX_BYTES) {
      return connection.close(1009, `a frame has at most ${FRAME_MAX_BYTES} bytes`);
    }
    // Credit skips the queue, as frames that are held back wait for it.
    if (isCredit(text)) return this.#take(connection, text);
    const handled = this.#queue.add(connection, text.length, () => this.#take(connection, text));
    if (handled === undefined) return this.#overloaded(connection);
    await handled;
  }

  /** Closes a socket that sends faster than its frames are handled, and ignores its pending and later frames. */
  #overloaded(connection: Connection): void {
    this.#queue.drop(connection);
    const reason = 'too many frames are pending; reconnect, and wait for answers';
    this.#hub.connect(connection);
    this.#hub.dismiss(connection, CLOSE_CODES.overloaded, reason);
  }

  async #take(connection: Connection, text: string): Promise<void> {
    let id: string | undefined;
    try {
      const value = parseFrame(text);
      id = idOf(value);
      const frame = readFrame(value);
      // Every frame that resumes may itself become one to wait for.
      while (this.#underWay.has(connection)) await this.#underWay.get(connection)?.catch(() => {});
      // The registry may have closed the socket meanwhile.
      if (!this.#hub.isLeaving(connection)) await this.#handle(connection, frame);
    } catch (error) {
      this.#send(connection, JSON.stringify(errorFrame(error, id)));
      if (!(error instanceof RegistryError)) {
        this.#state.platform.log('error', 'a frame could not be handled', { error: String(error) });
      }
    }
  }

  /** Handles the close of a socket. `isEnd`: its client meant to end its session. */
  async closed(connection: Connection, isEnd: boolean): Promise<void> {
    notePass(this.#state);
    this.#gone.add(connection);
    // Frames that it sent before closing come first: one that came later would connect the socket again.
    const begun = this.#queue.begun(connection);
    if (begun !== undefined) await begun;
    while (this.#underWay.has(connection)) await this.#underWay.get(connection)?.catch(() => {});
    this.#hub.disconnect(connection);
    notePollsEnded(this.#state, connection, this.#state.time.now());
    // If that can't be stored, the session expires later.
    if (isEnd && this.#state.pipeline.fault === undefined) await this.#end(connection);
    else noteClosed(this.#state, connection);
    arm(this.#state);
    const durable = this.#state.pipeline.settled();
    if (durable !== undefined) await durable;
  }

  async #handle(connection: Connection, frame: ClientFrame): Promise<void> {
    const { memory } = connection;
    if (hasExpired(memory, this.#state.platform.clock.now())) return dismissEnded(this.#hub, connection);
    authorizeFrame(memory, frame, this.#state.platform.claimsOf);
    if (COUNTED.has(frame.type)) this.#state.rates.admit(memory.caller.tokenId, this.#state.time.now());
    const peer = this.#hub.connect(connection);
    this.#noteAlive(connection);
    switch (frame.type) {
      case 'session':
        return this.#inOrder(connection, this.#openSession(connection, frame));
      case 'batch':
      case 'transaction':
      case 'grant-lease':
      case 'renew-leases':
      case 'read-lease':
      case 'revoke-lease':
      case 'list-leases':
      case 'compact-entries':
        return this.#call(connection, frame);
      case 'watch':
        return this.#watch(peer, frame);
      case 'unwatch':
        return this.#unwatch(peer, frame);
      case 'sync':
        return this.#sync(peer, frame);
      case 'resolve':
        return this.#resolve(connection, frame);
      case 'ack':
        return this.#acknowledge(peer, frame);
      case 'credit':
        this.#hub.grant(peer, frame.bytes, frame.mark);
        return this.#queue.goOn();
      case 'end':
        await this.#end(connection);
        return connection.close(CLOSE_CODES.sessionEnded, 'session ended');
    }
  }

  /** Makes later frames of a connection wait for `work`. */
  async #inOrder(connection: Connection, work: Promise<void>): Promise<void> {
    this.#underWay.set(connection, work);
    await work.finally(() => this.#underWay.delete(connection));
  }

  async #openSession(connection: Connection, frame: Frame<'session'>): Promise<void> {
    const { random, digest } = this.#state.platform;
    const [key = '', secret = ''] = frame.session?.split('.') ?? [];
    const offered = { key, secretDigest: await digest(secret) };
    const fresh = { key: random.id(), secret: random.id() };
    const ticket = { key: fresh.key, secretDigest: await digest(fresh.secret) };
    const { caller } = connection.memory;
    const body = await turn(this.#state, undefined, (now): SessionOpened => {
      this.#assertNoSession(connection);
      const resumed = resumeSession(this.#state, connection, caller, offered, now);
      if (resumed !== undefined) {
        if (resumed.superseded !== undefined) letGo(resumed.superseded);
        return this.#sessionOpened(resumed.session, frame.session ?? '', true);
      }
      const { sessionPingMs } = this.#state.settings;
      const ttlMs = frame.ttlMs ?? Math.max(SESSION_TTL_DEFAULT_MS, PINGS_PER_TTL_COUNT * sessionPingMs);
      const session = openSession(this.#state, connection, caller, ticket, ttlMs, now);
      return this.#sessionOpened(session, `${fresh.key}.${fresh.secret}`, false);
    });
    this.#answer(connection, frame.id, body);
  }

  #sessionOpened(entry: SessionEntry, session: string, resumed: boolean): SessionOpened {
    return {
      session,
      resumed,
      ttlMs: entry.ttlMs,
      pingIntervalMs: this.#pingIntervalMs(entry.ttlMs),
      reconnectWithinMs: this.#reconnectWithinMs(entry),
    };
  }

  /** Renews the lease of the session that a socket holds: every frame counts as a ping. */
  #noteAlive(connection: Connection): void {
    const session = this.#sessionOf(connection);
    if (session === undefined) return;
    this.#state.checkpoints.open();
    this.#state.leases.hear(session.lease, notePass(this.#state));
    arm(this.#state);
  }

  #assertNoSession(connection: Connection): void {
    if (this.#sessionOf(connection) === undefined) return;
    throw new RegistryError('CONFLICT', 'this socket already holds a session; open another socket for another session');
  }

  /**
   * Makes the call of a frame, and answers it. If the call is not decided at once, because it waits for the audit trail, the
   * disk or leases that are due, later frames of the connection wait for it: they must not overtake it.
   */
  #call(connection: Connection, frame: CalledFrame): Promise<void> {
    const session = this.#sessionOf(connection);
    const held = session && { session, intervalMs: this.#pingIntervalMs(session.ttlMs) };
    const caller: Caller = { ...connection.memory.caller, session: connection.memory.session };
    const answer = { isMade: false, sent: () => {} };
    const decided = (length: number) => {
      answer.isMade = true;
      answer.sent = this.#queue.holdAnswer(connection, length);
    };
    const answered = callOf(this.#api, frame, caller, held, decided)
      .then(({ cursor, body = JSON.stringify({ cursor }) }) => {
        // The body is already JSON, and is inserted unchanged.
        this.#send(connection, `{"type":"answer","id":${JSON.stringify(frame.id)},"body":${body}}`);
      })
      .finally(() => answer.sent());
    return answer.isMade ? answered : this.#inOrder(connection, answered);
  }

  /** Begins a watch. If leases are due, which end first, later frames of the connection wait for it. */
  #watch(peer: Peer, frame: Frame<'watch'>): Promise<void> {
    const { connection } = peer;
    const { id, watch: name, observer, counts, previous, afterRevision, fromNow } = frame;
    const scope = scopeParts(frame.scope);
    const begun: NewWatch = {
      name,
      scope,
      observer: observer || undefined,
      counts: counts || undefined,
      previous: previous || undefined,
      changesOnly: afterRevision !== undefined || fromNow || undefined,
    };
    let isDecided = false;
    const answered = turn(this.#state, soleServiceOf(scope), () => {
      isDecided = true;
      assertRoomOnSocket(peer, begun);
      assertRoomForWatch(this.#state, this.#hub, connection.memory.caller.tokenId);
      const { published } = this.#hub;
      const { position, reset } = startOf(this.#state.journal, published, frame, scope);
      supersedePolls(this.#hub, peer, name);
      const reconnectWithinMs = this.#reconnectWithinMs(this.#sessionOf(connection));
      const place = position && { cursor: position.cursor, revision: published.revision };
      const body: WatchBegun = { reconnectWithinMs, ...place };
      this.#answer(connection, id, body);
      if (reset !== undefined) this.#send(connection, resetFrame(name, reset));
      this.#hub.watch(peer, begun, position?.revision);
    });
    return isDecided ? answered : this.#inOrder(connection, answered);
  }

  #unwatch(peer: Peer, { id, watch }: Frame<'unwatch'>): void {
    const watcher = peer.watchers.get(watch);
    if (watcher === undefined) throw noWatch(watch);
    this.#hub.unwatch(watcher);
    this.#answer(peer.connection, id, {});
  }

  #sync(peer: Peer, { id, watch }: Frame<'sync'>): void {
    const watcher = peer.watchers.get(watch);
    if (watcher === undefined) throw noWatch(watch);
    this.#answer(peer.connection, id, {});
    this.#hub.sync(watcher);
  }

  async #resolve(connection: Connection, { id, service, cluster, tag, limit }: Frame<'resolve'>): Promise<void> {
    const { body } = await this.#api.resolve({
      ...service,
      cluster,
      tag,
      limit,
      tokenId: connection.memory.caller.tokenId,
    });
    this.#send(connection, `{"type":"answer","id":${JSON.stringify(id)},"body":${body}}`);
  }

  #acknowledge(peer: Peer, { watch, cursor }: Frame<'ack'>): void {
    const watcher = peer.watchers.get(watch);
    const position = this.#state.journal.position(cursor);
    // An acknowledgement for a watch or cursor that is gone is not the sender's error.
    if (watcher === undefined || position === undefined) return;
    this.#state.receipts.acknowledge(watcher, position.revision);
    this.#hub.noteRead(watcher, position.revision);
  }

  async #end(connection: Connection): Promise<void> {
    const session = this.#sessionOf(connection);
    if (session === undefined) return;
    await turn(this.#state, undefined, (now) => {
      // Meanwhile it may have lapsed, or been resumed elsewhere.
      if (this.#sessionOf(connection) !== session) return;
      endSession(this.#state, session, 'session-closed', connection.memory.caller.tokenId, now);
      connection.memory.session = '';
      connection.remember();
    });
  }

  /** Returns the session that a connection holds; undefined if it has none, or the session has lapsed. */
  #sessionOf(connection: Connection): SessionEntry | undefined {
    return this.#state.sessions.get(connection.memory.session ?? '');
  }

  #answer(connection: Connection, id: string, body: object): void {
    const frame: ServerFrame = { type: 'answer', id, body };
    this.#send(connection, JSON.stringify(frame));
  }

  /** Sends a frame that does not belong to a watch, and so needs no credit. */
  #send(connection: Connection, text: string): void {
    this.#queue.spend(text.length);
    const peer = this.#hub.peerOf(connection);
    if (peer !== undefined) {
      peer.answer(text);
      return;
    }
    this.#state.counters.messagesSent += 1;
    connection.send(text);
  }

  #pingIntervalMs(ttlMs: number): number {
    return Math.min(this.#state.settings.sessionPingMs, Math.floor(ttlMs / PINGS_PER_TTL_COUNT));
  }

  #reconnectWithinMs(session: SessionEntry | undefined): number {
    return reconnectWithinMs(reconnectSpreadMs(this.#state.sessions.size, this.#hub.connectionCount), session);
  }
}

/** Closes a socket whose session was resumed by another one. */
function letGo(connection: Connection): void {
  connection.memory.session = '';
  connection.remember();
  connection.close(CLOSE_CODES.superseded, 'another socket resumed the session');
}

function noWatch(watch: string): RegistryError {
  return new RegistryError(
    'INVALID_REQUEST',
    `this socket has no watch ${quote(watch)}; use the name of one that it has opened and not ended`,
  );
}
