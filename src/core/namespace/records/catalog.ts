import type { InstanceKey } from '../../../model/batch';
import type { SharedDocument } from '../../../model/dialect-reads';
import { quote, RegistryError } from '../../../model/errors';
import type { ServiceKey } from '../../../model/namespace-api';
import {
  type DocumentEntry,
  type Holding,
  type InstanceEntry,
  type OverrideEntry,
  ServiceEntry,
  type ServiceRecordEntry,
} from './catalog-entries';
import { documentIn, type OverrideRecord, ownerIn } from './records';

/** All records of a namespace, in memory, by group and name. It enforces no rules: commands do. */
export class Catalog {
  readonly #groups = new Map<string, Map<string, ServiceEntry>>();
  #ordered: ServiceEntry[] | undefined;
  #instances = 0;
  #overrides = 0;
  #ownServices = 0;
  #services = 0;
  /** Number of services that exist, and of those that only the journal mentions. */
  #known = 0;
  #size = 0;
  readonly #holdings = new Holdings();
  /** Documents that no instance referenced when they were last checked. */
  readonly #released = new Set<DocumentEntry>();

  get instanceCount(): number {
    return this.#instances;
  }

  get overrideCount(): number {
    return this.#overrides;
  }

  /** Number of services with their own record. */
  get ownServiceCount(): number {
    return this.#ownServices;
  }

  /** Number of services that exist, with a record or through their instances. */
  get serviceCount(): number {
    return this.#services;
  }

  /** Number of services that no longer exist, and are kept because the journal mentions them. */
  get removedCount(): number {
    return this.#known - this.#services;
  }

  /** Holdings of all tokens. */
  get holdings(): Pick<Holdings, 'of' | 'all'> {
    return this.#holdings;
  }

  /** Length of the text of all records and documents, which the limit of a namespace bounds. */
  get size(): number {
    return this.#size;
  }

  service({ group, service }: ServiceKey): ServiceEntry | undefined {
    return this.#groups.get(group)?.get(service);
  }

  instance(key: InstanceKey): InstanceEntry | undefined {
    return this.#groups.get(key.group)?.get(key.service)?.instances.get(key.id);
  }

  override(key: InstanceKey): OverrideEntry | undefined {
    return this.#groups.get(key.group)?.get(key.service)?.overrides.get(key.id);
  }

  /** Returns the entry of a service, which is created if it is new. */
  serviceFor({ group, service }: ServiceKey): ServiceEntry {
    let services = this.#groups.get(group);
    if (services === undefined) {
      services = new Map();
      this.#groups.set(group, services);
    }
    let entry = services.get(service);
    if (entry === undefined) {
      entry = new ServiceEntry(group, service);
      services.set(service, entry);
      this.#known += 1;
      this.#ordered = undefined;
    }
    return entry;
  }

