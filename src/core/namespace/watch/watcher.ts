import type { ScopePart } from '../../../model/watch-scope';
import type { Connection, WatchMemory } from '../../platform/connection';
import type { Counters } from '../../platform/counters';
import type { UnreadAccount } from './unread-account';
import type { UnreadBudget } from './unread-budget';

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

  /** Whether changes are sent as they happen; otherwise they follow from the journal. */
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

/** One connection, awake: what it may be sent, and its watches by name. */
export class Peer {
  readonly connection: Connection;
  readonly watchers = new Map<string, Watcher>();
  readonly account: UnreadAccount;
  readonly #counters: Counters;
  readonly #budget: UnreadBudget;

  constructor(connection: Connection, counters: Counters, budget: UnreadBudget) {
    this.connection = connection;
    this.#counters = counters;
    this.#budget = budget;
    this.account = budget.open(connection);
  }

  /** Whether it may be sent more. One frame may take more than is left. */
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
