import type { BatchReport, InstanceKey, Operation, OperationResult } from '../../../model/batch';
import { quote } from '../../../model/errors';
import type { InstanceDefinition, InstanceView, Registration, Warning } from '../../../model/instance';
import { type JsonText, jsonText } from '../../../model/json';
import { DUPLICATE_ADDRESS_SCAN_MAX_COUNT } from '../../../model/limits';
import type { Answer, Caller, ServiceKey } from '../../../model/namespace-api';
import type { OverrideList, OverrideView } from '../../../model/override';
import type { ServiceView } from '../../../model/service';
import type { SubscriberList, SubscriberView } from '../../../model/subscriber';
import type { StoredState } from '../commit/commit-state';
import { expiresAt } from '../leases/expiry';
import { type Catalog, compare, missingOverride, missingService, requireInstance } from '../records/catalog';
import type { OverrideEntry, ServiceEntry } from '../records/catalog-entries';
import { addressMatcher, type InstanceRecord } from '../records/records';
import { overrideView, serviceView, viewOf } from '../records/view';
import { listText, textPage } from './text-page';

/**
 * Returns an override that must be there.
 *
 * @throws {RegistryError} `INSTANCE_NOT_FOUND`.
 */
export function requireOverride(catalog: Catalog, key: InstanceKey): OverrideEntry {
  const override = catalog.override(key);
  if (override === undefined) throw missingOverride(key);
  return override;
}

/**
 * Returns a service that must be there.
 *
 * @throws {RegistryError} `SERVICE_NOT_FOUND`.
 */
export function requireService(catalog: Catalog, key: ServiceKey): ServiceEntry {
  const service = catalog.service(key);
  if (service === undefined || !service.exists) throw missingService(key);
  return service;
}

/** An instance as it is, and where the namespace is. */
export function instanceAnswer(
  state: Pick<StoredState, 'catalog' | 'journal' | 'time'>,
  key: InstanceKey,
): Answer<InstanceView> {
  const view = viewOf(requireInstance(state.catalog, key), state.time.stamp());
  return { cursor: state.journal.cursor, body: jsonText(view) };
}

export function overrideText(catalog: Catalog, key: InstanceKey): JsonText<OverrideView> {
  return jsonText(overrideView(requireOverride(catalog, key)));
}

/** Overrides of a service by the ids of their instances, those after `after`. */
export function overridesText(catalog: Catalog, key: ServiceKey, after = ''): JsonText<OverrideList> {
  const overrides = [...(catalog.service(key)?.overrides ?? [])].filter(([id]) => compare(id, after) > 0);
  overrides.sort(([a], [b]) => compare(a, b));
  const encode = ([id, override]: [string, OverrideEntry]) => JSON.stringify({ id, ...overrideView(override) });
  return listText('overrides', textPage(overrides, { placeOf: ([id]) => id, encode }));
}

/** Subscribers by their ids, those after `after`. All streams of one id are on one page, so that it can be gone on from. */
export function subscribersText(views: readonly SubscriberView[], after = ''): JsonText<SubscriberList> {
  const byId = Map.groupBy(
    views.filter(({ id }) => id > after),
    ({ id }) => id,
  );
  const encode = ([, streams]: [string, SubscriberView[]]) => streams.map((view) => JSON.stringify(view)).join(',');
  return listText('subscribers', textPage(byId, { placeOf: ([id]) => id, encode }));
}

export function serviceText(catalog: Catalog, key: ServiceKey): JsonText<ServiceView> {
  return jsonText(serviceView(requireService(catalog, key)));
}

/**
 * Answer to a registration that has just been applied.
 *
 * @param record As it is kept, where that is at hand: it spares reading the text that was just made of it.
 */
export function registration(
  state: Pick<StoredState, 'catalog' | 'leases' | 'time'>,
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
  state: Pick<StoredState, 'catalog' | 'journal'>,
  operations: readonly Operation[],
  outcomes: readonly OperationResult['outcome'][],
): JsonText<BatchReport> {
  const results = operations.map(({ op, key }, index): OperationResult => {
    const kept = op === 'override' ? state.catalog.override(key) : state.catalog.instance(key);
    return { outcome: outcomes[index] ?? 'absent', id: key.id, revision: kept?.revision ?? null };
  });
  return jsonText({ cursor: state.journal.cursor, revision: state.journal.revision, results });
}

const LOOPBACK = /^(127\.|::1$|localhost\.?$)/i;
const LINK_LOCAL = /^(169\.254\.|fe[89ab][0-9a-f]:)/i;
const IP_ADDRESS = /^[0-9.]+$|:/;

/** Returns whether a caller is known to have another address. A caller on the loopback has further addresses, which are unknown. */
function isElsewhere(callerAddress: string | undefined, address: string): boolean {
  return callerAddress !== undefined && callerAddress !== address && !LOOPBACK.test(callerAddress);
}

/**
 * What looks like a mistake in a registration. Duplicates are looked for in services of up to 100 instances: beyond, a
 * registration would pay for a glance at each of them.
 */
export function warningsFor(
  id: string,
  definition: InstanceDefinition,
  service: ServiceEntry,
  caller: Caller,
): Warning[] {
  const { address, port } = definition;
  if (address === undefined) return [];
  const warnings: Warning[] = [];
  if (LOOPBACK.test(address)) {
    warnings.push({ code: 'LOOPBACK_ADDRESS', message: `${address} reaches only the machine that asks` });
  } else if (LINK_LOCAL.test(address)) {
    warnings.push({ code: 'LINK_LOCAL_ADDRESS', message: `${address} reaches only the same network link` });
  } else if (IP_ADDRESS.test(address) && isElsewhere(caller.address, address)) {
    const message = `the registration came from ${caller.address}, but names ${address}`;
    warnings.push({ code: 'FOREIGN_ADDRESS', message });
  }
  const other = sharesAddress(id, address, port, service);
  if (other !== undefined) {
    const message = `instance ${quote(other)} of this service has the same address and port`;
    warnings.push({ code: 'DUPLICATE_ADDRESS', message });
  }
  return warnings;
}

function sharesAddress(
  id: string,
  address: string,
  port: number | undefined,
  service: ServiceEntry,
): string | undefined {
  if (service.instances.size > DUPLICATE_ADDRESS_SCAN_MAX_COUNT) return undefined;
  const hasAddress = addressMatcher(address, port);
  for (const entry of service.instances.values()) {
    if (entry.id !== id && hasAddress(entry.text)) return entry.id;
  }
  return undefined;
}
