import type { InstanceKey } from './batch';
import type { SharedRead } from './dialect-reads';
import type { Cause } from './history';
import type { KeyInterval } from './key-interval';
import type { PointInTime } from './query-values';
import type { ServiceNames } from './service-name';

/** Commands that read what has changed, and when. */

/** Caller whose rate a call counts towards, if the namespace limits rates. */
export interface Asker {
  /** Id of the token. */
  tokenId?: string | undefined;
}

/** A history query: for the whole namespace, a group, a service, an instance and its override, or entries. */
export interface HistoryCommand extends Asker {
  /** Only these entries. A query for a group, a service or an instance has no entries. */
  keys?: KeyInterval | undefined;
  group?: string | undefined;
  /** In `DEFAULT_GROUP` if no group is given. */
  service?: string | undefined;
  /** Requires a service. */
  instance?: string | undefined;
  cause?: Cause | undefined;
  /** Only entries after this cursor or revision, or at this time and later. */
  since?: PointInTime | undefined;
  /** Only entries up to this cursor, time or revision. */
  until?: PointInTime | undefined;
  /** The `next` of the previous page. */
  after?: string | undefined;
  limit?: number | undefined;
}

export interface DiffCommand extends ServiceNames, Asker {
  from: PointInTime;
  to?: PointInTime | undefined;
  limit?: number | undefined;
  /** The `next` of the previous page. */
  after?: string | undefined;
}

export interface WhyCommand extends Asker {
  key: InstanceKey;
  /** Maximum number of history entries. */
  limit?: number | undefined;
}

export interface ChangedSinceCommand extends Asker {
  since: PointInTime;
}

export interface ChangedServicesCommand extends Asker {
  /** Cursor of the previous answer; absent in the first call. */
  since?: string | undefined;
  /** Time for which readers may use results that rely on this answer, in milliseconds. Drains take it into account. */
  keepForMs: number;
  /** Reads since the previous answer. */
  reads: SharedRead[];
}
