import type { HistoryCommand, ServiceKey } from '../../../model/namespace-api';
import { DEFAULT_GROUP } from '../../../model/service-name';
import type { StoredState } from '../commit/commit-state';
import type { Journal, JournalEntry } from '../commit/journal';
import { decodeChanges, isOf, type JournaledChange } from '../commit/journal-format';
import { findRecord } from '../records/record-kinds';
import { headRevision } from '../records/record-row';
import type { RecordKey } from '../records/records';

/** What a read of the past is about: all of it, a group, a service, or an instance with its override. */
export type HistoryScope = Pick<HistoryCommand, 'group' | 'service' | 'instance'>;

/** Where a walk back goes on: the newest revision it has not seen, for each chain that it follows; 0 where one ends. */
export type WalkPlace = readonly number[];

/** A revision on the way back. */
export interface WalkStep {
  entry: JournalEntry;
  /** Its changes within the scope. */
  changes: JournaledChange[];
  /** Where to go on. */
  rest: WalkPlace;
}

/** The service that a scope is about, or its instance is of; undefined where it is about more than one. */
export function serviceOf({ group = DEFAULT_GROUP, service }: HistoryScope): ServiceKey | undefined {
  return service === undefined ? undefined : { group, service };
}

/** The records that an instance is kept in: what it says, and what operators say. */
function keysOf({ group = DEFAULT_GROUP, service = '', instance = '' }: HistoryScope): RecordKey[] {
  return [
    { kind: 'instance', group, service, id: instance },
    { kind: 'override', group, service, id: instance },
  ];
}

/** Where a walk begins that is to see everything up to now. */
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
 * Walks back through the past, newest first, as far as it is kept. An instance and a service have chains through the
 * journal, from each change to the one before, so their walks cost what they tell; any other reads every row on the way.
 */
export function walkBack(journal: Journal, scope: HistoryScope, from: WalkPlace, cause?: string): Iterable<WalkStep> {
  if (scope.instance !== undefined) return alongRecords(journal, keysOf(scope), from);
  const key = serviceOf(scope);
  return key === undefined
    ? throughAll(journal, from[0] ?? 0, scope.group, cause)
    : alongService(journal, key, from[0] ?? 0);
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

/** Follows the chain of a service: whatever is in it. */
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

/** Reads row after row. */
function* throughAll(journal: Journal, from: number, group: string | undefined, cause?: string): Generator<WalkStep> {
  for (const entry of journal.entriesUpTo(from)) {
    const changes = changesMentioning(entry, glance('group', group), glance('cause', cause));
    const within = changes.filter((change) => group === undefined || change.group === group);
    yield { entry, changes: within, rest: [entry.revision - 1] };
  }
}

/** How a member looks in the text of a change. */
function glance(name: string, value: string | undefined): string {
  return value === undefined ? '' : `"${name}":${JSON.stringify(value)}`;
}

/** Changes of an entry, but for the parts whose text lacks one of these: a glance spares parsing them. */
function changesMentioning({ parts }: JournalEntry, ...glances: string[]): JournaledChange[] {
  return parts.filter((part) => glances.every((text) => part.includes(text))).flatMap(decodeChanges);
}
