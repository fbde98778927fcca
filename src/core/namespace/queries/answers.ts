import type { BatchReport, InstanceKey, Operation, OperationResult } from '../../../model/batch';
import type { InstanceDefinition, InstanceView, Registration, Renewal } from '../../../model/instance';
import { type JsonText, jsonText } from '../../../model/json';
import type { Answer, Caller, ServiceKey } from '../../../model/namespace-api';
import type { OverrideList, OverrideView } from '../../../model/override';
import type { ServiceView } from '../../../model/service';
import type { SubscriberList, SubscriberView } from '../../../model/subscriber';
import { timestamp } from '../../../model/timestamp';
import { compare, type InstanceEntry, type OverrideEntry, type ServiceEntry } from '../records/catalog';
import { leaseJson } from '../records/lease-terms';
import { missingInstance, missingOverride, missingService } from '../records/missing';
import type { InstanceRecord } from '../records/records';
import { overrideView, serviceView, viewOf } from '../records/view';
import type { NamespaceState } from '../state';
import { listText, textPage } from './text-page';
import { warningsFor } from './warnings';

/** The entry of an instance that must be there. */
export function requireInstance(state: NamespaceState, key: InstanceKey): InstanceEntry {
  const entry = state.catalog.instance(key);
  if (entry === undefined) throw missingInstance(key);
  return entry;
}

/** An override that must be there. */
export function requireOverride({ catalog }: NamespaceState, key: InstanceKey): OverrideEntry {
  const override = catalog.override(key);
  if (override === undefined) throw missingOverride(key);
  return override;
}

/** A service that must be there, by whatever. */
export function requireService({ catalog }: NamespaceState, key: ServiceKey): ServiceEntry {
  const service = catalog.service(key);
  if (service === undefined || !service.exists) throw missingService(key);
  return service;
}

/** An instance as it is, and where the namespace is. */
export function instanceAnswer(state: NamespaceState, key: InstanceKey): Answer<InstanceView> {
  const view = viewOf(requireInstance(state, key), state.time.stamp());
  return { cursor: state.journal.cursor, body: jsonText(view) };
}

export function overrideText(state: NamespaceState, key: InstanceKey): JsonText<OverrideView> {
  return jsonText(overrideView(requireOverride(state, key)));
}

/** Overrides of a service by the ids of their instances, those after `after`. */
export function overridesText({ catalog }: NamespaceState, key: ServiceKey, after = ''): JsonText<OverrideList> {
  const overrides = [...(catalog.service(key)?.overrides ?? [])].filter(([id]) => compare(id, after) > 0);
  overrides.sort(([a], [b]) => compare(a, b));
  const encoded = ([id, override]: [string, OverrideEntry]) => JSON.stringify({ id, ...overrideView(override) });
  return listText(
    'overrides',
    textPage(overrides, undefined, ([id]) => id, encoded),
  );
}

/** Subscribers by their ids, those after `after`. All streams of one id are on one page, so that it can be gone on from. */
export function subscribersText(views: readonly SubscriberView[], after = ''): JsonText<SubscriberList> {
  const byId = Map.groupBy(
    views.filter(({ id }) => id > after),
    ({ id }) => id,
  );
  const encoded = ([, streams]: [string, SubscriberView[]]) => streams.map((view) => JSON.stringify(view)).join(',');
  return listText(
    'subscribers',
    textPage(byId, undefined, ([id]) => id, encoded),
  );
}

export function serviceText(state: NamespaceState, key: ServiceKey): JsonText<ServiceView> {
  return jsonText(serviceView(requireService(state, key)));
}

/** When the time to live of an instance ends, for people; null without a lease. */
function expiresAt({ leases, time }: NamespaceState, { lease }: InstanceEntry): string | null {
  return lease < 0 ? null : timestamp(time.clockAt(leases.ttlEndsAt(lease)));
}

/**
 * Answer to a registration that has just been applied.
 *
 * @param record As it is kept, where that is at hand: it spares reading the text that was just made of it.
 */
export function registration(
  state: NamespaceState,
  caller: Caller,
  key: InstanceKey,
  definition: InstanceDefinition,
  record?: InstanceRecord,
): JsonText<Registration> {
  const entry = requireInstance(state, key);
  return jsonText({
    ...viewOf(entry, state.time.stamp(), record),
    expiresAt: expiresAt(state, entry),
    warnings: warningsFor(key.id, definition, entry.service, caller),
  });
}

/** Answer to a renewal that has just been applied. */
export function renewal(state: NamespaceState, entry: InstanceEntry): Answer<Renewal> {
  const expires = expiresAt(state, entry);
  if (entry.terms === null || expires === null) throw new Error('a lease was renewed that does not exist');
  return {
    cursor: state.journal.cursor,
    body: `{"lease":${leaseJson(entry.terms)},"expiresAt":"${expires}","revision":${entry.revision}}`,
  };
}

/** Answer to a batch that has just been applied. */
export function batchReport(
  state: NamespaceState,
  operations: readonly Operation[],
  outcomes: readonly OperationResult['outcome'][],
): JsonText<BatchReport> {
  const results = operations.map(({ op, key }, index): OperationResult => {
    const kept = op === 'override' ? state.catalog.override(key) : state.catalog.instance(key);
    return { outcome: outcomes[index] ?? 'absent', id: key.id, revision: kept?.revision ?? null };
  });
  return jsonText({ cursor: state.journal.cursor, revision: state.journal.revision, results });
}
