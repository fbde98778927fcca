import type { InstanceKey, Precondition } from '../../../model/batch';
import type { SharedDocument } from '../../../model/dialect-reads';
import { quote, RegistryError } from '../../../model/errors';
import type { Cause } from '../../../model/history';
import {
  DOCUMENTS_PER_SERVICE_MAX_COUNT,
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  INSTANCES_PER_SERVICE_MAX_COUNT,
  LEASE_INSTANCES_MAX_COUNT,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
} from '../../../model/limits';
import type { NamespaceLimits } from '../../../model/namespace';
import type { Caller, ServiceKey } from '../../../model/namespace-api';
import { assertShare } from '../access/token-limits';
import type { EntryStore } from '../entries/entry-store';
import type { Catalog } from '../records/catalog';
import type { GrantedLease, InstanceEntry } from '../records/catalog-entries';
import type { GrantedLeases } from '../records/granted-leases';
import { instanceKind } from '../records/instance-kind';
import type { LockDelays } from '../records/lock-delays';
import { overrideKind } from '../records/override-kind';
import type { RecordKind, RecordState } from '../records/record-kind';
import type { AnyRecord, InstanceRecord, OverrideRecord, RecordKey, ServiceRecord } from '../records/records';
import { serviceKind } from '../records/service-kind';
import { DraftedEntries } from './drafted-entries';
import type { Journal } from './journal';
import { assertPrecondition } from './precondition';

/** A change that a command makes to one record. `record` is null if it removes it. */
export interface DraftedChange extends RecordKey {
  cause: Cause;
  record: AnyRecord | null;
  /** True for an instance whose lease starts again with the change. */
  renewed: boolean;
}

/** The parts of a namespace that a draft builds on. */
export interface DraftBase {
  readonly catalog: Catalog;
  readonly entries: EntryStore;
  readonly granted: GrantedLeases;
  readonly lockDelays: LockDelays;
  readonly journal: Journal;
  /** Limits of the namespace, if they are below those of the registry. */
  readonly settings: { readonly limits: NamespaceLimits };
  readonly time: { stamp(): number };
}

/**
 * The changes of a command: an overlay over the catalog and the entries. Commands read and write through it, so that a command that is
 * refused halfway changes nothing, and a batch sees its own earlier operations.
 */
export class Draft {
  readonly #catalog: Catalog;
  readonly #journal: Journal;
  readonly #limits: NamespaceLimits;
  readonly #changes = new Map<string, DraftedChange>();
  /** The name that was requested last. */
  #named: { kind: RecordKey['kind']; key: InstanceKey; name: string } | undefined;
  readonly #renewed = new Set<InstanceEntry>();
  #cause: Cause | undefined;
  readonly #created = new Map<string, number>();
  #createdTotal = 0;
  readonly #newServices = new Set<string>();
  /** Names of the instances that granted leases are going to hold. */
  readonly #addedToLeases = new Map<GrantedLease, Set<string>>();
  readonly #documents = new Map<string, ServiceKey & SharedDocument>();

  /** Entries that the command changes. */
  readonly entries: DraftedEntries;
  /** Leases that may hold what the command changes. */
  readonly granted: GrantedLeases;
  readonly lockDelays: LockDelays;
  /** Number of locks that the command has acquired for each lease. */
  readonly locksTaken = new Map<number, number>();

  /** Current time on the namespace's axis. */
  readonly now: number;
  /** Current time for people. */
  readonly stamp: number;

  /** The caller that owns what the draft creates; undefined if no share of a token applies. */
  readonly by: Caller | undefined;

  /** @param by Absent for changes by the registry itself, and for an import. */
  constructor({ catalog, entries, granted, lockDelays, journal, settings, time }: DraftBase, now: number, by?: Caller) {
    this.by = by;
    this.#catalog = catalog;
    this.#limits = settings.limits;
    this.#journal = journal;
    this.granted = granted;
    this.lockDelays = lockDelays;
    this.entries = new DraftedEntries(entries, journal, granted);
    this.now = now;
    this.stamp = time.stamp();
  }

  /** Revision that this draft becomes if it changes anything. */
  get revision(): number {
    return this.#journal.revision + 1;
  }

  /** All changes of records, in the order in which their records were first changed. */
  get changes(): Iterable<DraftedChange> {
    return this.#changes.values();
  }

  get isEmpty(): boolean {
    return this.#changes.size === 0 && this.entries.isEmpty;
  }

  /** Instances whose lease is renewed without any other change. */
  get renewed(): Iterable<InstanceEntry> {
    return this.#renewed;
  }

  /** Keeps the present cause of the revision, whatever changes are added from now on. */
  keepCause(): void {
    if (!this.isEmpty) this.#cause = this.cause;
  }

