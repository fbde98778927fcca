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

/** All records of a namespace, in memory, by group and name. It holds no rule: commands decide, and it keeps. */
export class Catalog {
  readonly #groups = new Map<string, Map<string, ServiceEntry>>();
  #ordered: ServiceEntry[] | undefined;
  #instances = 0;
  #overrides = 0;
  #ownServices = 0;
  #services = 0;
  /** Services that exist, and those that only the journal knows. */
  #known = 0;
  #size = 0;
  readonly #holdings = new Holdings();
  /** Documents that no instance named when they were last looked at. */
  readonly #released = new Set<DocumentEntry>();

  get instanceCount(): number {
    return this.#instances;
  }

  get overrideCount(): number {
    return this.#overrides;
  }

  /** Services that were created on purpose. */
  get ownServiceCount(): number {
    return this.#ownServices;
  }

  /** Services that exist, on purpose or by their instances. */
  get serviceCount(): number {
    return this.#services;
  }

  /** Services that do not exist, and are here as the journal knows them. */
  get goneCount(): number {
    return this.#known - this.#services;
  }

  /** Holdings of all tokens. */
  get holdings(): Pick<Holdings, 'of' | 'largest'> {
    return this.#holdings;
  }

  /** Length of the text of all records and documents: what the limit of a namespace counts. */
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

  /** The entry of a service, made if it is new here. */
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

  /** Services in no order, which costs no sorting after each new one; those that only the journal knows among them. */
  *unordered(): Generator<ServiceEntry> {
    for (const services of this.#groups.values()) yield* services.values();
  }

  /** The same by name, then group. */
  services(): readonly ServiceEntry[] {
    if (this.#ordered === undefined) {
      this.#ordered = [...this.unordered()];
      this.#ordered.sort((a, b) => compare(a.name, b.name) || compare(a.group, b.group));
    }
    return this.#ordered;
  }

  /** Forgets a service that does not exist and that the journal no longer knows. */
  forget(service: ServiceEntry): void {
    const services = this.#groups.get(service.group);
    if (services?.delete(service.name) === true) this.#known -= 1;
    if (services?.size === 0) this.#groups.delete(service.group);
    this.#ordered = undefined;
  }

  /** Puts an instance, new or changed. The lease slot is the caller's to fill. */
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
      entry = { service, id, text, revision, flags, lease: -1, session: undefined, terms: null, holding };
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

  /** Puts a document that is new here; instances may name it already. */
  putDocument(service: ServiceEntry, { id, text }: SharedDocument): void {
    const entry: DocumentEntry = { service, id, text, holders: 0, holding: undefined };
    service.documents.set(id, entry);
    this.#size += text.length;
    for (const instance of service.instances.values()) this.#holdDocument(service, instance.text, 1, entry);
    if (entry.holders === 0) this.#released.add(entry);
  }

  /** Counts an instance that names a document, or no longer does; `only`: where it names this one. */
  #holdDocument({ documents }: ServiceEntry, text: string, change: 1 | -1, only?: DocumentEntry): void {
    const id = documentIn(text);
    const entry = id === undefined ? undefined : documents.get(id);
    if (entry === undefined || (only !== undefined && entry !== only)) return;
    entry.holders += change;
    entry.holding ??= this.#holdings.add(ownerIn(text), 0, 0, entry.text.length);
    if (entry.holders === 0) this.#released.add(entry);
  }

  /** Removes the documents that no instance names any more, and returns them. */
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

  #begin(service: ServiceEntry, founder: string): void {
    service.founder = this.#holdings.add(founder, 0, 1, 0);
    this.#services += 1;
  }

  #end(service: ServiceEntry): void {
    this.#services -= 1;
    if (service.founder !== undefined) this.#holdings.take(service.founder, 0, 1, 0);
    service.founder = undefined;
  }

  #take(token = '', bytes: number): void {
    this.#holdings.take(this.#holdings.add(token, 0, 0, 0), 0, 0, bytes);
  }
}

/** Order of names: by code unit, the same everywhere. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The parts of a namespace that tokens hold: sums that the catalog keeps, in memory. */
export class Holdings {
  readonly #byToken = new Map<string, Holding>();

  /** Returns what a token holds; nothing, where it is not known. */
  of(token: string): Readonly<Holding> {
    return this.#byToken.get(token) ?? { token, instances: 0, services: 0, bytes: 0 };
  }

  /** Adds to what a token holds. Returns it, for {@link take} to find it without a look-up. */
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

  /** Takes from what a token holds. One that holds nothing is forgotten. */
  take(holding: Holding, instances: number, services: number, bytes: number): void {
    holding.instances -= instances;
    holding.services -= services;
    holding.bytes -= bytes;
    if (holding.instances === 0 && holding.services === 0 && holding.bytes === 0) this.#byToken.delete(holding.token);
  }

  /** Those that hold most bytes, the largest first. */
  largest(count: number): readonly Readonly<Holding>[] {
    return [...this.#byToken.values()].sort((a, b) => b.bytes - a.bytes).slice(0, count);
  }
}

/** For a namespace that is not there. */
export function missingNamespace(): RegistryError {
  return new RegistryError(
    'NAMESPACE_NOT_FOUND',
    'there is no such namespace, or it has been deleted; create it, or check its name',
  );
}

/**
 * For an instance of which neither the present nor the kept past knows.
 *
 * @param restoredAt When the namespace was put in the place of another: that one may have known it.
 */
export function unknownInstance(key: InstanceKey, restoredAt: string | undefined): RegistryError {
  if (restoredAt === undefined) return missingInstance(key);
  const { group, service, id } = key;
  return new RegistryError(
    'INSTANCE_NOT_FOUND',
    `nothing is known of an instance ${quote(id)} of service ${quote(service)} in group ${quote(group)}; this namespace ` +
      `was restored at ${restoredAt}, and what it forgot by that is not known`,
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
    `there is no service ${quote(service)} in group ${quote(group)}; it comes to be with its first instance, or by PUT`,
  );
}

export function missingOverride({ service, id }: InstanceKey): RegistryError {
  return new RegistryError(
    'INSTANCE_NOT_FOUND',
    `nothing is overridden of an instance ${quote(id)} of service ${quote(service)}; PUT an override to set something`,
  );
}

/** The entry of an instance that must be there. */
export function requireInstance(catalog: Catalog, key: InstanceKey): InstanceEntry {
  const entry = catalog.instance(key);
  if (entry === undefined) throw missingInstance(key);
  return entry;
}
