import type { InstanceKey } from '../../../model/batch';
import type { WatchedService } from '../../../model/frames';
import type { InstanceView } from '../../../model/instance';
import { FLAPPING_CHANGES_COUNT, FLAPPING_WINDOW_MS } from '../../../model/limits';
import { sortedByKey } from '../../../model/metadata';
import type { ServiceKey } from '../../../model/namespace-api';
import type { Override, OverrideView } from '../../../model/override';
import type { ServiceSummary, ServiceView } from '../../../model/service';
import { timestamp } from '../../../model/timestamp';
import {
  type InstanceEntry,
  isAvailable,
  isHealthy,
  keyOf,
  type OverrideEntry,
  type ServiceEntry,
} from './catalog-entries';
import { decodeInstance, decodeService, type InstanceRecord, type RecordText, type ServiceRecord } from './records';

/** The properties of an instance that an operator can set, with the override merged over the registration. */
export interface Effective {
  weight: number;
  status: InstanceView['status'];
  metadata: Record<string, string>;
  enabled: boolean;
  quarantined: boolean;
}

/** Merges an override over a registration. */
export function effective(record: InstanceRecord, override: Override | undefined): Effective {
  const { weight, status, metadata } = record.definition;
  const draining = record.drainEndsAt !== undefined;
  return {
    weight: override?.weight ?? weight,
    status: draining ? 'draining' : (override?.status ?? status),
    metadata: override?.metadata === undefined ? metadata : sortedByKey({ ...metadata, ...override.metadata }),
    enabled: override?.enabled ?? true,
    quarantined: override?.quarantine !== undefined,
  };
}

/** Returns whether an instance takes traffic if it is healthy. */
export function isEligible(instance: Effective): boolean {
  return instance.enabled && !instance.quarantined && instance.status === 'up' && instance.weight > 0;
}

/** Returns whether an instance is flapping. @param now Time for people, in milliseconds since the epoch. */
export function isFlapping(record: InstanceRecord, now: number): boolean {
  const [first] = record.healthChangedAt;
  return (
    first !== undefined && record.healthChangedAt.length >= FLAPPING_CHANGES_COUNT && now - first <= FLAPPING_WINDOW_MS
  );
}

/** Returns an instance as answers show it. `now` is the time for people: it decides only `flapping`. */
export function instanceView(
  key: InstanceKey,
  record: InstanceRecord,
  revision: number,
  override: Override | undefined,
  now: number,
): InstanceView {
  const { definition } = record;
  const merged = effective(record, override);
  return {
    id: key.id,
    group: key.group,
    service: key.service,
    cluster: definition.cluster,
    node: definition.node,
    address: definition.address,
    port: definition.port,
    url: definition.url,
    ports: definition.ports,
    weight: merged.weight,
    status: merged.status,
    ephemeral: definition.ephemeral,
    metadata: merged.metadata,
    tags: definition.tags,
    version: definition.version,
    location: definition.location ?? record.place,
    incarnation: definition.incarnation,
    lease: definition.lease,
    extensions: definition.extensions,
    enabled: merged.enabled,
    quarantined: merged.quarantined,
    healthy: record.healthy,
    available: record.healthy && isEligible(merged),
    flapping: isFlapping(record, now),
    overridden: override !== undefined,
    owner: record.owner,
    createdRevision: record.createdRevision,
    revision,
    changes: record.changes,
    registeredAt: timestamp(record.registeredAt),
    updatedAt: timestamp(record.updatedAt),
  };
}

/** Returns an entry of the catalog as answers show it. */
export function viewOf(entry: InstanceEntry, now: number, record = decodeInstance(entry.text)): InstanceView {
  const override = entry.service.overrides.get(entry.id)?.record.override;
  return instanceView(keyOf(entry), record, entry.revision, override, now);
}

/** Returns an override as answers show it. */
export function overrideView({ record, revision }: Pick<OverrideEntry, 'record' | 'revision'>): OverrideView {
  return { ...record.override, actor: record.actor, revision, updatedAt: timestamp(record.updatedAt) };
}

/** Returns a service as lists show it. */
export function serviceSummary(service: ServiceEntry): ServiceSummary {
  let healthy = 0;
  let available = 0;
  for (const entry of service.instances.values()) {
    if (isHealthy(entry)) healthy += 1;
    if (isAvailable(entry)) available += 1;
  }
  return {
    name: service.name,
    group: service.group,
    instances: service.instances.size,
    healthy,
    available,
    persistent: service.own !== undefined,
    revision: service.revision,
  };
}

/** Returns a service as its own answer shows it. */
export function serviceView(service: ServiceEntry): ServiceView {
  const own = service.own?.record;
  return {
    ...serviceSummary(service),
    metadata: own?.definition.metadata ?? {},
    protectThreshold: own?.definition.protectThreshold ?? 0,
    selector: own?.definition.selector,
    createdRevision: own?.createdRevision ?? null,
  };
}

/** Returns the settings of a service as watchers see them; a service without a record has the defaults. */
export function watchedService(key: ServiceKey, own: RecordText | undefined): WatchedService {
  return watchedServiceOf(key, own && { record: decodeService(own.text), revision: own.revision });
}

/** Does the same as {@link watchedService} for a decoded record. */
export function watchedServiceOf(
  { group, service }: ServiceKey,
  own: { record: ServiceRecord; revision: number } | undefined,
): WatchedService {
  const definition = own?.record.definition;
  return {
    group,
    name: service,
    persistent: definition !== undefined,
    metadata: definition?.metadata ?? {},
    protectThreshold: definition?.protectThreshold ?? 0,
    selector: definition?.selector,
    revision: own?.revision ?? 0,
  };
}
