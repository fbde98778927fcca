import type { JournaledChange } from '../../src/core/namespace/commit/journal-format';
import type { RecordKey, RecordKindName } from '../../src/core/namespace/records/records';
import { EntryReplica, entryText, type PresentEntry } from './entry-replica';
import type { JournaledRevision } from './journal-rows';

/** A record from a revision on; null if it was removed. */
export interface Version {
  revision: number;
  text: string | null;
}

/** Versions kept of a record: enough for answers that overtake each other. */
const VERSIONS_KEPT_COUNT = 12;

/** All records of a service at a revision, by id. */
export interface ServiceAt {
  instances: Map<string, Version & { text: string }>;
  overrides: Map<string, Version & { text: string }>;
  own: (Version & { text: string }) | undefined;
}

interface ServiceVersions {
  revision: number;
  records: Map<string, { key: RecordKey; versions: Version[] }>;
}

/** The state of a replica at a revision, from which another one can start. */
export interface ReplicaSnapshot {
  revision: number;
  at: number;
  records: [RecordKey, Version & { text: string }][];
  entries: [key: string, version: PresentEntry][];
}

/**
 * The state of a namespace, derived from its journal alone. Checks that the journal is consistent: the state before each
 * change is the state after the previous one.
 */
export class Replica {
  readonly #services = new Map<string, ServiceVersions>();
  readonly entries: EntryReplica;
  #revision = 0;
  #at = 0;
  /** Its first revision: it does not know records that were removed earlier. */
  readonly #since: number;

  constructor(from?: ReplicaSnapshot) {
    this.#since = from?.revision ?? 0;
    this.entries = new EntryReplica(from?.entries);
    if (from === undefined) return;
    this.#revision = from.revision;
    this.#at = from.at;
    for (const [key, version] of from.records) {
      const service = this.#serviceFor(key);
      service.records.set(recordName(key), { key, versions: [version] });
    }
  }

  /** Returns the revision of the newest change that it has seen. */
  get revision(): number {
    return this.#revision;
  }

  get at(): number {
    return this.#at;
  }

  /**
   * Applies the next revision. Returns descriptions of its problems.
   *
   * @param compacted Newest compacted revision: records removed up to it may be unknown.
   */
  apply(next: JournaledRevision, compacted: number): string[] {
    const { revision, entries } = next;
    const forgotten = Math.max(compacted, this.#since);
    const problems = this.entries.apply(entries, revision, forgotten).map((what) => `revision ${revision}: ${what}`);
    const wrong = (what: string) => problems.push(`revision ${next.revision}: ${what}`);
    if (next.revision !== this.#revision + 1) wrong(`follows ${this.#revision}`);
    if (next.at < this.#at) wrong(`its time ${next.at} is before ${this.#at}`);
    if (next.changes.length + entries.length === 0) wrong('changes nothing');
    const touched = new Set<string>();
    const services = new Map<string, number>();
    for (const change of next.changes) {
      const name = `${change.group}/${change.service}/${recordName(change)}`;
      if (touched.has(name)) wrong(`changes ${name} twice`);
      touched.add(name);
      const problem = this.#applyChange(change, next.revision, compacted, services);
      if (problem !== undefined) wrong(`${name}: ${problem}`);
    }
    this.#revision = next.revision;
    this.#at = next.at;
    return problems;
  }

  /** Returns a record at a revision; undefined if that is too old to be known. */
  record(key: RecordKey, revision = this.#revision): Version | undefined {
    const versions = this.#services.get(serviceName(key))?.records.get(recordName(key))?.versions;
    if (versions === undefined) return { revision: 0, text: null };
    return versions.findLast((version) => version.revision <= revision);
  }

  /** Returns a service at a revision. */
  service(group: string, service: string, revision = this.#revision): ServiceAt {
    const found: ServiceAt = { instances: new Map(), overrides: new Map(), own: undefined };
    const versions = this.#services.get(serviceName({ group, service }));
    for (const { key, versions: all } of versions?.records.values() ?? []) {
      const version = all.findLast((each) => each.revision <= revision);
      if (version === undefined || version.text === null) continue;
      const present = { revision: version.revision, text: version.text };
      if (key.kind === 'instance') found.instances.set(key.id, present);
      else if (key.kind === 'override') found.overrides.set(key.id, present);
      else found.own = present;
    }
    return found;
  }

  /** Yields every current record. */
  *records(): Generator<[RecordKey, Version & { text: string }]> {
    for (const { records } of this.#services.values()) {
      for (const { key, versions } of records.values()) {
        const last = versions.at(-1);
        if (last !== undefined && last.text !== null) yield [key, { revision: last.revision, text: last.text }];
      }
    }
  }

  /** Returns the current state, from which another replica can start. */
  snapshot(): ReplicaSnapshot {
    return { revision: this.#revision, at: this.#at, records: [...this.records()], entries: this.entries.all() ?? [] };
  }

  /** Returns the current state as one text, which is the same for equal replicas. */
  digest(): string {
    const records = [...this.records()].map(([key, { revision, text }]) => [
      `${serviceName(key)}/${recordName(key)}`,
      revision,
      text,
    ]);
    const entries = this.entries.all()?.map(([key, { revision, entry }]) => [key, revision, entryText(entry)]);
    return JSON.stringify([records.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)), entries]);
  }

  #applyChange(
    change: JournaledChange,
    revision: number,
    compacted: number,
    servicesBefore: Map<string, number>,
  ): string | undefined {
    const service = this.#serviceFor(change);
    const serviceBefore = servicesBefore.get(serviceName(change)) ?? service.revision;
    servicesBefore.set(serviceName(change), serviceBefore);
    service.revision = revision;
    const name = recordName(change);
    const { kind, group, service: serviceOf, id } = change;
    const record = service.records.get(name) ?? { key: { kind, group, service: serviceOf, id }, versions: [] };
    service.records.set(name, record);
    const last = record.versions.at(-1);
    record.versions.push({ revision, text: change.after });
    if (record.versions.length > VERSIONS_KEPT_COUNT) record.versions.shift();

    const before = last?.text ?? null;
    if (change.before !== before) return `reports ${change.before} as the state before, which was ${before}`;
    if (change.after === null && before === null) return 'removes a record that does not exist';
    if (change.after === before) return 'changes nothing';
    const forgotten = Math.max(compacted, this.#since);
    if (!linksTo(change.previous, last?.revision ?? 0, before === null ? forgotten : -1)) {
      return `reports ${change.previous} as the previous revision, which was ${last?.revision ?? 0}`;
    }
    if (!linksTo(change.servicePrevious, serviceBefore, forgotten)) {
      return `reports ${change.servicePrevious} as the previous revision of the service, which was ${serviceBefore}`;
    }
    return undefined;
  }

  #serviceFor(key: { group: string; service: string }): ServiceVersions {
    let service = this.#services.get(serviceName(key));
    if (service === undefined) {
      service = { revision: 0, records: new Map() };
      this.#services.set(serviceName(key), service);
    }
    return service;
  }
}

/** Returns whether a link of a chain refers to the revision before; a link to a compacted one may be missing. */
function linksTo(link: number, revision: number, forgotten: number): boolean {
  return link === revision || (revision <= forgotten && link <= forgotten);
}

const serviceName = ({ group, service }: { group: string; service: string }) => `${group}@@${service}`;
const recordName = ({ kind, id }: { kind: RecordKindName; id: string }) => `${kind}:${id}`;
