import { encodeCursor } from '../../../src/model/cursor';
import type { WatchScope } from '../../../src/model/frames';
import { expectedView } from '../../simulation/expected-view';
import type { JournaledRevision } from '../../simulation/journal-rows';
import type { Replica, ServiceAt } from '../../simulation/replica';
import { instanceDigest, isInScope, journaledEntryChange, nameOf, ownDigest, type RecordChange } from './record-change';

/** A revision that all watchers of it must receive. */
export interface TrueRevision {
  revision: number;
  cursor: string;
  cause: string;
  actor: string;
  /** World time of its decision. */
  at: number;
  changes: RecordChange[];
}

/** Changes and resulting records, derived from the durable journal alone, independently of the core. */
export class Truth {
  readonly revisions: TrueRevision[] = [];
  /** Times in which the registry was frozen: a stream receives nothing meanwhile, and its socket stays open. */
  freezes: readonly { from: number; to: number }[] = [];

  /** Adds a revision. @param replica The journal, applied through this revision. */
  add(epoch: string, journaled: JournaledRevision, at: number, replica: Replica): void {
    const { revision, check, cause, actor } = journaled;
    const cursor = encodeCursor({ epoch, revision, check });
    this.revisions.push({ revision, cursor, cause, actor, at, changes: changesOf(journaled, replica) });
  }

  get head(): number {
    return this.revisions.length;
  }

  at(revision: number): TrueRevision | undefined {
    return this.revisions[revision - 1];
  }

  /** Returns when the registry has been unfrozen for a given time since `from`. */
  afterTime(from: number, ms: number): number {
    let by = from + ms;
    for (const freeze of this.freezes) {
      if (freeze.from < by && freeze.to > from) by += freeze.to - Math.max(from, freeze.from);
    }
    return by;
  }

  /** Returns the changes of a revision that watchers of a scope receive. */
  changesIn(revision: number, scope: WatchScope): RecordChange[] {
    return this.at(revision)?.changes.filter((change) => isInScope(scope, change)) ?? [];
  }
}

/** The contents of a scope, moved along the revisions. */
export class TrueState {
  readonly #truth: Truth;
  readonly #scope: WatchScope;
  readonly #records = new Map<string, string>();
  #revision = 0;

  constructor(truth: Truth, scope: WatchScope) {
    this.#truth = truth;
    this.#scope = scope;
  }

  /** Returns everything in the scope at a revision, by name; call in ascending order. */
  at(revision: number): ReadonlyMap<string, string> {
    if (revision < this.#revision) throw new Error('revisions must be ascending');
    while (this.#revision < revision) {
      this.#revision += 1;
      for (const { record, shows } of this.#truth.changesIn(this.#revision, this.#scope)) {
        if (shows === null) this.#records.delete(record);
        else this.#records.set(record, shows);
      }
    }
    return this.#records;
  }
}

function changesOf({ changes, entries, revision }: JournaledRevision, replica: Replica): RecordChange[] {
  const byRecord = new Map<string, RecordChange>();
  const removed = new Set(changes.filter(({ kind, after }) => kind === 'instance' && after === null).map(idOf));
  for (const change of changes) {
    const { kind, group, service, id } = change;
    const at = replica.service(group, service, revision);
    const record = nameOf(group, service, id);
    const shows = kind === 'service' ? ownAt(at) : instanceAt(at, id);
    // Watchers ignore an override whose instance does not exist.
    if (kind === 'override' && shows === null && !removed.has(record)) continue;
    byRecord.set(record, { group, service, record, shows });
  }
  return [...byRecord.values(), ...entries.map(journaledEntryChange)];
}

const idOf = ({ group, service, id }: { group: string; service: string; id: string }) => nameOf(group, service, id);

function instanceAt(service: ServiceAt, id: string): string | null {
  const view = expectedView(service, id);
  return view === undefined ? null : instanceDigest(view);
}

function ownAt({ own }: ServiceAt): string | null {
  if (own === undefined) return null;
  const { definition } = JSON.parse(own.text) as {
    definition: { metadata?: Record<string, string>; protectThreshold?: number };
  }; // `as`: the core wrote it
  return ownDigest({
    metadata: definition.metadata ?? {},
    protectThreshold: definition.protectThreshold ?? 0,
    revision: own.revision,
  });
}
