import type { WatchScope } from '../../model/frames';
import { CREDIT_INITIAL_BYTES, CREDIT_MAX_BYTES, CREDIT_STEP_BYTES } from '../../model/limits';
import type { Counters } from '../counters';
import type { Connection, WatchMemory } from './connection';

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

  get scope(): WatchScope {
    return this.memory.scope;
  }

  /** Whether changes are sent as they happen; otherwise they follow from the journal. */
  get isLive(): boolean {
    return this.memory.sentUntil === undefined;
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

/** One connection, awake: its credit, and its watches by name. */
export class Peer {
  readonly connection: Connection;
  readonly watchers = new Map<string, Watcher>();
  readonly #counters: Counters;
  #credit: number;

  constructor(connection: Connection, counters: Counters) {
    this.connection = connection;
    this.#counters = counters;
    this.#credit = connection.memory.credit ?? CREDIT_INITIAL_BYTES;
  }

  /** Whether it may be sent more. One frame may take more than is left. */
  get hasCredit(): boolean {
    return this.#credit > 0;
  }

  grant(bytes: number): void {
    this.#changeCredit(Math.min(CREDIT_MAX_BYTES, this.#credit + bytes));
  }

  /** Sends a frame of a watch, against credit. */
  send(frame: string): void {
    this.#counters.messagesSent += 1;
    this.connection.send(frame);
    this.#changeCredit(this.#credit - frame.length);
  }

  /** Not every frame is worth a note; but whoever is slow is not to be taken for quick after a sleep. */
  #changeCredit(credit: number): void {
    const { memory } = this.connection;
    this.#credit = credit;
    if (Math.abs(credit - (memory.credit ?? CREDIT_INITIAL_BYTES)) < CREDIT_STEP_BYTES) return;
    memory.credit = credit;
    this.connection.remember();
  }
}
