import type { InstanceKey, Precondition } from '../../../model/batch';
import type { SharedDocument } from '../../../model/dialect-reads';
import { quote, RegistryError } from '../../../model/errors';
import type { Cause } from '../../../model/history';
import {
  DOCUMENTS_PER_SERVICE_MAX_COUNT,
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  INSTANCES_PER_SERVICE_MAX_COUNT,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
} from '../../../model/limits';
import type { NamespaceLimits } from '../../../model/namespace';
import type { Caller, ServiceKey } from '../../../model/namespace-api';
import { assertShare } from '../access/token-limits';
import type { Catalog } from '../records/catalog';
import type { InstanceEntry } from '../records/catalog-entries';
import { instanceKind } from '../records/instance-kind';
import { overrideKind } from '../records/override-kind';
import type { RecordKind, RecordState } from '../records/record-kind';
import type { AnyRecord, InstanceRecord, OverrideRecord, RecordKey, ServiceRecord } from '../records/records';
import { serviceKind } from '../records/service-kind';
import type { Journal } from './journal';

/** A change that a command makes to one record. `record` is null where it removes it. */
export interface DraftedChange extends RecordKey {
  cause: Cause;
  record: AnyRecord | null;
  /** True for an instance whose lease counts from now on. */
  renewed: boolean;
}

/** The parts of a namespace that a draft is laid over. */
export interface DraftBase {
  readonly catalog: Catalog;
  readonly journal: Journal;
  /** Limits of the namespace, where it takes less than the registry does. */
  readonly settings: { readonly limits: NamespaceLimits };
  readonly time: { stamp(): number };
}

/**
 * The changes of a command: an overlay over the catalog. Commands read and write through it, so that a refusal in
 * the middle leaves nothing behind, and a batch sees its own earlier operations.
 */
export class Draft {
  readonly #catalog: Catalog;
  readonly #journal: Journal;
  readonly #limits: NamespaceLimits;
  readonly #changes = new Map<string, DraftedChange>();
  /** The name that was last asked for. */
  #named: { kind: RecordKey['kind']; key: InstanceKey; name: string } | undefined;
  readonly #renewed = new Set<InstanceEntry>();
  readonly #created = new Map<string, number>();
  #createdTotal = 0;
  readonly #newServices = new Set<string>();
  readonly #documents = new Map<string, ServiceKey & SharedDocument>();

  /** Now, on the namespace's axis. */
  readonly now: number;
  /** Now, for people. */
  readonly stamp: number;

  /** The caller that it is made for, where that one may hold only so much: it holds what the draft makes. */
  readonly by: Caller | undefined;

  /** @param by Absent for what the registry does itself, and for an import. */
  constructor({ catalog, journal, settings, time }: DraftBase, now: number, by?: Caller) {
    this.by = by;
    this.#catalog = catalog;
    this.#limits = settings.limits;
    this.#journal = journal;
    this.now = now;
    this.stamp = time.stamp();
  }

  /** The revision that this draft becomes, if it changes anything. */
  get revision(): number {
    return this.#journal.revision + 1;
  }

  /** Everything that changes, in the order in which it was first touched. */
  get changes(): Iterable<DraftedChange> {
    return this.#changes.values();
  }

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  /** Instances whose lease is renewed, and that change in nothing else. */
  get renewed(): Iterable<InstanceEntry> {
    return this.#renewed;
  }

