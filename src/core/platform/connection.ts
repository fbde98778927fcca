import type { SocketPurpose } from '../../model/namespace-sockets';
import type { ScopePart } from '../../model/watch-scope';

/** What one watch of a connection is remembered by. */
export interface WatchMemory {
  name: string;
  scope: readonly ScopePart[];
  /**
   * Everything up to this revision has been sent; the rest follows from the journal. Absent: everything that is
   * durable has been sent, so nothing has to be written down while a watch keeps up.
   */
  sentUntil?: number | undefined;
  /** A snapshot is under way, and its next part begins after this instance. */
  snapshotAfter?: SnapshotPlace | undefined;
  /** Revision of the newest cursor that was acknowledged, or that the watch began with. Absent: none. */
  acknowledged?: number | undefined;
}

/** A place in the order of a snapshot: by service name, group, and instance id; `id` is empty before the first. */
export interface SnapshotPlace {
  service: string;
  group: string;
  id: string;
  /** Parts sent so far. */
  parts: number;
  /** Cursor of the snapshot as a whole; empty before its first part. */
  cursor: string;
}

/** Where every snapshot begins. */
export const SNAPSHOT_START: SnapshotPlace = { service: '', group: '', id: '', parts: 0, cursor: '' };

/** Version of what a connection is remembered by. The one before knew no grants. */
export const MEMORY_VERSION = 2;

/** What a connection is remembered by while the object sleeps. It must stay small: the platform keeps 16 KiB. */
export interface ConnectionMemory extends SocketPurpose {
  version: number;
  /** When its token was last known to be good, in milliseconds since the epoch. */
  checkedAt: number;
  /** Key of the session it holds; empty where it has held one and does no more: what it then registers is refused. */
  session?: string | undefined;
  watches: WatchMemory[];
  /** Bytes that it may still be sent, or a little more; absent: as many as at the beginning. */
  credit?: number | undefined;
  /** Bytes that it has not shown to have read; absent where that is no more than credit says. */
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

/** One open socket, as the core sees it. None of its methods throws: a socket that is gone is gone. */
export interface Connection {
  readonly memory: ConnectionMemory;
  send(frame: string): void;
  close(code: number, reason: string): void;
  /** Writes the memory down, after it has changed. */
  remember(): void;
}

/** All open sockets, as the host knows them. */
export interface Connections {
  /** Every one, also those that slept since the object was last in memory. */
  all(): Iterable<Connection>;
  /** When a connection last showed that it lives, by the clock; 0 if it never did since it was opened. */
  heardAt(connection: Connection): number;
}
