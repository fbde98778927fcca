import type { InstanceKey } from '../../../model/batch';
import type { SharedDocument } from '../../../model/dialect-reads';
import type { Lease } from '../../../model/lease';
import type { ServiceKey } from '../../../model/namespace-api';
import type { Connection } from '../../platform/connection';
import { type Holding, Holdings } from './holdings';
import type { PlainReads } from './plain-reads';
import { documentIn, type OverrideRecord, ownerIn, type ServiceRecord } from './records';
import { SparseMap } from './sparse-map';

/** An instance in memory: its text, and what is asked of it too often to read the text. */
export interface InstanceEntry {
  readonly service: ServiceEntry;
  readonly id: string;
  text: string;
  revision: number;
  /** Bits of {@link ENTRY_FLAGS}. */
  flags: number;
  /** Slot in the lease table, its session's where it has one; -1 without a lease. */
  lease: number;
  /** The session that holds it; undefined where it has a lease of its own, or none. */
  session: SessionEntry | undefined;
  /** Terms of the lease; null without one. */
  terms: Lease | null;
  /** Holding that it counts against: that of its owner. */
  holding: Holding;
}

/** A session in memory: one lease that a live socket renews, and the instances that it holds. */
export interface SessionEntry {
  /** Names it, and is no secret. */
  readonly key: string;
  /** SHA-256 of what must be shown to resume it. */
  readonly secretDigest: string;
  /** Only the same token may resume it. */
  readonly tokenId: string;
  readonly ttlMs: number;
  /** Slot in the lease table. */
  lease: number;
  readonly instances: Set<InstanceEntry>;
  /** The socket that holds it; undefined while none does, or while it is not known yet after a wake. */
  connection: Connection | undefined;
  /** Whether the row says that its socket is closed: if it does not, and there is none, a close went unheard. */
  isClosed: boolean;
}

/** Bits of an entry: those of the record, and what the override makes of them. */
export const ENTRY_FLAGS = {
  healthy: 1,
  willing: 2,
  /** Willing, and no override says otherwise. With `healthy`, it is available. */
  eligible: 4,
} as const;

const AVAILABLE = ENTRY_FLAGS.healthy | ENTRY_FLAGS.eligible;

/** Takes traffic: resolving returns it. */
export function isAvailable(entry: InstanceEntry): boolean {
  return (entry.flags & AVAILABLE) === AVAILABLE;
}

/** Its lease is within its time to live. */
export function isHealthy(entry: InstanceEntry): boolean {
  return (entry.flags & ENTRY_FLAGS.healthy) !== 0;
}

export interface OverrideEntry {
  text: string;
  record: OverrideRecord;
  revision: number;
}

export interface ServiceRecordEntry {
  text: string;
  record: ServiceRecord;
  revision: number;
}

/** A document in memory, with the number of instances that name it. */
export interface DocumentEntry {
  readonly service: ServiceEntry;
  readonly id: string;
  readonly text: string;
  holders: number;
  /** Holding that it counts against: that of the first token with an instance that names it. */
  holding: Holding | undefined;
}

/** A service in memory. It stays, empty, as long as the journal knows of it, so that its revision is not forgotten. */
export class ServiceEntry {
  readonly group: string;
  readonly name: string;
  readonly instances = new SparseMap<InstanceEntry>();
  readonly overrides = new SparseMap<OverrideEntry>();
  readonly documents = new SparseMap<DocumentEntry>();
  /** What it has of its own; undefined where it exists by its instances alone. */
  own: ServiceRecordEntry | undefined;
  /** Holding that it counts against while it exists: that of the first token with an instance or a record of it. */
  founder: Holding | undefined;
  /** Revision of the newest change to the service, an instance or an override in it. */
  revision = 0;
  /** Whether the disk may hold heads of removed records of this service: their keys, with the revision of the removal. */
  hasHeads = false;
  /** Heads that are still on their way to the disk, by kind and id. */
  readonly unwrittenHeads = new SparseMap<number>();
  /** Until when somebody may be served an answer that was kept; on the namespace's axis. */
  keptUntil = 0;
  /** How many such answers were given since nobody held any. */
  keptCount = 0;
  /** Reads by those who do not name themselves, in this minute and the one before. */
  readonly plainReads: PlainReads = { minute: 0, count: 0, before: 0 };

  constructor(group: string, name: string) {
    this.group = group;
    this.name = name;
  }

  /** Whether lists show it. */
  get exists(): boolean {
    return this.own !== undefined || this.instances.size > 0;
  }
}

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

/** What an instance is called. */
export function keyOf({ service, id }: InstanceEntry): InstanceKey {
  return { group: service.group, service: service.name, id };
}