  /** The cause of the revision: that of its changes, or `updated` where they differ. */
  get cause(): Cause {
    const causes = new Set([...this.#changes.values()].map((change) => change.cause));
    const [cause] = causes;
    return causes.size === 1 && cause !== undefined ? cause : 'updated';
  }

  /** The entry of an instance that this draft has not touched. */
  untouched(key: InstanceKey): InstanceEntry | undefined {
    return this.#changes.has(this.#nameOf('instance', key)) ? undefined : this.#catalog.instance(key);
  }

  instance(key: InstanceKey): RecordState<InstanceRecord> | undefined {
    return this.#read(instanceKind, key);
  }

  override(key: InstanceKey): RecordState<OverrideRecord> | undefined {
    return this.#read(overrideKind, key);
  }

  service({ group, service }: ServiceKey): RecordState<ServiceRecord> | undefined {
    return this.#read(serviceKind, { group, service, id: '' });
  }

  #read<Content extends AnyRecord>(kind: RecordKind<Content>, key: InstanceKey): RecordState<Content> | undefined {
    const change = this.#changes.get(this.#nameOf(kind.name, key));
    if (change === undefined) {
      const service = this.#catalog.service(key);
      return service && kind.read(service, key.id);
    }
    // `as`: it is found by the name of its kind.
    return change.record === null ? undefined : { record: change.record as Content, revision: 0 };
  }

  /**
   * Puts an instance. An import has counted what it brings before it began.
   *
   * @param renewed Whether its lease counts from now on.
   * @throws {RegistryError} `LIMIT_EXCEEDED` if it is new and there is no room.
   */
  putInstance(key: InstanceKey, record: InstanceRecord, cause: Cause, renewed: boolean): void {
    const before = this.#changes.get(this.#nameOf('instance', key));
    const isNew = before === undefined && this.#catalog.instance(key) === undefined;
    if (isNew && cause !== 'imported') this.#makeRoom(key);
    this.#put(instanceKind, key, { record, cause, renewed: renewed || before?.renewed === true });
  }

  removeInstance(key: InstanceKey, cause: Cause): void {
    this.#put(instanceKind, key, { record: null, cause, renewed: false });
  }

  putOverride(key: InstanceKey, record: OverrideRecord | null, cause: Cause): void {
    this.#put(overrideKind, key, { record, cause });
  }

  /** @throws {RegistryError} `LIMIT_EXCEEDED` if it is new and there is no room. */
  putService({ group, service }: ServiceKey, record: ServiceRecord | null, cause: Cause): void {
    const isNew = cause !== 'imported' && this.#catalog.service({ group, service })?.own === undefined;
    if (record !== null && isNew) this.#makeRoomForService({ group, service });
    if (record !== null && isNew && this.#catalog.ownServiceCount >= SERVICES_PER_NAMESPACE_MAX_COUNT) {
      throw tooManyServices();
    }
    this.#put(serviceKind, { group, service, id: '' }, { record, cause });
  }

  #put<Content extends AnyRecord>(
    { name }: RecordKind<Content>,
    key: InstanceKey,
    { record, cause, renewed = false }: { record: Content | null; cause: Cause; renewed?: boolean },
  ): void {
    const { group, service, id } = key;
    this.#changes.set(this.#nameOf(name, key), { kind: name, group, service, id, cause, record, renewed });
  }

  /** Names a record among the changes. A command asks for one several times, and making and hashing a name takes time. */
  #nameOf(kind: RecordKey['kind'], key: InstanceKey): string {
    if (this.#named?.key !== key || this.#named.kind !== kind) this.#named = { kind, key, name: nameOf(kind, key) };
    return this.#named.name;
  }

