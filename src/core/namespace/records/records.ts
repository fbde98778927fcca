import type { InstanceDefinition, Location } from '../../../model/instance';
import { type JsonText, jsonText } from '../../../model/json';
import { grantLease, type Lease } from '../../../model/lease';
import { FLAPPING_CHANGES_COUNT, LEASE_TERMS_MAX_COUNT } from '../../../model/limits';
import type { Override } from '../../../model/override';
import type { ServiceDefinition } from '../../../model/service';
import { DEFAULT_CLUSTER } from '../../../model/service-name';

/** Key of a record. `id` is empty for a service. */
export interface RecordKey {
  kind: RecordKindName;
  group: string;
  service: string;
  id: string;
}

/** The text of a record, current or past, and the revision that made it. */
export interface RecordText {
  text: string;
  revision: number;
}

/** An instance, as it is stored. Its revision is stored beside it. */
export interface InstanceRecord {
  definition: InstanceDefinition;
  /** Origin of the registering request, if the definition has no location. */
  place?: Location | undefined;
  owner: string;
  createdRevision: number;
  /** Number of changes, including its creation. */
  changes: number;
  /** Milliseconds since the epoch, for people. */
  registeredAt: number;
  updatedAt: number;
  healthy: boolean;
  /** Stamps of the last three changes of health, which decide `flapping`. */
  healthChangedAt: number[];
  /** Key of the session that holds it, if any. */
  session?: string | undefined;
  /** Set while it drains: the time at which it is removed, on the namespace's axis. */
  drainEndsAt?: number | undefined;
  /** The entry that a layout reads as this instance. The instance changes and goes with it. */
  entry?: EntrySource | undefined;
  /** Id of the document that it shares with other instances of its service. */
  document?: string | undefined;
}

/** An entry that describes an instance, and the kind of its layout. */
export interface EntrySource {
  /** One character a byte. */
  readonly key: string;
  readonly layout: string;
}

export interface OverrideRecord {
  override: Override;
  actor: string;
  updatedAt: number;
  /** Set if a drain set its quarantine, which then ends with the drain if that is cancelled. */
  isDrain?: true | undefined;
}

export interface ServiceRecord {
  definition: ServiceDefinition;
  createdRevision: number;
  /** Id of the token that set it last; absent if an earlier version or an import wrote it. */
  actor?: string | undefined;
}

/** The type of each kind of record; `record-kinds.ts` has their descriptors. */
export interface Records {
  service: ServiceRecord;
  override: OverrideRecord;
  instance: InstanceRecord;
}

export type RecordKindName = keyof Records;

/** A record of any kind, decoded. */
export type AnyRecord = Records[RecordKindName];

/** Returns the stored form of a definition: its members in a fixed order, without those that have their default. */
function compact(definition: InstanceDefinition) {
  const { lease } = definition;
  const leaseIsDefault = lease !== null && sameLease(lease, DEFAULT_LEASE);
  return {
    address: definition.address,
    port: definition.port,
    url: definition.url,
    ports: unlessEmpty(definition.ports),
    cluster: definition.cluster === DEFAULT_CLUSTER ? undefined : definition.cluster,
    node: definition.node,
    weight: definition.weight === 1 ? undefined : definition.weight,
    status: definition.status === 'up' ? undefined : definition.status,
    metadata: unlessEmpty(definition.metadata),
    tags: definition.tags.length === 0 ? undefined : definition.tags,
    version: definition.version,
    location: definition.location,
    incarnation: definition.incarnation,
    lease: leaseIsDefault ? undefined : lease,
    extensions: unlessEmpty(definition.extensions),
  };
}

function unlessEmpty<T extends object>(map: T): T | undefined {
  for (const _key in map) return map;
  return undefined;
}

type Compact = ReturnType<typeof compact>;

function expand(stored: Compact): InstanceDefinition {
  const lease = stored.lease === undefined ? DEFAULT_LEASE : stored.lease;
  return {
    ...stored,
    ports: stored.ports ?? {},
    cluster: stored.cluster ?? DEFAULT_CLUSTER,
    weight: stored.weight ?? 1,
    status: stored.status ?? 'up',
    ephemeral: lease !== null,
    metadata: stored.metadata ?? {},
    tags: stored.tags ?? [],
    lease,
    extensions: stored.extensions ?? {},
  };
}

/**
 * Beginning of the text of an instance. The definition follows, so that a repeated registration is found by comparing text.
 */
