import type { Instance } from './instance';

/** What a watch tells. Written by `npm run client-types` out of the schemas of src/model: change those. */

/** What a service has of its own, as watchers see it. */
export interface WatchedService {
  group: string;
  name: string;
  /** Created on purpose: it stays when its last instance goes. */
  persistent: boolean;
  metadata: Record<string, string>;
  /** Share of healthy instances below which callers no longer ask for health; 0: never. */
  protectThreshold: number;
  selector?: { type: string; expression: string } | undefined;
  /** Of what it has of its own; 0 where it has nothing. */
  revision: number;
}

/** A service in a snapshot. */
export interface SnapshotService extends WatchedService {
  instances: Instance[];
}

/** One change: a record as it is now, or the name of one that is gone. `id` is empty where it is a service. */
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

/** All there is: replace what you have. */
export interface SnapshotFrame {
  type: 'snapshot';
  cursor: string;
  /** Revision that the content is of. What a receiver has of a record at this revision or later, it keeps. */
  revision: number;
  services: SnapshotService[];
}

/** One revision, whole: apply each change. */
export interface ChangesFrame {
  type: 'changes';
  cursor: string;
  /** Revision that the content is of. What a receiver has of a record at this revision or later, it keeps. */
  revision: number;
  /** Why, such as `registered`, `updated`, `deregistered`, `expired`. */
  cause: string;
  /** Id of the token, or `registry`. */
  actor: string;
  /** When, RFC 3339. */
  at: string;
  changes: WatchedChange[];
}

/** Nothing here changed, and the namespace moved on: remember the cursor. */
export interface BookmarkFrame {
  type: 'bookmark';
  cursor: string;
}

/** Throw away what you have; a snapshot follows. */
export interface ResetFrame {
  type: 'reset';
  /** `compacted`: the cursor is too old. `unknown`: it is of another past, such as before a restore. */
  reason: string;
}

/** What a watch tells: a snapshot first, or what follows the cursor it began with; then every change, in order. */
export type WatchFrame = SnapshotFrame | ChangesFrame | BookmarkFrame | ResetFrame;
