import type { SocketPurpose } from '../../model/namespace-sockets';
import type { ScopePart } from '../../model/watch-scope';

/** State of one watch of a connection that survives a sleep. */
export interface WatchMemory {
  name: string;
  scope: readonly ScopePart[];
  /**
   * Everything up to this revision has been sent; the rest follows from the journal. Absent: everything that is
   * durable has been sent, so nothing has to be stored while a watch keeps up.
   */
  sentUntil?: number | undefined;
  /** Set while a snapshot is being sent: its next part begins after this instance. */
  snapshotAfter?: SnapshotPlace | undefined;
  /** Revision of the newest cursor that was acknowledged, or that the watch began with. Absent: none. */
  acknowledged?: number | undefined;
  /** Set if no drain waits for it. */
  observer?: true | undefined;
  /** Set if its frames of changes have the counts of their services. */
  counts?: true | undefined;
  /** Set if its changes of entries have the entry before them. */
  previous?: true | undefined;
  /** Set if it never has a snapshot: where others start over, it ends. */
  changesOnly?: true | undefined;
}

/** The part of a watch's state that its client chooses. */
export type NewWatch = Pick<WatchMemory, 'name' | 'scope' | 'observer' | 'counts' | 'previous' | 'changesOnly'>;

/**
 * A position in a snapshot, which is ordered by service name, group and instance id, and then has entries by key; `id` is
 * empty before the first.
 */
export interface SnapshotPlace {
  service: string;
  group: string;
  id: string;
  /** Set once all services have been sent: first key of the entries that follow. */
  key?: string | undefined;
  /** Parts sent so far. */
  parts: number;
  /** Cursor of the snapshot as a whole; empty before its first part. */
  cursor: string;
}

/** Position at which every snapshot begins. */
export const SNAPSHOT_START: SnapshotPlace = { service: '', group: '', id: '', parts: 0, cursor: '' };

/** Version of {@link ConnectionMemory}. Version 1 had no grants. */
export const MEMORY_VERSION = 2;

/** State of a connection that survives a sleep of the object. It must stay small: the platform keeps 16 KiB. */
export interface ConnectionMemory extends SocketPurpose {
  version: number;
  /** Time its token was last known to be valid, in milliseconds since the epoch. */
  checkedAt: number;
  /** Key of the session it holds. Empty if it held one that has ended or moved: registrations over it are then refused. */
  session?: string | undefined;
  watches: WatchMemory[];
  /** Bytes that it may still be sent, or a little more. Absent: the initial credit. */
  credit?: number | undefined;
  /** State of its unproven bytes. Absent if they are no more than the credit implies. */
  reading?: ReadingMemory | undefined;
}

/** State of a client that may not be reading: see `UnreadAccount`. */
export interface ReadingMemory {
  unproven: number;
  /** On the namespace's axis. */
  owesSince?: number | undefined;
  mark?: { id: string; at: number } | undefined;
  /** Sent after that mark. */
  sentSinceMark: number;
  isProver: boolean;
}

/** One open socket, as the core sees it. Its methods never throw, even if the socket is gone. */
export interface Connection {
  readonly memory: ConnectionMemory;
  send(frame: string): void;
  close(code: number, reason: string): void;
  /** Stores the memory after a change. */
  remember(): void;
}

/** All open sockets, as the host knows them. */
export interface Connections {
  /** Returns all of them, including those from before the object slept. */
  all(): Iterable<Connection>;
  /** Returns the time of the last sign of life of a connection, by the clock; 0 if there was none since it was opened. */
  heardAt(connection: Connection): number;
}