const DEFINITION_FIRST = '{"definition":';

/**
 * Encodes an instance as it is stored, journaled and held in memory. As text a record takes a third of the heap of its
 * objects, and waking needs no parsing.
 */
export function encodeInstance(record: InstanceRecord): string {
  return JSON.stringify({
    definition: compact(record.definition),
    owner: record.owner,
    createdRevision: record.createdRevision,
    registeredAt: record.registeredAt,
    updatedAt: record.updatedAt === record.registeredAt ? undefined : record.updatedAt,
    changes: record.changes === 1 ? undefined : record.changes,
    healthy: record.healthy ? undefined : false,
    place: record.place,
    healthChangedAt: record.healthChangedAt.length === 0 ? undefined : record.healthChangedAt,
    session: record.session,
    drainEndsAt: record.drainEndsAt,
    entry: record.entry,
    document: record.document,
  });
}

type StoredInstance = Partial<InstanceRecord> &
  Pick<InstanceRecord, 'owner' | 'createdRevision' | 'registeredAt'> & { definition: Compact };

/** Decodes text of {@link encodeInstance}. */
export function decodeInstance(text: string): InstanceRecord {
  const stored = JSON.parse(text) as StoredInstance; // `as`: only encodeInstance writes these texts
  return {
    ...stored,
    definition: expand(stored.definition),
    updatedAt: stored.updatedAt ?? stored.registeredAt,
    changes: stored.changes ?? 1,
    healthy: stored.healthy ?? true,
    healthChangedAt: stored.healthChangedAt ?? [],
  };
}

/** Encodes a definition: equal definitions have equal text. */
export function definitionText(definition: InstanceDefinition): string {
  return JSON.stringify(compact(definition));
}

/** Returns whether the text of an instance has exactly this definition. */
export function holdsDefinition(text: string, definition: InstanceDefinition): boolean {
  const sought = definitionText(definition);
  return text.startsWith(sought, DEFINITION_FIRST.length) && text[DEFINITION_FIRST.length + sought.length] === ',';
}

/**
 * Text between definition and owner. Its last occurrence is the right one: no later member contains it, and strings are
 * escaped.
 */
const OWNER_AFTER = '},"owner":';

const ownerAt = (text: string): number => text.lastIndexOf(OWNER_AFTER) + OWNER_AFTER.length;

/** Returns whether the text of an instance has this owner. */
export function isOwnedBy(text: string, tokenId: string): boolean {
  return text.startsWith(JSON.stringify(tokenId), ownerAt(text));
}

/** Returns the owner in the text of an instance. */
export function ownerIn(text: string): string {
  const start = ownerAt(text);
  const quoted = text.slice(start, text.indexOf(CREATED_AFTER, start));
  return quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
}

/** Text that follows the owner in the text of an instance. */
const CREATED_AFTER = ',"createdRevision":';

/** Returns whether the texts of two instances have the same definition and owner. */
export function sameRegistration(one: string, other: string): boolean {
  const end = one.indexOf(CREATED_AFTER, ownerAt(one)) + CREATED_AFTER.length;
  return other.startsWith(one.slice(0, end));
}

/** Returns the definition in the text of an instance, in its stored form, without defaults. */
export function definitionIn(text: string): string {
  return text.slice(DEFINITION_FIRST.length, ownerAt(text) - OWNER_AFTER.length + 1);
}

/** Returns a function that reports whether the definition in the text of an instance has this address and port. */
export function addressMatcher(address: string, port: number | undefined): (text: string) => boolean {
  const sought = `${DEFINITION_FIRST}${JSON.stringify({ address, port }).slice(0, -1)}`;
  // The addresses of a service begin alike. Comparing the last character first takes a fifth of the time.
  const lastAt = DEFINITION_FIRST.length + JSON.stringify({ address }).length - '_"}'.length;
  const last = sought.charCodeAt(lastAt);
  return (text) => {
    if (text.charCodeAt(lastAt) !== last || !text.startsWith(sought)) return false;
    const next = text[sought.length];
    const hasPort = port === undefined && text.startsWith(',"port":', sought.length);
    return (next === ',' || next === '}') && !hasPort;
  };
}

/** End of the text of an instance that references a document, which is the last member of a record. */
const DOCUMENT_LAST = /,"document":"([0-9a-f]{64})"\}$/;

