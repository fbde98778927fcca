import type { ServiceKey } from '../../../model/namespace-api';
import type { Platform } from '../../platform/platform';
import type { CommitPipeline } from '../../storage/commit-pipeline';
import type { JournaledEntry } from '../entries/entry-changes';
import type { EntryStore } from '../entries/entry-store';
import type { GrantedLease } from '../records/catalog-entries';
import type { Checkpoints } from '../records/checkpoints';
import type { RecordMemory } from '../records/record-kind';
import type { AnyRecord, RecordKey } from '../records/records';
import type { Draft } from './draft';
import type { Journal } from './journal';
import type { Settings } from './settings';

/** The parts of a namespace that hold its records: in memory, and in storage. */
export interface StoredState extends RecordMemory {
  readonly platform: Platform;
  readonly entries: EntryStore;
  readonly journal: Journal;
  readonly pipeline: CommitPipeline;
  readonly checkpoints: Checkpoints;
  readonly settings: Settings;
}

/** The parts of a namespace that a commit changes, and the port through which it is published. */
export interface CommitState extends StoredState {
  readonly publisher: Publisher;
  readonly layouts: Projection;
}

/** Applies in memory what a projection has found, once its draft is applied. Returns a function that writes it. */
export type Projected = () => () => void;

/** The port through which layouts add to a draft what follows from its changes. */
export interface Projection {
  /** Returns undefined if nothing has to be remembered besides the changes of the draft. */
  project(draft: Draft): Projected | undefined;
  /** Returns whether more follows from the end of a lease than the removal of what it holds. */
  concerns(lease: Pick<GrantedLease, 'keys' | 'instances'>): boolean;
}

/** A revision as watchers are notified of it, with its actor and time. */
export interface PublishedRevision {
  revision: number;
  cursor: string;
  cause: string;
  actor: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** A record that changed, with its new content; null if it was removed. */
export interface PublishedChange extends RecordKey {
  record: AnyRecord | null;
}

/** The port through which watchers are notified of commits. */
export interface Publisher {
  /** Adds the connections from before the object slept, and the sessions that they hold. */
  wake(): void;

  /** Counts the watches that are notified of a change to a service. */
  audienceOf(key: ServiceKey): number;

  /**
   * Prepares the frames of a commit as it is applied. Call the returned function once the commit is durable.
   *
   * @param deleted Keys of entries that were deleted besides, too many for a frame: watches find them in the journal.
   */
  prepare(
    published: PublishedRevision,
    changes: readonly PublishedChange[],
    entries: readonly JournaledEntry[],
    deleted?: ReadonlySet<string>,
  ): () => void;

  /** Notifies no watcher until {@link startOver}: to them, everything that is committed until then is one change. */
  hold(): void;

  /**
   * Makes all watchers start over from the current state. Call it when that is durable.
   *
   * @param position Newest revision at that time.
   * @param reason Sent with the `reset`.
   */
  startOver(position: { revision: number; cursor: string }, reason: string): void;

  /** Sends a cursor to watchers that no change has reached for a while, if it is time. Call it when awake anyway. */
  sendBookmarks(): void;
}