  /**
   * Yields services in no particular order, which saves sorting after each new one. Includes those that only the journal
   * mentions.
   */
  *unordered(): Generator<ServiceEntry> {
    for (const services of this.#groups.values()) yield* services.values();
  }

  /** Returns the same services by name, then group. */
  services(): readonly ServiceEntry[] {
    if (this.#ordered === undefined) {
      this.#ordered = [...this.unordered()];
      this.#ordered.sort((a, b) => compare(a.name, b.name) || compare(a.group, b.group));
    }
    return this.#ordered;
  }

  /** Removes a service that does not exist and that the journal no longer mentions. */
  forget(service: ServiceEntry): void {
    const services = this.#groups.get(service.group);
    if (services?.delete(service.name) === true) this.#known -= 1;
    if (services?.size === 0) this.#groups.delete(service.group);
    this.#ordered = undefined;
  }

  /** Puts an instance, new or changed. The caller must set the lease slot. */
  putInstance(
    service: ServiceEntry,
    id: string,
    text: string,
    revision: number,
    flags: number,
    owner = ownerIn(text),
  ): InstanceEntry {
    let entry = service.instances.get(id);
    if (entry === undefined) {
      const holding = this.#holdings.add(owner, 1, 0, text.length);
      entry = { service, id, text, revision, flags, lease: -1, holder: undefined, terms: null, holding };
      if (!service.exists) this.#begin(service, owner);
      service.instances.set(id, entry);
      this.#instances += 1;
      this.#holdDocument(service, text, 1);
      this.#size += text.length;
    } else {
      this.#holdDocument(service, entry.text, -1);
      this.#holdDocument(service, text, 1);
      const { holding } = entry;
      entry.holding = holding.token === owner ? holding : this.#holdings.add(owner, 1, 0, text.length);
      if (entry.holding === holding) holding.bytes += text.length - entry.text.length;
      else this.#holdings.take(holding, 1, 0, entry.text.length);
      this.#size += text.length - entry.text.length;
      entry.text = text;
      entry.revision = revision;
      entry.flags = flags;
    }
    return entry;
  }

  removeInstance(entry: InstanceEntry): void {
    entry.service.instances.delete(entry.id);
    if (!entry.service.exists) this.#end(entry.service);
    this.#holdings.take(entry.holding, 1, 0, entry.text.length);
    this.#holdDocument(entry.service, entry.text, -1);
    this.#instances -= 1;
    this.#size -= entry.text.length;
  }

  /** Adds a new document; instances may already reference it. */
  putDocument(service: ServiceEntry, { id, text }: SharedDocument): void {
    const entry: DocumentEntry = { service, id, text, holders: 0, holding: undefined };
    service.documents.set(id, entry);
    this.#size += text.length;
    for (const instance of service.instances.values()) this.#holdDocument(service, instance.text, 1, entry);
    if (entry.holders === 0) this.#released.add(entry);
  }

  /** Adjusts the holders of the document that an instance references; with `only`, if it references that one. */
  #holdDocument({ documents }: ServiceEntry, text: string, change: 1 | -1, only?: DocumentEntry): void {
    const id = documentIn(text);
    const entry = id === undefined ? undefined : documents.get(id);
    if (entry === undefined || (only !== undefined && entry !== only)) return;
    entry.holders += change;
    entry.holding ??= this.#holdings.add(ownerIn(text), 0, 0, entry.text.length);
    if (entry.holders === 0) this.#released.add(entry);
  }

  /** Removes the documents that no instance references any more, and returns them. */
  dropReleasedDocuments(): DocumentEntry[] {
    if (this.#released.size === 0) return [];
    const dropped = [...this.#released].filter(({ holders }) => holders === 0);
    this.#released.clear();
    for (const { service, id, text, holding } of dropped) {
      service.documents.delete(id);
      this.#size -= text.length;
      if (holding !== undefined) this.#holdings.take(holding, 0, 0, text.length);
    }
    return dropped;
  }

  putOverride(service: ServiceEntry, id: string, text: string, revision: number, record: OverrideRecord): void {
    this.removeOverride(service, id);
    service.overrides.set(id, { text, record, revision });
    this.#overrides += 1;
    this.#holdings.add(record.actor, 0, 0, text.length);
    this.#size += text.length;
  }

  removeOverride(service: ServiceEntry, id: string): void {
    const entry = service.overrides.get(id);
    if (entry === undefined) return;
    service.overrides.delete(id);
    this.#overrides -= 1;
    this.#take(entry.record.actor, entry.text.length);
    this.#size -= entry.text.length;
  }

  setOwn(service: ServiceEntry, own: ServiceRecordEntry | undefined): void {
    this.#size += (own?.text.length ?? 0) - (service.own?.text.length ?? 0);
    this.#ownServices += (own === undefined ? 0 : 1) - (service.own === undefined ? 0 : 1);
    const { exists: existed, own: before } = service;
    if (own !== undefined) {
      const actor = own.record.actor ?? '';
      this.#holdings.add(actor, 0, 0, own.text.length);
      if (!existed) this.#begin(service, actor);
    }
    service.own = own;
    if (before !== undefined) this.#take(before.record.actor, before.text.length);
    if (existed && !service.exists) this.#end(service);
  }

  #begin(service: ServiceEntry, creator: string): void {
    service.creator = this.#holdings.add(creator, 0, 1, 0);
    this.#services += 1;
  }

  #end(service: ServiceEntry): void {
    this.#services -= 1;
    if (service.creator !== undefined) this.#holdings.take(service.creator, 0, 1, 0);
    service.creator = undefined;
  }

