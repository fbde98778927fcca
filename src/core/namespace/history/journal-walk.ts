import type { HistoryCommand } from '../../../model/history-commands';
import type { KeyInterval } from '../../../model/key-interval';
import type { ServiceKey } from '../../../model/namespace-api';
import { DEFAULT_GROUP } from '../../../model/service-name';
import type { StoredState } from '../commit/commit-state';
import type { Journal, JournalEntry } from '../commit/journal';
import { decodeChanges, isOf, type JournaledChange } from '../commit/journal-format';
import { findRecord } from '../records/record-kinds';
import { headRevision } from '../records/record-row';
import type { RecordKey } from '../records/records';

/** Scope of a read of history: the namespace, a group, a service, an instance with its override, or entries. */
export type HistoryScope = Pick<HistoryCommand, 'group' | 'service' | 'instance' | 'keys'>;

/** Place from which a walk continues: for each chain that it follows, the newest revision not visited yet; 0 at its end. */
export type WalkPlace = readonly number[];

/** One revision of a walk. */
export interface WalkStep {
  entry: JournalEntry;
  /** Its changes of records within the scope. */
  changes: JournaledChange[];
  /** Place to continue from. */
  rest: WalkPlace;
}

/** Returns the keys of entries in a scope: those that it names, or all in the scope of the whole namespace. */
export function keysIn({ group, service, keys }: HistoryScope): KeyInterval | undefined {
  return keys ?? (group === undefined && service === undefined ? { from: '' } : undefined);
}

/** Returns the service of a scope, or of its instance; undefined if the scope is larger than one service. */
export function serviceOf({ group = DEFAULT_GROUP, service }: HistoryScope): ServiceKey | undefined {
  return service === undefined ? undefined : { group, service };
}

/** Returns the keys of an instance's record and its override. */
function keysOf({ group = DEFAULT_GROUP, service = '', instance = '' }: HistoryScope): RecordKey[] {
  return [
    { kind: 'instance', group, service, id: instance },
    { kind: 'override', group, service, id: instance },
  ];
}

/** Returns the place at which a walk over everything up to now begins. */
export function newestPlace({ journal, catalog, platform }: StoredState, scope: HistoryScope): WalkPlace {
  const key = serviceOf(scope);
  if (key === undefined) return [journal.revision];
  const service = catalog.service(key);
  if (scope.instance === undefined) return [service?.revision ?? 0];
  return keysOf(scope).map(
    (record) => findRecord(catalog, record)?.revision ?? headRevision(platform.storage, record, service),
  );
}

/**
 * Walks back through the retained history, newest first. Instances and services have chains through the journal, from each
 * change to the previous one, so their walks read only what they return; any other walk reads every row.
 */
export function walkBack(journal: Journal, scope: HistoryScope, from: WalkPlace, cause?: string): Iterable<WalkStep> {
  if (scope.instance !== undefined) return alongRecords(journal, keysOf(scope), from);
  const key = serviceOf(scope);
  return key === undefined ? throughAll(journal, from[0] ?? 0, scope, cause) : alongService(journal, key, from[0] ?? 0);
}

/** Follows the chains of several records at once. */
function* alongRecords(journal: Journal, keys: readonly RecordKey[], from: WalkPlace): Generator<WalkStep> {
  let place = keys.map((_, index) => from[index] ?? 0);
  for (;;) {
    const revision = Math.max(...place);
    const entry = revision === 0 ? undefined : journal.entryAt(revision);
    if (entry === undefined) return;
    const all = changesMentioning(entry, glance('id', keys[0]?.id));
    const found = keys.map((key) => all.find((change) => isOf(change, key)));
    place = place.map((each, index) => (each === revision ? (found[index]?.previous ?? 0) : each));
    // In the order of the journal.
    yield { entry, changes: all.filter((change) => found.includes(change)), rest: place };
  }
}

/** Follows the chain of a service, with all of its records. */
function* alongService(journal: Journal, key: ServiceKey, from: number): Generator<WalkStep> {
  let revision = from;
  while (revision > 0) {
    const entry = journal.entryAt(revision);
    if (entry === undefined) return;
    const changes = changesMentioning(entry, glance('service', key.service)).filter(
      (change) => change.service === key.service && change.group === key.group,
    );
    revision = changes[0]?.servicePrevious ?? 0;
    yield { entry, changes, rest: [revision] };
  }
}

/** Reads all rows. */
function* throughAll(
  journal: Journal,
  from: number,
  { group, keys }: HistoryScope,
  cause?: string,
): Generator<WalkStep> {
  for (const entry of journal.entriesUpTo(from)) {
    if (keys !== undefined) {
      yield { entry, changes: [], rest: [entry.revision - 1] };
      continue;
    }
    const changes = changesMentioning(entry, glance('group', group), glance('cause', cause));
    const within = changes.filter((change) => group === undefined || change.group === group);
    yield { entry, changes: within, rest: [entry.revision - 1] };
  }
}

/** Returns the text of a member as it appears in a change. */
function glance(name: string, value: string | undefined): string {
  return value === undefined ? '' : `"${name}":${JSON.stringify(value)}`;
}

/** Returns the changes of an entry, without parsing parts that lack one of these texts. */
function changesMentioning({ parts }: JournalEntry, ...glances: string[]): JournaledChange[] {
  return parts.filter((part) => glances.every((text) => part.includes(text))).flatMap(decodeChanges);
}
