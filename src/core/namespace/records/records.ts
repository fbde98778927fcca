import type { InstanceDefinition, Location } from '../../../model/instance';
import { type JsonText, jsonText } from '../../../model/json';
import { grantLease, type Lease } from '../../../model/lease';
import { FLAPPING_CHANGES_COUNT, LEASE_TERMS_MAX_COUNT } from '../../../model/limits';
import type { Override } from '../../../model/override';
import type { ServiceDefinition } from '../../../model/service';
import { DEFAULT_CLUSTER } from '../../../model/service-name';

/** Names a record. `id` is empty for a service. */
export interface RecordKey {
  kind: RecordKindName;
  group: string;
  service: string;
  id: string;
}

/** A record as it is, or was: its text, and the revision that made it. */
export interface RecordText {
  text: string;
  revision: number;
}

/** An instance, as it is kept. Its revision stands beside it. */
export interface InstanceRecord {
  definition: InstanceDefinition;
  /** Where the registering request came from, when the definition does not say. */
  place?: Location | undefined;
  owner: string;
  createdRevision: number;
  /** Changes since it was created, that one included. */
  changes: number;
  /** Milliseconds since the epoch, for people. */
  registeredAt: number;
  updatedAt: number;
  healthy: boolean;
  /** Stamps of the last three changes of health, for the mark of flapping. */
  healthChangedAt: number[];
  /** Key of the session that holds it, where one does. */
  session?: string | undefined;
  /** The owner is taking it out; it is removed at this time of the namespace's axis. */
  drainEndsAt?: number | undefined;
  /** Id of the document that it shares with other instances of its service. */
  document?: string | undefined;
}

export interface OverrideRecord {
  override: Override;
  actor: string;
  updatedAt: number;
}

export interface ServiceRecord {
  definition: ServiceDefinition;
  createdRevision: number;
  /** Id of the token that set it last; absent where an earlier version or an import wrote it. */
  actor?: string | undefined;
}

/** The records of each kind; `record-kinds.ts` has what is particular to each. */
export interface Records {
  service: ServiceRecord;
  override: OverrideRecord;
  instance: InstanceRecord;
}

export type RecordKindName = keyof Records;

/** A record of any kind, decoded. */
export type AnyRecord = Records[RecordKindName];

/** What a definition keeps of itself: members in one order, those with their default left out. */
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

/** How the text of an instance begins: its definition follows, so that a repeat is a comparison of two texts. */
const DEFINITION_FIRST = '{"definition":';

/**
 * An instance as text: what is stored, journaled and held in memory. A record in this form takes a third of the heap
 * that its objects would, and waking needs no parsing.
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
    document: record.document,
  });
}

type StoredInstance = Partial<InstanceRecord> &
  Pick<InstanceRecord, 'owner' | 'createdRevision' | 'registeredAt'> & { definition: Compact };

/** Reads what {@link encodeInstance} wrote. */
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

/** A definition as text: the same for the same definition. */
export function definitionText(definition: InstanceDefinition): string {
  return JSON.stringify(compact(definition));
}

/** Whether the text of an instance holds this very definition. */
export function holdsDefinition(text: string, definition: InstanceDefinition): boolean {
  const sought = definitionText(definition);
  return text.startsWith(sought, DEFINITION_FIRST.length) && text[DEFINITION_FIRST.length + sought.length] === ',';
}

/** How the owner follows the definition: no later member of a record holds another, and texts in it are escaped. */
const OWNER_AFTER = '},"owner":';

const ownerAt = (text: string): number => text.lastIndexOf(OWNER_AFTER) + OWNER_AFTER.length;

/** Whether the text of an instance names this owner. */
export function isOwnedBy(text: string, tokenId: string): boolean {
  return text.startsWith(JSON.stringify(tokenId), ownerAt(text));
}

/** The owner that the text of an instance names. */
export function ownerIn(text: string): string {
  const start = ownerAt(text);
  const quoted = text.slice(start, text.indexOf(CREATED_AFTER, start));
  return quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
}

/** What follows the owner in the text of an instance. */
const CREATED_AFTER = ',"createdRevision":';

/** Whether the texts of two instances tell of the same definition and owner. */
export function sameRegistration(one: string, other: string): boolean {
  const end = one.indexOf(CREATED_AFTER, ownerAt(one)) + CREATED_AFTER.length;
  return other.startsWith(one.slice(0, end));
}