  #take(token = '', bytes: number): void {
    this.#holdings.take(this.#holdings.add(token, 0, 0, 0), 0, 0, bytes);
  }
}

/** Compares names by code unit, which gives the same order everywhere. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Amounts that tokens hold in a namespace: sums that the catalog keeps in memory. */
export class Holdings {
  readonly #byToken = new Map<string, Holding>();

  /** Returns the holding of a token; an empty one if it is unknown. */
  of(token: string): Readonly<Holding> {
    return this.#byToken.get(token) ?? { token, instances: 0, services: 0, bytes: 0 };
  }

  /** Adds to the holding of a token. Returns it, so that {@link take} needs no lookup. */
  add(token: string, instances: number, services: number, bytes: number): Holding {
    let holding = this.#byToken.get(token);
    if (holding === undefined) {
      holding = { token, instances: 0, services: 0, bytes: 0 };
      this.#byToken.set(token, holding);
    }
    holding.instances += instances;
    holding.services += services;
    holding.bytes += bytes;
    return holding;
  }

  /** Subtracts from a holding. An empty holding is removed. */
  take(holding: Holding, instances: number, services: number, bytes: number): void {
    holding.instances -= instances;
    holding.services -= services;
    holding.bytes -= bytes;
    if (holding.instances === 0 && holding.services === 0 && holding.bytes === 0) this.#byToken.delete(holding.token);
  }

  /** Yields the holdings of all tokens. */
  all(): Iterable<Readonly<Holding>> {
    return this.#byToken.values();
  }
}

/** Returns the error for a namespace that does not exist. */
export function missingNamespace(): RegistryError {
  return new RegistryError(
    'NAMESPACE_NOT_FOUND',
    'there is no such namespace, or it has been deleted; create it, or check its name',
  );
}

/**
 * Returns the error for an instance that neither exists nor is in the retained history.
 *
 * @param restoredAt Time at which the namespace was restored from a backup: it may have lost the instance.
 */
export function unknownInstance(key: InstanceKey, restoredAt: string | undefined): RegistryError {
  if (restoredAt === undefined) return missingInstance(key);
  const { group, service, id } = key;
  return new RegistryError(
    'INSTANCE_NOT_FOUND',
    `there is no instance ${quote(id)} of service ${quote(service)} in group ${quote(group)}, and no record of one; this ` +
      `namespace was restored at ${restoredAt}, and may have lost it then`,
  );
}

export function missingInstance({ group, service, id }: InstanceKey): RegistryError {
  return new RegistryError(
    'INSTANCE_NOT_FOUND',
    `there is no instance ${quote(id)} of service ${quote(service)} in group ${quote(group)}; if it is yours, register it again`,
  );
}

export function missingService({ group, service }: ServiceKey): RegistryError {
  return new RegistryError(
    'SERVICE_NOT_FOUND',
    `there is no service ${quote(service)} in group ${quote(group)}; register an instance to create it, or PUT the service`,
  );
}

export function missingOverride({ service, id }: InstanceKey): RegistryError {
  return new RegistryError(
    'INSTANCE_NOT_FOUND',
    `there is no override of an instance ${quote(id)} of service ${quote(service)}; PUT an override to set one`,
  );
}

/** Returns the entry of an instance. @throws {RegistryError} `INSTANCE_NOT_FOUND` if there is none. */
export function requireInstance(catalog: Catalog, key: InstanceKey): InstanceEntry {
  const entry = catalog.instance(key);
  if (entry === undefined) throw missingInstance(key);
  return entry;
}
