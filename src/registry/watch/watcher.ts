import type { WatchScope } from '../../model/frames';
import { CREDIT_INITIAL_BYTES, CREDIT_MAX_BYTES } from '../../model/limits';
import type { Connection, WatchMemory } from './connection';

/** One watch of a connection, awake. */
export class Watcher {
  readonly peer: Peer;
  readonly memory: WatchMemory;
  /** Every matching change up to this revision has been sent. */
  position: number;
  /** Revision of the newest cursor that was sent. */
  toldRevision: number;
  /** Revision of the newest cursor that was acknowledged. */
  acknowledgedRevision = 0;
  /** Text that would have been sent since it fell behind. */
  backlogSize = 0;
  /** It asked for its cursor, and gets it once it has caught up. */
  wantsBookmark = false;
  isFeeding = false;
  isOpen = true;

  constructor(peer: Peer, memory: WatchMemory, position: number) {
    this.peer = peer;
    this.memory = memory;
    this.position = position;
    this.toldRevision = position;
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
}

/** One connection, awake: its credit, and its watches by name. */
export class Peer {
  readonly connection: Connection;
  readonly watchers = new Map<string, Watcher>();
  #credit = CREDIT_INITIAL_BYTES;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Whether it may be sent more. One frame may take more than is left. */
  get hasCredit(): boolean {
    return this.#credit > 0;
  }

  grant(bytes: number): void {
    this.#credit = Math.min(CREDIT_MAX_BYTES, this.#credit + bytes);
  }

  /** Sends a frame of a watch, against credit. */
  send(frame: string): void {
    this.#credit -= frame.length;
    this.connection.send(frame);
  }
}
