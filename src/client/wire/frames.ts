import type { Instance } from './instance';

/** Frames of a watch. Written by `npm run client-types` out of the schemas of src/model: change those. */

/** Settings of a service, as watchers see them. */
export interface WatchedService {
  group: string;
  name: string;
  /** Created explicitly: it remains after its last instance is removed. */
  persistent: boolean;
  metadata: Record<string, string>;
  /** Share of healthy instances below which callers ignore health; 0: never. */
  protectThreshold: number;
  selector?: { type: string; expression: string } | undefined;
  /** Revision of its definition; 0 if it has none. */
  revision: number;
}

/** A service in a snapshot. */
export interface SnapshotService extends WatchedService {
  instances: Instance[];
}

/** One change: a record in its current state, or the key of a deleted one. `id` is empty for a service. */
export type WatchedChange =
  | {
      type: 'put';
      kind: 'instance';
      group: string;
      service: string;
      id: string;
      after: Instance;
    }
  | {
      type: 'put';
      kind: 'service';
      group: string;
      service: string;
      id: string;
      after: WatchedService;
    }
  | {
      type: 'delete';
      kind: 'instance' | 'service';
      group: string;
      service: string;
      id: string;
    };

/** The complete state, which replaces the previous one. */
export interface SnapshotFrame {
  type: 'snapshot';
  cursor: string;
  /** Revision of the content. A receiver ignores records that it already has at this revision or a later one. */
  revision: number;
  services: SnapshotService[];
}

/** All changes of one revision. Apply each of them. */
export interface ChangesFrame {
  type: 'changes';
  cursor: string;
  /** Revision of the content. A receiver ignores records that it already has at this revision or a later one. */
  revision: number;
  /** Cause, such as `registered`, `updated`, `deregistered`, `expired`. */
  cause: string;
  /** Id of the token, or `registry`. */
  actor: string;
  /** Time of the revision, RFC 3339. */
  at: string;
  changes: WatchedChange[];
}

/** A newer cursor without changes in this watch. Store the cursor. */
export interface BookmarkFrame {
  type: 'bookmark';
  cursor: string;
}

/** Discard the current state; a snapshot follows. */
export interface ResetFrame {
  type: 'reset';
  /** `compacted`: the cursor is too old. `unknown`: it is from another history, such as before a restore. */
  reason: string;
}

/** A frame of a watch: first a snapshot, or the changes after the given cursor; then every change, in order. */
export type WatchFrame = SnapshotFrame | ChangesFrame | BookmarkFrame | ResetFrame;
