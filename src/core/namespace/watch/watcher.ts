import { CREDIT_INITIAL_BYTES, CREDIT_STEP_BYTES } from '../../../model/limits';
import type { ScopePart } from '../../../model/watch-scope';
import type { Connection, WatchMemory } from '../../platform/connection';
import type { Counters } from '../../platform/counters';

/** One watch of a connection, in memory. */
export class Watcher {
  readonly peer: Peer;
  readonly memory: WatchMemory;
  /** Every matching change up to this revision has been sent. */
  position: number;
  /** Revision of the newest cursor that was sent. */
  sentRevision: number;
  /** True if its client asked for its cursor, which is sent once the watch has caught up. */
  wantsBookmark = false;
  isFeeding = false;
  isOpen = true;
  /** Total sent to its connection when this watch was last sent something. */
  #sentAt = 0;
  #waitingSize = 0;
  #waitingFrom = Number.POSITIVE_INFINITY;

  constructor(peer: Peer, memory: WatchMemory, position: number) {
    this.peer = peer;
    this.memory = memory;
    this.position = position;
    this.sentRevision = position;
  }

  /** Revision of the newest cursor that was acknowledged, or that the watch began with; 0: none. */
  get acknowledgedRevision(): number {
    return this.memory.acknowledged ?? 0;
  }

  /** Keeps the revision with the socket, so that it survives a sleep of the object. */
  set acknowledgedRevision(revision: number) {
    this.memory.acknowledged = revision;
    this.peer.connection.remember();
  }

  get name(): string {
    return this.memory.name;
  }

  get scope(): readonly ScopePart[] {
    return this.memory.scope;
  }

  /** True if changes are sent as they happen; otherwise the watch catches up from the journal. */
  get isLive(): boolean {
    return this.memory.sentUntil === undefined;
  }

  /** Sends a frame of this watch. */
  send(frame: string): void {
    this.peer.send(frame);
    this.#sentAt = this.peer.account.sent;
  }

  /**
   * Returns the point up to which a client that acknowledges a revision has read its output; undefined if that is unknown.
   */
  readUpTo(revision: number): number | undefined {
    return this.isLive && revision >= this.position ? this.#sentAt : undefined;
  }

  /** Length of the frames that were made while it was behind and have not been sent yet. */
  get waitingSize(): number {
    return this.#waitingSize;
  }

  /** Records a revision that must wait until the watch has caught up. */
  noteWaiting(revision: number, frames: readonly string[]): void {
    this.#waitingFrom = Math.min(this.#waitingFrom, revision);
    this.#waitingSize += lengthOf(frames);
  }

  /** Records that a revision was sent, which may have been waiting. */
  noteSent(revision: number, frames: readonly string[]): void {
    this.sentRevision = revision;
    if (revision >= this.#waitingFrom) this.#waitingSize -= lengthOf(frames);
  }

  /** Records that nothing is waiting any more: the watch has caught up, or a snapshot includes everything. */
  noteNoneWaiting(): void {
    this.#waitingSize = 0;
    this.#waitingFrom = Number.POSITIVE_INFINITY;
  }
}

function lengthOf(frames: readonly string[]): number {
  return frames.reduce((length, frame) => length + frame.length, 0);
}

/** Sums over the connections of one token. */
export interface UnreadSums {
  unread: number;
  /** Unread output of connections that have not read anything yet. */
  unreadByNewcomers: number;
  unproven: number;
}

/**
 * Output that one connection was sent and may not have read yet. Sizes are lengths of frames.
 *
 * *Unread* is the output that its client has not reported as read, and decides how much more it is sent. *Unproven* is the
 * output that it has not proven to have read: a client can report anything, but must read a mark to know it. Reports of our
 * own Worker are trusted if it can know.
 */
export class UnreadAccount {
  readonly connection: Connection;
  /** Sums of its token, shared with the token's other connections. */
  readonly sums: UnreadSums;
  /** True if its client answers marks: an earlier Worker would pass them on to readers. */
  readonly takesMarks: boolean;
  readonly isTrusted: boolean;
  /** True if it may be sent more. A closed connection still counts until its socket is gone, as does its output. */
  isOpen = true;
  isClosed = false;
  unread: number;
  unproven: number;
  /** Total length of everything sent. */
  sent = 0;
  /** Length of everything sent after the last mark. */
  sentSinceMark = 0;
  /** The pending mark, and when it was sent. */
  mark: { id: string; at: number } | undefined;
  /** Time since which a sign of reading is overdue, on the namespace's axis. */
  owesSince: number | undefined;
  /** True once it has reported that it has read something. */
  hasRead: boolean;
  /** True once it has returned a mark. */
  isProver: boolean;

