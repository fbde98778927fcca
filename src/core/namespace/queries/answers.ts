import type { BatchReport, InstanceKey, Operation, OperationResult } from '../../../model/batch';
import { quote } from '../../../model/errors';
import type { InstanceDefinition, InstanceView, Registration, Warning } from '../../../model/instance';
import { type JsonText, jsonText } from '../../../model/json';
import { DUPLICATE_ADDRESS_SCAN_MAX_COUNT } from '../../../model/limits';
import type { Answer, Caller, ServiceKey } from '../../../model/namespace-api';
import type { OverrideList, OverrideView } from '../../../model/override';
import type { ServiceView } from '../../../model/service';
import type { BlindReaders, SubscriberList, SubscriberView } from '../../../model/subscriber';
import type { StoredState } from '../commit/commit-state';
import { expiresAt } from '../leases/expiry';
import { type Catalog, compare, missingOverride, missingService, requireInstance } from '../records/catalog';
import type { OverrideEntry, ServiceEntry } from '../records/catalog-entries';
import { addressMatcher, type InstanceRecord } from '../records/records';
import { overrideView, serviceView, viewOf } from '../records/view';
import { listText, textPage } from './text-page';

/**
 * Returns an override.
 *
 * @throws {RegistryError} `INSTANCE_NOT_FOUND` if there is none.
 */
export function requireOverride(catalog: Catalog, key: InstanceKey): OverrideEntry {
  const override = catalog.override(key);
  if (override === undefined) throw missingOverride(key);
  return override;
}

/**
 * Returns a service.
 *
 * @throws {RegistryError} `SERVICE_NOT_FOUND` if there is none.
 */
export function requireService(catalog: Catalog, key: ServiceKey): ServiceEntry {
  const service = catalog.service(key);
  if (service === undefined || !service.exists) throw missingService(key);
  return service;
}

/** Returns an instance as it is now, with the cursor of the namespace. */
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

/** Encodes a page of a service's overrides, by instance id, starting after `after`. */
export function overridesText(catalog: Catalog, key: ServiceKey, after = ''): JsonText<OverrideList> {
  const overrides = [...(catalog.service(key)?.overrides ?? [])].filter(([id]) => compare(id, after) > 0);
  overrides.sort(([a], [b]) => compare(a, b));
  const encode = ([id, override]: [string, OverrideEntry]) => JSON.stringify({ id, ...overrideView(override) });
  return listText('overrides', textPage(overrides, { placeOf: ([id]) => id, encode }));
}

/**
 * Encodes a page of subscribers by id, starting after `after`. All streams of one id are on one page, so that the next can
 * start after it.
 */
export function subscribersText(
  views: readonly SubscriberView[],
  blind: BlindReaders,
  after = '',
): JsonText<SubscriberList> {
  const byId = Map.groupBy(
    views.filter(({ id }) => id > after),
    ({ id }) => id,
  );
  const encode = ([, streams]: [string, SubscriberView[]]) => streams.map((view) => JSON.stringify(view)).join(',');
  return listText('subscribers', textPage(byId, { placeOf: ([id]) => id, encode }), blind);
}

export function serviceText(catalog: Catalog, key: ServiceKey): JsonText<ServiceView> {
  return jsonText(serviceView(requireService(catalog, key)));
}

/**
 * Encodes the answer to a registration that has just been applied.
 *
 * @param record The stored record, if available: it saves decoding the text that was just encoded.
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

/** Encodes the answer to a batch that has just been applied. */
export function batchReport(
  state: Pick<StoredState, 'catalog' | 'journal'>,
  operations: readonly Operation[],
  outcomes: readonly OperationResult['outcome'][],
): JsonText<BatchReport> {
  const results = operations.map((operation, index) =>
    operationResult(state.catalog, operation, outcomes[index] ?? 'absent'),
  );
  return jsonText({ cursor: state.journal.cursor, revision: state.journal.revision, results });
}

/** Returns the result of an operation on an instance that has just been applied. */
export function operationResult(
  catalog: Catalog,
  { op, key }: Operation,
  outcome: OperationResult['outcome'],
): OperationResult {
  const kept = op === 'override' ? catalog.override(key) : catalog.instance(key);
  return { outcome, id: key.id, revision: kept?.revision ?? null };
}

const LOOPBACK = /^(127\.|::1$|localhost\.?$)/i;
const LINK_LOCAL = /^(169\.254\.|fe[89ab][0-9a-f]:)/i;
const IP_ADDRESS = /^[0-9.]+$|:/;

/** Returns whether a caller is known to have another address. A caller on the loopback may have others, which are unknown. */
function isElsewhere(callerAddress: string | undefined, address: string): boolean {
  return callerAddress !== undefined && callerAddress !== address && !LOOPBACK.test(callerAddress);
}

/**
 * Returns warnings about likely mistakes in a registration. Duplicates are detected in services of up to 100 instances only:
 * beyond that, scanning all of them for every registration would cost too much.
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
    const message = `${address} is a loopback address: other machines cannot reach it`;
    warnings.push({ code: 'LOOPBACK_ADDRESS', message });
  } else if (LINK_LOCAL.test(address)) {
    const message = `${address} is a link-local address: it can be reached only on the same network link`;
    warnings.push({ code: 'LINK_LOCAL_ADDRESS', message });
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
