import type { ServiceKey } from '../../../model/namespace-api';
import type { AnyRecord } from '../records/record-kinds';
import type { RecordKey } from '../records/records';

/** A revision as it is told: whose change it was, and when. */
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

/** Who tells watchers of commits. */
export interface Publisher {
  /** Takes in the connections that slept since the object was last in memory, and the sessions that they hold. */
  wake(): void;

  /** How many watches are told of a change to a service. */
  audienceOf(key: ServiceKey): number;

  /** Call with every commit as it is applied; call what it returns once the commit is durable. */
  prepare(told: ToldRevision, changes: readonly PublishedChange[]): () => void;

  /** Tells nobody of anything from now on, until all start over: what comes is one change to them, however many it is. */
  hold(): void;

  /**
   * Lets everybody who watches start over from what is there now. Call when that is durable.
   *
   * @param position Where the namespace is then.
   * @param reason Told with the `reset`.
   */
  startOver(position: { revision: number; cursor: string }, reason: string): void;

  /** Gives those whom nothing told of the newest revisions their cursor, if it is time: call when awake anyway. */
  sendBookmarks(): void;
}