  constructor(connection: Connection, sums: UnreadSums) {
    const { kind, proof, credit = CREDIT_INITIAL_BYTES, reading } = connection.memory;
    this.connection = connection;
    this.sums = sums;
    this.isTrusted = kind !== 'socket' && proof !== 'none';
    this.takesMarks = kind === 'socket' || proof === 'marks';
    // An earlier version let credit rise beyond what it began with.
    this.unread = Math.max(0, CREDIT_INITIAL_BYTES - credit);
    this.unproven = Math.max(this.unread, reading?.unproven ?? 0);
    this.sentSinceMark = reading?.sentSinceMark ?? this.unproven;
    this.owesSince = reading?.owesSince;
    this.mark = reading?.mark;
    this.isProver = reading?.isProver === true;
    this.hasRead = this.isProver || kind === 'poll';
  }

  /**
   * Stores the account for the time after a sleep, if it has changed by a step: not every frame is worth a write. After a
   * sleep a slow reader must not pass for a fast one, nor one that gives no sign of reading for a new one.
   */
  remember(): void {
    const { memory } = this.connection;
    const { credit = CREDIT_INITIAL_BYTES, reading } = memory;
    const isSame =
      Math.abs(CREDIT_INITIAL_BYTES - this.unread - credit) < CREDIT_STEP_BYTES &&
      Math.abs(this.#beyondUnread - (reading?.unproven ?? 0)) < CREDIT_STEP_BYTES &&
      (this.owesSince === undefined) === (reading?.owesSince === undefined);
    if (isSame) return;
    memory.credit = this.unread < CREDIT_STEP_BYTES ? undefined : CREDIT_INITIAL_BYTES - this.unread;
    const { unproven, owesSince, mark, sentSinceMark, isProver } = this;
    const isWorthIt = owesSince !== undefined || this.#beyondUnread >= CREDIT_STEP_BYTES;
    memory.reading = isWorthIt ? { unproven, owesSince, mark, sentSinceMark, isProver } : undefined;
    this.connection.remember();
  }

  /** Unproven bytes to store; 0 if they are the same as the unread ones, which is the default when nothing is stored. */
  get #beyondUnread(): number {
    return this.unproven > this.unread ? this.unproven : 0;
  }
}

/** The part of the budget of unread output that a connection uses. */
interface UnreadRoom {
  /** Opens the account of a connection. */
  open(connection: Connection): UnreadAccount;
  hasRoom(account: UnreadAccount): boolean;
  isFull(account: UnreadAccount): boolean;
  /** Counts a frame that was sent; an answer needs no credit. */
  sent(account: UnreadAccount, length: number, isAnswer: boolean): void;
}

/** One connection, in memory: its account of unread output, and its watches by name. */
export class Peer {
  readonly connection: Connection;
  readonly watchers = new Map<string, Watcher>();
  readonly account: UnreadAccount;
  readonly #counters: Counters;
  readonly #budget: UnreadRoom;

  constructor(connection: Connection, counters: Counters, budget: UnreadRoom) {
    this.connection = connection;
    this.#counters = counters;
    this.#budget = budget;
    this.account = budget.open(connection);
  }

  /** True if it may be sent more. A single frame may exceed the remaining credit. */
  get hasCredit(): boolean {
    return this.#budget.hasRoom(this.account);
  }

  /** True if output waits for this connection's own reading, not for that of others. */
  get isFull(): boolean {
    return this.#budget.isFull(this.account);
  }

  /** Sends a frame of a watch, against credit. */
  send(frame: string): void {
    this.#send(frame, false);
  }

  /** Sends an answer, which needs no credit. */
  answer(frame: string): void {
    this.#send(frame, true);
  }

  #send(frame: string, isAnswer: boolean): void {
    this.#counters.messagesSent += 1;
    this.connection.send(frame);
    this.#budget.sent(this.account, frame.length, isAnswer);
  }
}