/** The definition in the text of an instance, as it is written there: defaults are left out. */
export function definitionIn(text: string): string {
  return text.slice(DEFINITION_FIRST.length, ownerAt(text) - OWNER_AFTER.length + 1);
}

/** Tells whether the definition in the text of an instance begins with this address and port. */
export function addressMatcher(address: string, port: number | undefined): (text: string) => boolean {
  const sought = `${DEFINITION_FIRST}${JSON.stringify({ address, port }).slice(0, -1)}`;
  // The addresses of a service begin alike. To look at the end of each first takes a fifth of the time.
  const lastAt = DEFINITION_FIRST.length + JSON.stringify({ address }).length - '_"}'.length;
  const last = sought.charCodeAt(lastAt);
  return (text) => {
    if (text.charCodeAt(lastAt) !== last || !text.startsWith(sought)) return false;
    const next = text[sought.length];
    const hasPort = port === undefined && text.startsWith(',"port":', sought.length);
    return (next === ',' || next === '}') && !hasPort;
  };
}

/** How the text of an instance ends that names a document: it is the last member of a record. */
const DOCUMENT_LAST = /,"document":"([0-9a-f]{64})"\}$/;

/** Characters at the end of a text that {@link DOCUMENT_LAST} can match. */
const DOCUMENT_LAST_LENGTH = 80;

/** Id of the document that the text of an instance names; undefined where it names none. */
export function documentIn(text: string): string | undefined {
  return text.endsWith('"}') ? DOCUMENT_LAST.exec(text.slice(-DOCUMENT_LAST_LENGTH))?.[1] : undefined;
}

/** Tells whether the definition in the text of an instance has an address, and not a url alone. */
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

/** What of an instance is kept as bits, so that counting and waking need no text. */
export const INSTANCE_FLAGS = {
  /** The lease is within its time to live. */
  healthy: 1,
  /** The instance itself asks for traffic: up, weight above 0, not draining. */
  willing: 2,
  /** It has not renewed since it was created, and `firstRemoveAfterMs` counts. Known to the lease table. */
  awaitsFirstRenewal: 8,
  /** Its lease is its session's. */
  heldBySession: 16,
} as const;

/** The bits of a record. */
export function instanceFlags(record: InstanceRecord): number {
  const { status, weight } = record.definition;
  const willing = status === 'up' && weight > 0 && record.drainEndsAt === undefined;
  return (record.healthy ? INSTANCE_FLAGS.healthy : 0) | (willing ? INSTANCE_FLAGS.willing : 0);
}

/** Returns an instance whose health has changed at `stamp`: the mark of flapping is made of the last of these changes. */
export function withHealth(record: InstanceRecord, healthy: boolean, stamp: number): InstanceRecord {
  return {
    ...record,
    healthy,
    healthChangedAt: [...record.healthChangedAt, stamp].slice(-FLAPPING_CHANGES_COUNT),
    changes: record.changes + 1,
    updatedAt: stamp,
  };
}

/** What a registration gets that asks for nothing. */
export const DEFAULT_LEASE: Lease = grantLease(undefined);

/** Whether two leases are granted for the same times. */
export function sameLease(a: Lease, b: Lease): boolean {
  return (
    a.ttlMs === b.ttlMs &&
    a.removeAfterMs === b.removeAfterMs &&
    a.intervalMs === b.intervalMs &&
    a.firstRemoveAfterMs === b.firstRemoveAfterMs
  );
}

/** Terms as they are stored: null for the default ones. */
export function leaseText(lease: Lease): string | null {
  return sameLease(lease, DEFAULT_LEASE) ? null : JSON.stringify(lease);
}

const encoded = new WeakMap<Lease, string>();

/** Terms as answers show them, encoded once: every heartbeat is answered with them. */
export function leaseJson(lease: Lease): JsonText<Lease> {
  let json = encoded.get(lease);
  if (json === undefined) {
    json = jsonText(lease);
    encoded.set(lease, json);
  }
  return json;
}

/** The same as {@link leaseText}, encoded once: for terms that {@link LeaseTerms} keeps. */
export function keptLeaseText(lease: Lease): string | null {
  return lease === DEFAULT_LEASE ? null : leaseJson(lease);
}

/** The terms of many leases, each kept once: a fleet has few different ones. */
export class LeaseTerms {
  readonly #byText = new Map<string, Lease>();

  /** Reads terms as {@link leaseText} wrote them. */
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
