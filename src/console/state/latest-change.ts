import type { ChangesFrame } from '../../client/wire/frames';
import type { Cause, HistoryEntry } from '../../client/wire/history-answers';

/** A change of an instance or a service, for the list of the latest. */
export interface LatestChange {
  /** Unique among the changes. */
  key: string;
  revision: number;
  at: string;
  cause: Cause;
  actor: string;
  group: string;
  service: string;
  /** Empty for a service. */
  id: string;
}

/** Latest changes, newest first. */
export type LatestChanges = readonly LatestChange[];

/** Returns the changes of an entry of the history. */
export function changesOfEntry({ revision, at, actor, changes }: HistoryEntry): LatestChange[] {
  return changes.map((change) => {
    const { group, service, cause } = change;
    const id = change.kind === 'service' ? '' : change.id;
    return { key: JSON.stringify([revision, group, service, id]), revision, at, cause, actor, group, service, id };
  });
}

/** Returns the first changes of a frame. */
export function changesOfFrame(
  { revision, at, actor, cause, changes }: ChangesFrame,
  maxCount: number,
): LatestChange[] {
  return changes.slice(0, maxCount).map(({ group, service, id }) => ({
    key: JSON.stringify([revision, group, service, id]),
    revision,
    at,
    // `as`: the causes of frames are those of the history
    cause: cause as Cause,
    actor,
    group,
    service,
    id,
  }));
}