  /** Documents that are new. They make no revision of their own. */
  get documents(): readonly (ServiceKey & SharedDocument)[] {
    return [...this.#documents.values()];
  }

  /**
   * Puts a document that instances of a service share, unless it is there.
   *
   * @throws {RegistryError} `LIMIT_EXCEEDED` if it is new and there is no room.
   */
  putDocument({ group, service }: ServiceKey, { id, text }: SharedDocument): void {
    const kept = this.#catalog.service({ group, service })?.documents;
    const name = `${group}\u0000${service}\u0000${id}`;
    if (kept?.has(id) === true || this.#documents.has(name)) return;
    const isOfService = (document: ServiceKey) => document.group === group && document.service === service;
    const drafted = [...this.#documents.values()].filter(isOfService).length;
    if ((kept?.size ?? 0) + drafted >= DOCUMENTS_PER_SERVICE_MAX_COUNT) throw tooManyDocuments(service);
    this.#documents.set(name, { group, service, id, text });
  }

  /** Renews the lease of an instance that stays as it is. */
  renew(entry: InstanceEntry): void {
    this.#renewed.add(entry);
  }

  /**
   * Checks what must hold of a record before it changes.
   *
   * @throws {RegistryError} `REVISION_MISMATCH` if it does not hold.
   */
  require(key: RecordKey, current: RecordState<unknown> | undefined, precondition: Precondition): void {
    const { absent, revision, cursor } = precondition;
    if (absent === undefined && revision === undefined && cursor === undefined) return;
    const what = `${key.kind} ${quote(key.id === '' ? key.service : key.id)}`;
    if (absent && current !== undefined) {
      throw new RegistryError('REVISION_MISMATCH', `the ${what} exists already; the call asked for it to be absent`);
    }
    if (absent === false && current === undefined) {
      throw new RegistryError('REVISION_MISMATCH', `there is no ${what}; the call asked for one to be there`);
    }
    if (revision !== undefined && current?.revision !== revision) {
      const found = current === undefined ? 'there is none' : `it has revision ${current.revision}`;
      throw new RegistryError(
        'REVISION_MISMATCH',
        `the call asked for the ${what} at revision ${revision}, but ${found}; read it and try again`,
      );
    }
    if (cursor !== undefined) this.#requireUnchanged(what, current, cursor);
  }

  #requireUnchanged(what: string, current: RecordState<unknown> | undefined, cursor: string): void {
    if (current === undefined) {
      throw new RegistryError('REVISION_MISMATCH', `there is no ${what} any more, or never was; read and try again`);
    }
    const position = this.#journal.position(cursor);
    if (position === undefined) {
      throw new RegistryError(
        'REVISION_MISMATCH',
        `the cursor ${quote(cursor)} is not one of this namespace's kept past; read the ${what} again for a new one`,
      );
    }
    // A record that this draft has touched has no revision yet: it is newer than any cursor.
    if (current.revision === 0 || current.revision > position.revision) {
      throw new RegistryError('REVISION_MISMATCH', `the ${what} has changed since the cursor; read it and try again`);
    }
  }

  #makeRoom({ group, service }: InstanceKey): void {
    const name = `${group}\u0000${service}`;
    const created = this.#created.get(name) ?? 0;
    const inService = (this.#catalog.service({ group, service })?.instances.size ?? 0) + created;
    if (inService >= INSTANCES_PER_SERVICE_MAX_COUNT) {
      throw new RegistryError(
        'LIMIT_EXCEEDED',
        `the service ${quote(service)} has ${INSTANCES_PER_SERVICE_MAX_COUNT} instances, the most a service holds`,
      );
    }
    if (this.#catalog.instanceCount + this.#createdTotal >= INSTANCES_PER_NAMESPACE_MAX_COUNT) {
      throw new RegistryError(
        'LIMIT_EXCEEDED',
        `this namespace has ${INSTANCES_PER_NAMESPACE_MAX_COUNT} instances, the most it holds`,
      );
    }
    const { instances } = this.#limits;
    if (instances !== undefined && this.#catalog.instanceCount + this.#createdTotal >= instances) {
      throw overLimit('limits.instances', instances, 'instances');
    }
    if (this.by !== undefined) {
      const held = this.#catalog.holdings.of(this.by.tokenId).instances + this.#createdTotal;
      assertShare(this.by, this.#limits, 'instances', held, 1);
    }
    this.#makeRoomForService({ group, service });
    this.#created.set(name, created + 1);
    this.#createdTotal += 1;
  }

  /** Makes room for a service that does not exist yet. */
  #makeRoomForService(key: ServiceKey): void {
    if (this.#catalog.service(key)?.exists === true) return;
    const name = `${key.group}\u0000${key.service}`;
    if (this.#newServices.has(name)) return;
    const { services } = this.#limits;
    if (services !== undefined && this.#catalog.serviceCount + this.#newServices.size >= services) {
      throw overLimit('limits.services', services, 'services');
    }
    if (this.by !== undefined) {
      const held = this.#catalog.holdings.of(this.by.tokenId).services + this.#newServices.size;
      assertShare(this.by, this.#limits, 'services', held, 1);
    }
    this.#newServices.add(name);
  }
}

function nameOf(kind: RecordKey['kind'], { group, service, id }: InstanceKey): string {
  return `${kind}\u0000${group}\u0000${service}\u0000${id}`;
}

function tooManyDocuments(service: string): RegistryError {
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `the instances of the service ${quote(service)} keep ${DOCUMENTS_PER_SERVICE_MAX_COUNT} different texts too large for extensions, such as endpoints of its versions, the most that a service holds; remove instances of old versions first`,
  );
}

/** For what a namespace was told to hold no more of. */
export function overLimit(name: string, value: number, what: string): RegistryError {
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `this namespace has ${value} ${what}, the most that the limit ${name} of the namespace allows; remove some, or have it raised`,
  );
}

/** For services with a record, of which every namespace holds so many. */
export function tooManyServices(): RegistryError {
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `a namespace holds at most ${SERVICES_PER_NAMESPACE_MAX_COUNT} services of their own; remove some first`,
  );
}
