import type { ServiceKey } from '../../../model/namespace-api';
import type { Platform } from '../../platform/platform';
import type { CommitPipeline } from '../../storage/commit-pipeline';
import type { Checkpoints } from '../records/checkpoints';
import type { RecordMemory } from '../records/record-kind';
import type { AnyRecord, RecordKey } from '../records/records';
import type { Journal } from './journal';
import type { Settings } from './settings';

/** The parts of a namespace that hold its records: in memory, and in storage. */
export interface StoredState extends RecordMemory {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly pipeline: CommitPipeline;
  readonly checkpoints: Checkpoints;
  readonly settings: Settings;
}

/** The parts of a namespace that a commit changes, and the port through which it is published. */
export interface CommitState extends StoredState {
  readonly publisher: Publisher;
}

/** A revision as watchers are notified of it: whose change it was, and when. */
export interface ToldRevision {
  revision: number;
  cursor: string;
  cause: string;
  actor: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** A record that changed, as it is from then on; null where it was removed. */
export interface PublishedChange extends RecordKey {
  record: AnyRecord | null;
}

/** The port through which watchers are notified of commits. */
export interface Publisher {
  /** Takes in the connections that slept since the object was last in memory, and the sessions that they hold. */
  wake(): void;

  /** Counts the watches that are notified of a change to a service. */
  audienceOf(key: ServiceKey): number;

  /** Takes in a commit as it is applied. Call what it returns once the commit is durable. */
  prepare(told: ToldRevision, changes: readonly PublishedChange[]): () => void;

  /** Notifies no watcher from now on, until all start over: what comes is one change to them, however many it is. */
  hold(): void;

  /**
   * Lets all watchers start over from what is there now. Call when that is durable.
   *
   * @param position The newest revision then.
   * @param reason Sent with the `reset`.
   */
  startOver(position: { revision: number; cursor: string }, reason: string): void;

  /** Sends a cursor to watchers that no change concerned for a while, if it is time: call when awake anyway. */
  sendBookmarks(): void;
}
