import type { BatchReport, InstanceKey, Operation, OperationResult } from '../../../model/batch';
import type { InstanceDefinition, InstanceView, Registration } from '../../../model/instance';
import { type JsonText, jsonText } from '../../../model/json';
import type { Answer, Caller, ServiceKey } from '../../../model/namespace-api';
import type { OverrideList, OverrideView } from '../../../model/override';
import type { ServiceView } from '../../../model/service';
import type { SubscriberList, SubscriberView } from '../../../model/subscriber';
import { expiresAt } from '../leases/renewing';
import { compare, type OverrideEntry, type ServiceEntry } from '../records/catalog';
import { missingOverride, missingService, requireInstance } from '../records/missing';
import type { InstanceRecord } from '../records/records';
import { overrideView, serviceView, viewOf } from '../records/view';
import type { WatchState } from '../watch/watch-state';
import { listText, textPage } from './text-page';
import { warningsFor } from './warnings';

/** An override that must be there. */
export function requireOverride({ catalog }: WatchState, key: InstanceKey): OverrideEntry {
  const override = catalog.override(key);
  if (override === undefined) throw missingOverride(key);
  return override;
}

/** A service that must be there, by whatever. */
export function requireService({ catalog }: WatchState, key: ServiceKey): ServiceEntry {
  const service = catalog.service(key);
  if (service === undefined || !service.exists) throw missingService(key);
  return service;
}

/** An instance as it is, and where the namespace is. */
export function instanceAnswer(state: WatchState, key: InstanceKey): Answer<InstanceView> {
  const view = viewOf(requireInstance(state.catalog, key), state.time.stamp());
  return { cursor: state.journal.cursor, body: jsonText(view) };
}

export function overrideText(state: WatchState, key: InstanceKey): JsonText<OverrideView> {
  return jsonText(overrideView(requireOverride(state, key)));
}

/** Overrides of a service by the ids of their instances, those after `after`. */
export function overridesText({ catalog }: WatchState, key: ServiceKey, after = ''): JsonText<OverrideList> {
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

export function serviceText(state: WatchState, key: ServiceKey): JsonText<ServiceView> {
  return jsonText(serviceView(requireService(state, key)));
}

/**
 * Answer to a registration that has just been applied.
 *
 * @param record As it is kept, where that is at hand: it spares reading the text that was just made of it.
 */
export function registration(
  state: WatchState,
  caller: Caller,
  key: InstanceKey,
  definition: InstanceDefinition,
  record?: InstanceRecord,
): JsonText<Registration> {
  const entry = requireInstance(state.catalog, key);
  return jsonText({
    ...viewOf(entry, state.time.stamp(), record),
    expiresAt: expiresAt(state, entry),
    warnings: warningsFor(key.id, definition, entry.service, caller),
  });
}

/** Answer to a batch that has just been applied. */
export function batchReport(
  state: WatchState,
  operations: readonly Operation[],
  outcomes: readonly OperationResult['outcome'][],
): JsonText<BatchReport> {
  const results = operations.map(({ op, key }, index): OperationResult => {
    const kept = op === 'override' ? state.catalog.override(key) : state.catalog.instance(key);
    return { outcome: outcomes[index] ?? 'absent', id: key.id, revision: kept?.revision ?? null };
  });
  return jsonText({ cursor: state.journal.cursor, revision: state.journal.revision, results });
}
