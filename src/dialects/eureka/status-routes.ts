import type { Format } from '../../codecs/eureka/document';
import { isMetadataKey } from '../../codecs/eureka/info';
import { type EurekaStatus, namedStatus, STATUSES } from '../../codecs/eureka/status';
import { writeXml } from '../../codecs/eureka/xml';
import type { DialectDoor } from '../../http/pipeline/dialect';
import type { RouteCall } from '../../http/pipeline/route-call';
import { invalid } from '../../http/request/field-errors';
import { queryText } from '../../http/request/request-target';
import type { InstanceKey } from '../../model/batch';
import { quote } from '../../model/errors';
import { readJsonText } from '../../model/json';
import type { NamespaceApi } from '../../model/namespace-api';
import type { Stats } from '../../model/stats';
import { documentAnswer, emptyAnswer, formatFor } from './answers';
import { keyInPath } from './instance-keys';
import { deleteStatus, putStatus, type StatusCall } from './status-calls';

/** Returns the status in a call. @throws {RegistryError} `INVALID_REQUEST` for an unknown status. */
function statusOf(url: string): EurekaStatus | undefined {
  const value = new URLSearchParams(queryText(url)).get('value');
  if (value === null) return undefined;
  return namedStatus(value) ?? refused(value);
}

function refused(value: string | null): never {
  throw invalid('query', [
    { path: 'value', message: `must be one of ${STATUSES.join(', ')}, got ${quote(value ?? '')}` },
  ]);
}

/** Returns the metadata entries that a query sets; of a repeated key, the first. */
function metadataOf(url: string): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(queryText(url))) {
    if (!isMetadataKey(key)) throw invalid('query', [{ path: key, message: 'is not allowed as a metadata key' }]);
    if (!Object.hasOwn(entries, key)) Object.defineProperty(entries, key, { value, enumerable: true });
  }
  return entries;
}

function statusCall(namespace: NamespaceApi, key: InstanceKey, call: RouteCall): StatusCall {
  return { namespace, caller: call.callerWithOrigin, key, operates: call.may('operate', key) };
}

const PATHS = ['/eureka/apps/:app/:id/status'];

/** Adds the routes for changes of an instance's status and metadata, and for the status of the server. */
export function addStatusRoutes(door: DialectDoor): void {
  door.route({
    operation: 'put status',
    method: 'put',
    paths: PATHS,
    scope: 'register',
    summary: 'Takes an instance out of traffic, or puts it back',
    read: ({ url }, names) => {
      const status = statusOf(url);
      // UNKNOWN is not a status to set: clients remove the override instead.
      return status === undefined || status === 'UNKNOWN' ? refused(status ?? null) : { key: keyInPath(names), status };
    },
    target: ({ key }) => ({ service: key }),
    call: (namespace, { key, status }, call) => putStatus(statusCall(namespace, key, call), status),
    answer: () => emptyAnswer(200),
  });

  door.route({
    operation: 'delete status',
    method: 'delete',
    paths: PATHS,
    scope: 'register',
    summary: 'Restores the status that an instance reports',
    read: ({ url }, names) => ({ key: keyInPath(names), status: statusOf(url) }),
    target: ({ key }) => ({ service: key }),
    call: (namespace, { key, status }, call) => deleteStatus(statusCall(namespace, key, call), status),
    answer: () => emptyAnswer(200),
  });

  door.route({
    operation: 'metadata',
    method: 'put',
    paths: ['/eureka/apps/:app/:id/metadata'],
    scope: 'register',
    summary: 'Sets metadata entries of an instance',
    read: ({ url }, names) => ({ key: keyInPath(names), metadata: metadataOf(url) }),
    target: ({ key }) => ({ service: key }),
    call: (namespace, { key, metadata }, call) =>
      namespace.patch(call.callerWithOrigin, { key, patch: { metadata }, precondition: {} }),
    answer: () => emptyAnswer(200),
  });

  door.route({
    operation: 'server status',
    method: 'get',
    paths: ['/eureka/status'],
    scope: 'read',
    summary: "Reads the figures of Eureka's status page",
    read: () => undefined,
    call: async (namespace, _input, { tokenId }) => readJsonText((await namespace.stats({ tokenId })).body),
    answer: (stats, _input, { request, surroundings }) => {
      const format = formatFor(request);
      return documentAnswer(request, format, serverStatus(stats, surroundings.now(), format));
    },
  });
}

/**
 * Writes the document of Eureka's status page: three maps of texts. Figures of a Java process are omitted. The numbers of
 * instances and renewals, which people look for, are added.
 *
 * @param now Milliseconds since the epoch.
 */
function serverStatus(stats: Stats, now: number, format: Format): string {
  const { sinceStart } = stats;
  const minutes = Math.max(1, (now - Date.parse(sinceStart.startedAt)) / 60_000);
  const document = {
    generalStats: {
      'server-uptime-seconds': String(Math.max(0, Math.floor((now - Date.parse(sinceStart.startedAt)) / 1_000))),
      instances: String(stats.instances),
      'healthy-instances': String(stats.healthyInstances),
      leases: String(stats.leases),
      'renews-a-minute': String(Math.round(sinceStart.renewals / minutes)),
      'expired-since-start': String(sinceStart.removed.expired),
    },
    applicationStats: { 'registered-replicas': '', 'available-replicas': '', 'unavailable-replicas': '' },
    instanceInfo: { status: 'UP' },
  };
  return format === 'json' ? JSON.stringify(document) : writeXml({ 'com.netflix.eureka.util.StatusInfo': document });
}
