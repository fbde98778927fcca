import type { InstanceKey } from '../../../model/batch';
import type { InstanceView } from '../../../model/instance';
import type { ServiceKey } from '../../../model/namespace-api';
import type { SqlStorage } from '../../storage/sql-storage';
import type { StoredState } from '../commit/commit-state';
import type { Journal } from '../commit/journal';
import type { JournaledChange } from '../commit/journal-format';
import { compare } from '../records/catalog';
import type { ServiceEntry } from '../records/catalog-entries';
import { headName, readHeadsSince } from '../records/record-row';
import { decodeInstance, decodeOverride, type RecordText } from '../records/records';
import { instanceView } from '../records/view';
import { compacted } from './moment';

/** The records of a service at a moment. An entry of the catalog also is one, for the current moment. */
export interface ServiceRecords {
  readonly own: RecordText | undefined;
  readonly instances: ReadonlyMap<string, RecordText>;
  readonly overrides: ReadonlyMap<string, RecordText>;
}

/** Steps back and rows forward that a walk alternates between: they take about the same time. */
const STEPS_BACK = 20;
const ROWS_FORWARD = 500;

/** Turns after which it yields to other work: about 5 ms. */
const TURNS_IN_A_ROW = 4;

/**
 * Returns a service as it was right after a revision. It walks from both ends: back from now along the chain of the service,
 * which is short if little has changed since; and forward from the revision until it has seen each record that changed
 * since, which is soon if many changed. It never takes longer than twice the shorter way.
 *
 * @param revision A retained and durable revision.
 * @throws {RegistryError} `COMPACTED` if the revision is compacted meanwhile.
 */
export async function serviceAt(state: StoredState, key: ServiceKey, revision: number): Promise<ServiceRecords> {
  const { catalog, journal, platform } = state;
  const today = catalog.service(key);
  const back = new BackwardWalk(journal, key, today);
  const forward = new ForwardWalk(journal, key, revision, () => changedSince(platform.storage, today, revision));
  for (let turns = 1; ; turns++) {
    back.go(revision);
    if (back.reached <= revision) break;
    forward.go();
    if (forward.isDone || forward.reached >= back.reached) break;
    if (turns % TURNS_IN_A_ROW === 0) await platform.nextTurn();
  }
  if (revision < journal.compactedRevision) throw compacted(journal, `revision ${revision}`);
  for (const change of forward.found) undo(back.records, change);
  return back.records;
}

/** Undoes the changes of a service, from now backwards. */
class BackwardWalk {
  readonly #journal: Journal;
  readonly #key: ServiceKey;
  readonly records: CopiedRecords;
  /** Newest revision that is not undone yet. */
  reached: number;

  constructor(journal: Journal, key: ServiceKey, today: ServiceEntry | undefined) {
    this.#journal = journal;
    this.#key = key;
    this.records = copied(today);
    this.reached = today?.revision ?? 0;
  }

  go(until: number): void {
    for (let step = 0; step < STEPS_BACK && this.reached > until; step++) {
      const changes = this.#journal.changesAt(this.reached).filter((change) => isIn(this.#key, change));
      for (const change of changes) undo(this.records, change);
      this.reached = changes[0]?.servicePrevious ?? 0;
    }
  }
}

/** Finds the first change of each record after a revision: its `before` is the record at that revision. */
class ForwardWalk {
  readonly #journal: Journal;
  readonly #key: ServiceKey;
  readonly #last: number;
  readonly #glance: string;
  readonly #names: () => Set<string>;
  #missing: Set<string> | undefined;
  readonly found: JournaledChange[] = [];
  /** Newest revision that it has seen. */
  reached: number;

  /** @param names Returns the names of the records to find. Called on the first step, before anything else changes. */
  constructor(journal: Journal, key: ServiceKey, from: number, names: () => Set<string>) {
    this.#journal = journal;
    this.#key = key;
    this.#last = journal.revision;
    this.#glance = `"service":${JSON.stringify(key.service)}`;
    this.#names = names;
    this.reached = from;
  }

  /** True once it has found everything. */
  get isDone(): boolean {
    return this.#missing?.size === 0;
  }

  go(): void {
    this.#missing ??= this.#names();
    const first = this.#journal.firstAfter(this.reached) ?? this.#last;
    // The other walk undoes revisions that are not on the disk yet in its first steps.
    const last = Math.min(first - 1 + ROWS_FORWARD, this.#last, this.#journal.storedRevision);
    for (const change of this.#journal.changesMentioning(this.#glance, this.reached, last)) {
      if (isIn(this.#key, change) && this.#missing.delete(headName(change))) this.found.push(change);
    }
    this.reached = Math.max(this.reached, last);
  }
}

function isIn(key: ServiceKey, { group, service }: ServiceKey): boolean {
  return service === key.service && group === key.group;
}

/** Returns the names of a service's records that have changed since a revision, including removed ones. */
function changedSince(storage: SqlStorage, service: ServiceEntry | undefined, revision: number): Set<string> {
  const names = new Set<string>();
  if (service === undefined) return names;
  const { own, instances, overrides, unwrittenHeads } = service;
  if (own !== undefined && own.revision > revision) names.add(headName({ kind: 'service', id: '' }));
  for (const [id, record] of instances) if (record.revision > revision) names.add(headName({ kind: 'instance', id }));
  for (const [id, record] of overrides) if (record.revision > revision) names.add(headName({ kind: 'override', id }));
  for (const [name, removedAt] of unwrittenHeads) if (removedAt > revision) names.add(name);
  if (service.hasHeads) {
    for (const head of readHeadsSince(storage, { group: service.group, service: service.name }, revision)) {
      names.add(headName(head));
    }
  }
  return names;
}

interface CopiedRecords {
  own: RecordText | undefined;
  instances: Map<string, RecordText>;
  overrides: Map<string, RecordText>;
}

/** Returns a copy, as entries of the catalog change in place. */
function copied(today: ServiceRecords | undefined): CopiedRecords {
  const instances = new Map<string, RecordText>();
  for (const [id, { text, revision }] of today?.instances ?? []) instances.set(id, { text, revision });
  return { own: today?.own, instances, overrides: new Map(today?.overrides) };
}

function undo(records: CopiedRecords, { kind, id, before, previous }: JournaledChange): void {
  const record = before === null ? undefined : { text: before, revision: previous };
  if (kind === 'service') {
    records.own = record;
    return;
  }
  const all = kind === 'instance' ? records.instances : records.overrides;
  if (record === undefined) all.delete(id);
  else all.set(id, record);
}

/**
 * Yields the instances of a service as answers show them, ordered by id.
 *
 * @param at Time for people: it decides `flapping`.
 * @param after Only those after this id.
 */
export function* viewsAt(key: ServiceKey, records: ServiceRecords, at: number, after = ''): Generator<InstanceView> {
  const ids = [...records.instances.keys()].filter((id) => compare(id, after) > 0).sort(compare);
  for (const id of ids) {
    const view = viewAt({ ...key, id }, records, at);
    if (view !== undefined) yield view;
  }
}

/** Returns one instance of a service as answers show it; undefined if there is none. */
export function viewAt(
  key: InstanceKey,
  { instances, overrides }: ServiceRecords,
  at: number,
): InstanceView | undefined {
  const record = instances.get(key.id);
  if (record === undefined) return undefined;
  const said = overrides.get(key.id)?.text;
  const override = said === undefined ? undefined : decodeOverride(said).override;
  return instanceView(key, decodeInstance(record.text), record.revision, override, at);
}
