import { CREDIT_INITIAL_BYTES, CREDIT_STEP_BYTES } from '../../../model/limits';
import type { ScopePart } from '../../../model/watch-scope';
import type { Connection, WatchMemory } from '../../platform/connection';
import type { Counters } from '../../platform/counters';

/** One watch of a connection, awake. */
export class Watcher {
  readonly peer: Peer;
  readonly memory: WatchMemory;
  /** Every matching change up to this revision has been sent. */
  position: number;
  /** Revision of the newest cursor that was sent. */
  toldRevision: number;
  /** It asked for its cursor, and gets it once it has caught up. */
  wantsBookmark = false;
  isFeeding = false;
  isOpen = true;
  /** How much its connection had been sent when this watch was last sent something. */
  #sentAt = 0;
  #waitingSize = 0;
  #waitingFrom = Number.POSITIVE_INFINITY;

  constructor(peer: Peer, memory: WatchMemory, position: number) {
    this.peer = peer;
    this.memory = memory;
    this.position = position;
    this.toldRevision = position;
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

  /** True if changes are sent as they happen; otherwise they follow from the journal. */
  get isLive(): boolean {
    return this.memory.sentUntil === undefined;
  }

  /** Sends a frame of this watch. */
  send(frame: string): void {
    this.peer.send(frame);
    this.#sentAt = this.peer.account.sent;
  }

  /** Where a client that acknowledges a revision has read everything up to; undefined where more was sent since. */
  readUpTo(revision: number): number | undefined {
    return this.isLive && revision >= this.position ? this.#sentAt : undefined;
  }

  /** Length of the frames that were made while it was behind, and that it has not been sent yet. */
  get waitingSize(): number {
    return this.#waitingSize;
  }

  /** Notes a revision that has to wait for it to come up. */
  noteWaiting(revision: number, frames: readonly string[]): void {
    this.#waitingFrom = Math.min(this.#waitingFrom, revision);
    this.#waitingSize += lengthOf(frames);
  }

  /** Notes that a revision was sent, which may have had to wait. */
  noteSent(revision: number, frames: readonly string[]): void {
    this.toldRevision = revision;
    if (revision >= this.#waitingFrom) this.#waitingSize -= lengthOf(frames);
  }

  /** Nothing waits for it any more: it has come up, or a snapshot holds all of it. */
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
  /** By those that have not read anything yet. */
  unreadByNewcomers: number;
  unproven: number;
}

/**
 * Output that one connection was sent and may not have read yet. Sizes are lengths of frames.
 *
 * *Unread* is what its client has not said to have read, and rules how much more it is sent. *Unproven* is what it has
 * not shown to have read: a client can say anything, but only one that has read a mark knows it. Our own Worker is
 * believed, where it can know.
 */
export class UnreadAccount {
  readonly connection: Connection;
  /** Those of its token; shared with the other connections of that. */
  readonly sums: UnreadSums;
  /** True if its client answers marks: an earlier Worker would hand them on to readers. */
  readonly takesMarks: boolean;
  readonly isTrusted: boolean;
  /** It may be sent more. One that was closed still counts until its socket is gone, as what it was sent does. */
  isOpen = true;
  isGone = false;
  unread: number;
  unproven: number;
  /** Everything that was ever sent. */
  sent = 0;
  /** Sent after the last mark. */
  sentSinceMark = 0;
  /** The mark that has not come back yet, and when it was sent. */
  mark: { id: string; at: number } | undefined;
  /** Since when it has given no sign of reading although one is due. On the namespace's axis. */
  owesSince: number | undefined;
  /** It has said before that it has read something. */
  hasRead: boolean;
  /** It has sent back a mark before. */
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
   * Writes it down for the time after a sleep where it has changed by a step. Not every frame is worth a note; but a
   * slow reader must not be taken for a quick one after a sleep, nor one that gives no sign for one that has just begun.
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

  /** Where nothing is written down, all that is unproven is what is unread. */
  get #beyondUnread(): number {
    return this.unproven > this.unread ? this.unproven : 0;
  }
}

/** The part of the budget of unread output that one connection asks for. */
interface UnreadRoom {
  /** Begins the account of a connection. */
  open(connection: Connection): UnreadAccount;
  hasRoom(account: UnreadAccount): boolean;
  isFull(account: UnreadAccount): boolean;
  /** Counts a frame that was sent; an answer is one that no credit holds back. */
  sent(account: UnreadAccount, length: number, isAnswer: boolean): void;
}

/** One connection, awake: what it may be sent, and its watches by name. */
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

  /** True if it may be sent more. One frame may take more than is left. */
  get hasCredit(): boolean {
    return this.#budget.hasRoom(this.account);
  }

  /** True if it is its own reading that more has to wait for, and not that of others. */
  get isFull(): boolean {
    return this.#budget.isFull(this.account);
  }

  /** Sends a frame of a watch, against credit. */
  send(frame: string): void {
    this.#send(frame, false);
  }

  /** Sends an answer, which no credit holds back. */
  answer(frame: string): void {
    this.#send(frame, true);
  }

  #send(frame: string, isAnswer: boolean): void {
    this.#counters.messagesSent += 1;
    this.connection.send(frame);
    this.#budget.sent(this.account, frame.length, isAnswer);
  }
}