  /** Cause of the revision: that of its changes, or `updated` if they differ. */
  get cause(): Cause {
    if (this.#cause !== undefined) return this.#cause;
    const causes = new Set([...this.#changes.values()].map((change) => change.cause).concat(this.entries.causes));
    const [cause] = causes;
    return causes.size === 1 && cause !== undefined ? cause : 'updated';
  }

  /** Returns the entry of an instance; undefined if there is none, or this draft has changed it. */
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
    // `as`: the name that it was found by includes its kind.
    return change.record === null ? undefined : { record: change.record as Content, revision: 0 };
  }

  /**
   * Puts an instance. The limits don't apply to an import, which has counted its records before it began.
   *
   * @param renewed True if its lease starts again now.
   * @throws {RegistryError} `LIMIT_EXCEEDED` if it is new and there is no room, or its granted lease holds too many others.
   */
  putInstance(key: InstanceKey, record: InstanceRecord, cause: Cause, renewed: boolean): void {
    const before = this.#changes.get(this.#nameOf('instance', key));
    const isNew = before === undefined && this.#catalog.instance(key) === undefined;
    if (isNew && cause !== 'imported') this.#makeRoom(key);
    this.#makeRoomOnLease(key, record);
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

  /**
   * Returns the key of a record in the changes. It is cached, as a command uses it several times, and building and hashing
   * it takes time.
   */
  #nameOf(kind: RecordKey['kind'], key: InstanceKey): string {
    if (this.#named?.key !== key || this.#named.kind !== kind) this.#named = { kind, key, name: nameOf(kind, key) };
    return this.#named.name;
  }

  /** New documents. They make no revision by themselves. */
  get documents(): readonly (ServiceKey & SharedDocument)[] {
    return [...this.#documents.values()];
  }

  /**
   * Adds a document that instances of a service share, unless it exists.
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

  /** Renews the lease of an instance without any other change. */
  renew(entry: InstanceEntry): void {
    this.#renewed.add(entry);
  }

  /**
   * Checks the precondition of a change.
   *
   * @throws {RegistryError} `REVISION_MISMATCH` if it does not hold.
   */
  require(key: RecordKey, current: RecordState<unknown> | undefined, precondition: Precondition): void {
    const what = `${key.kind} ${quote(key.id === '' ? key.service : key.id)}`;
    assertPrecondition(this.#journal, what, current, precondition);
  }

  #makeRoom({ group, service }: InstanceKey): void {
    const name = `${group}\u0000${service}`;
    const created = this.#created.get(name) ?? 0;
    const inService = (this.#catalog.service({ group, service })?.instances.size ?? 0) + created;
    if (inService >= INSTANCES_PER_SERVICE_MAX_COUNT) {
      throw new RegistryError(
        'LIMIT_EXCEEDED',
        `the service ${quote(service)} has ${INSTANCES_PER_SERVICE_MAX_COUNT} instances, the maximum for a service; deregister some first`,
      );
    }
    if (this.#catalog.instanceCount + this.#createdTotal >= INSTANCES_PER_NAMESPACE_MAX_COUNT) {
      throw new RegistryError(
        'LIMIT_EXCEEDED',
        `this namespace has ${INSTANCES_PER_NAMESPACE_MAX_COUNT} instances, the maximum for a namespace; deregister some first, or use another namespace`,
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

  /** Counts an instance against the limit of the granted lease that is going to hold it. */
  #makeRoomOnLease(key: InstanceKey, { definition }: InstanceRecord): void {
    const id = definition.lease?.id;
    const lease = id === undefined ? undefined : this.granted.get(Number(id));
    if (lease === undefined || this.#catalog.instance(key)?.holder === lease) return;
    const added = this.#addedToLeases.get(lease) ?? new Set<string>();
    this.#addedToLeases.set(lease, added.add(this.#nameOf('instance', key)));
    if (lease.instances.size + added.size <= LEASE_INSTANCES_MAX_COUNT) return;
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `the lease ${lease.id} holds ${LEASE_INSTANCES_MAX_COUNT} instances, the maximum; deregister some, or use another lease`,
    );
  }

  /** Counts a service that does not exist yet against the limits. */
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
    `the instances of the service ${quote(service)} share ${DOCUMENTS_PER_SERVICE_MAX_COUNT} different documents, such as the endpoints of its versions, the maximum for a service; remove instances of old versions first`,
  );
}

/** Returns the error for a limit that is set for the namespace. */
export function overLimit(name: string, value: number, what: string): RegistryError {
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `this namespace has ${value} ${what}, the maximum that its limit ${name} allows; remove some, or ask its admin to raise it`,
  );
}

/** Returns the error for more services with a record than any namespace may have. */
export function tooManyServices(): RegistryError {
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `a namespace may have at most ${SERVICES_PER_NAMESPACE_MAX_COUNT} services with settings of their own; remove some first`,
  );
}
