import type { Cause, HistoryEntry } from '../../client/wire/history-answers';
import type { ScopeChanges } from '../../client/wire/wire-frame';

/** Changes that are kept for the list of the latest. */
export const LATEST_MAX_COUNT = 20;

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

/** Returns the changes of instances and services in an entry of the history. */
export function changesOfEntry({ revision, at, actor, changes }: HistoryEntry): LatestChange[] {
  return changes.flatMap((change) => {
    if (change.kind === 'entry') return [];
    const { group, service, cause } = change;
    const id = change.kind === 'service' ? '' : change.id;
    return { key: JSON.stringify([revision, group, service, id]), revision, at, cause, actor, group, service, id };
  });
}

/** Returns the changes of a frame, up to a number that a list of the latest shows. */
export function changesOfFrame({ revision, at, actor, cause, changes }: ScopeChanges): LatestChange[] {
  const records = changes.filter((change) => change.kind !== 'entry');
  return records.slice(0, LATEST_MAX_COUNT).map(({ group, service, id }) => ({
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

/** Adds changes to the latest ones. */
export function withLatest(latest: LatestChanges, changes: LatestChanges): LatestChanges {
  const known = new Set(latest.map(({ key }) => key));
  const all = [...changes.filter(({ key }) => !known.has(key)), ...latest];
  return all.sort((one, other) => other.revision - one.revision).slice(0, LATEST_MAX_COUNT);
}