/** Number of characters at the end of a text that {@link DOCUMENT_LAST} can match. */
const DOCUMENT_LAST_LENGTH = 80;

/** Returns the id of the document that the text of an instance references; undefined if there is none. */
export function documentIn(text: string): string | undefined {
  return text.endsWith('"}') ? DOCUMENT_LAST.exec(text.slice(-DOCUMENT_LAST_LENGTH))?.[1] : undefined;
}

/** Returns whether the definition in the text of an instance has an address, not only a url. */
export const hasAddress = (text: string): boolean => text.startsWith(`${DEFINITION_FIRST}{"address":`);

export function encodeOverride(record: OverrideRecord): string {
  return JSON.stringify(record);
}

export function decodeOverride(text: string): OverrideRecord {
  return JSON.parse(text) as OverrideRecord; // `as`: only encodeOverride writes these texts
}

export function encodeService(record: ServiceRecord): string {
  return JSON.stringify(record);
}

export function decodeService(text: string): ServiceRecord {
  return JSON.parse(text) as ServiceRecord; // `as`: only encodeService writes these texts
}

/** Properties of an instance that are kept as bits, so that counting and waking need no text. */
export const INSTANCE_FLAGS = {
  /** The lease is within its time to live. */
  healthy: 1,
  /** The instance itself accepts traffic: up, weight above 0, not draining. */
  willing: 2,
  /** It has not renewed since it was created, so `firstRemoveAfterMs` applies. The lease table has this. */
  awaitsFirstRenewal: 8,
  /** Its session holds its lease. */
  heldBySession: 16,
  /** An entry describes it. */
  described: 64,
  /** A granted lease holds it. */
  heldByLease: 32,
} as const;

/** Returns the bits of a record. */
export function instanceFlags(record: InstanceRecord): number {
  const { status, weight } = record.definition;
  const willing = status === 'up' && weight > 0 && record.drainEndsAt === undefined;
  const { healthy, willing: isWilling, described } = INSTANCE_FLAGS;
  return (record.healthy ? healthy : 0) | (willing ? isWilling : 0) | (record.entry === undefined ? 0 : described);
}

/** Returns an instance whose health changed at `stamp`. The last of these changes decide `flapping`. */
export function withHealth(record: InstanceRecord, healthy: boolean, stamp: number): InstanceRecord {
  return {
    ...record,
    healthy,
    healthChangedAt: [...record.healthChangedAt, stamp].slice(-FLAPPING_CHANGES_COUNT),
    changes: record.changes + 1,
    updatedAt: stamp,
  };
}

/** Lease of a registration that requests none. */
export const DEFAULT_LEASE: Lease = grantLease(undefined);

/** Returns whether two leases have the same terms. */
export function sameLease(a: Lease, b: Lease): boolean {
  return (
    a.ttlMs === b.ttlMs &&
    a.removeAfterMs === b.removeAfterMs &&
    a.intervalMs === b.intervalMs &&
    a.firstRemoveAfterMs === b.firstRemoveAfterMs &&
    a.id === b.id
  );
}

/** Encodes terms for storage: null for the default ones. */
export function leaseText(lease: Lease): string | null {
  return sameLease(lease, DEFAULT_LEASE) ? null : JSON.stringify(lease);
}

const encoded = new WeakMap<Lease, string>();

/** Encodes terms for answers. The result is cached, as the answer to every heartbeat contains it. */
export function leaseJson(lease: Lease): JsonText<Lease> {
  let json = encoded.get(lease);
  if (json === undefined) {
    json = jsonText(lease);
    encoded.set(lease, json);
  }
  return json;
}

/** Does the same as {@link leaseText}, with a cached result, for terms that {@link LeaseTerms} keeps. */
export function keptLeaseText(lease: Lease): string | null {
  return lease === DEFAULT_LEASE ? null : leaseJson(lease);
}

/** Terms of leases, each distinct one kept once: a fleet has few different ones. */
export class LeaseTerms {
  readonly #byText = new Map<string, Lease>();

  /** Decodes text of {@link leaseText}. */
  read(text: string | null): Lease {
    if (text === null) return DEFAULT_LEASE;
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    if (this.#byText.size >= LEASE_TERMS_MAX_COUNT) this.#byText.clear();
    const lease = JSON.parse(text) as Lease; // `as`: only leaseText writes these texts
    this.#byText.set(text, lease);
    return lease;
  }
}
