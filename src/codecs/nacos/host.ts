import type { InstanceView } from '../../model/instance';
import type { ServiceKey } from '../../model/namespace-api';
import { groupedName, type Place } from './names';

/** An instance as Nacos shows it. No member changes merely with time, because clients compare all of them for changes. */
export interface Host extends Place {
  instanceId: string;
  weight: number;
  healthy: boolean;
  enabled: boolean;
  ephemeral: boolean;
  clusterName: string;
  /** Name with its group. */
  serviceName: string;
  metadata: Record<string, string>;
  instanceHeartBeatInterval?: number;
  instanceHeartBeatTimeOut?: number;
  /** Absent if the instance is never removed. */
  ipDeleteTimeout?: number;
  instanceIdGenerator: 'simple';
}

/** Default ports of URLs. */
const PORTS: Record<string, number> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };

/** Statuses of an instance that is intentionally out of traffic. */
const WITHHELD: ReadonlySet<InstanceView['status']> = new Set(['draining', 'out-of-service']);

/** Statuses of an instance that can't handle traffic. */
const UNABLE: ReadonlySet<InstanceView['status']> = new Set(['starting', 'down']);

/** Returns the id of an instance in the format of Nacos. */
const instanceIdOf = ({ ip, port }: Place, cluster: string, service: ServiceKey): string =>
  `${ip}#${port}#${cluster}#${groupedName(service)}`;

/**
 * Returns the place at which Nacos' clients reach an instance. For an instance that has only a URL, that is the URL's host
 * and port; undefined if it has no usable port, such as the URL of a queue.
 */
export function placeIn({ address, port, url }: InstanceView): Place | undefined {
  if (address !== undefined && port !== undefined) return { ip: address, port };
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { hostname, port: written, protocol } = new URL(url);
  const known = written === '' ? PORTS[protocol] : Number(written);
  if (known === undefined || known === 0) return undefined;
  return { ip: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname, port: known };
}

/** Reports whether an instance was taken out of traffic, by an operator or by itself. */
const isWithheld = ({ enabled, quarantined, status }: InstanceView): boolean =>
  !enabled || quarantined || WITHHELD.has(status);

/** Reports whether an instance only lacks heartbeats, if anything. A protect threshold waives nothing else. */
export const isAble = ({ status }: InstanceView): boolean => !UNABLE.has(status);

/** Adds the metadata entry by which Spring's client recognizes an instance that uses TLS. */
function metadataOf({ metadata, address, url = '' }: InstanceView): Record<string, string> {
  const isSecure = address === undefined && /^(?:https|wss):/i.test(url);
  return isSecure && metadata.secure === undefined ? { ...metadata, secure: 'true' } : metadata;
}

/** Maps an instance of any API to the form of Nacos; undefined if it has no address and port. */
export function hostOf(instance: InstanceView): Host | undefined {
  const place = placeIn(instance);
  if (place === undefined) return undefined;
  const { cluster, lease } = instance;
  return {
    instanceId: instanceIdOf(place, cluster, instance),
    ...place,
    weight: instance.weight,
    healthy: instance.healthy && isAble(instance),
    enabled: !isWithheld(instance),
    ephemeral: instance.ephemeral,
    clusterName: cluster,
    serviceName: groupedName(instance),
    metadata: metadataOf(instance),
    ...(lease === null ? {} : { instanceHeartBeatInterval: lease.intervalMs, instanceHeartBeatTimeOut: lease.ttlMs }),
    ...(typeof lease?.removeAfterMs === 'number' ? { ipDeleteTimeout: lease.removeAfterMs } : {}),
    instanceIdGenerator: 'simple',
  };
}

/** An instance, and the form in which Nacos shows it. */
export interface ShownInstance {
  instance: InstanceView;
  host: Host;
}

/**
 * Returns the instances that Nacos' clients see: one for each `instanceId`, in the order of the first with that id.
 *
 * Several instances of the core may have the same address, port and cluster: a process that was restarted with another
 * id, or one that is registered through two APIs. For Nacos they are one, and some of its clients fail on a list with
 * duplicates. The one shown is the one that takes traffic or is closest to it; of equal ones, the newest.
 */
export function shownInstances(instances: readonly InstanceView[]): ShownInstance[] {
  return withoutTwins(
    instances.flatMap((instance) => {
      const host = hostOf(instance);
      return host === undefined ? [] : [{ instance, host }];
    }),
  );
}

/** Returns one instance for each `instanceId`, as {@link shownInstances} does. */
export function withoutTwins(instances: Iterable<ShownInstance>): ShownInstance[] {
  const shown = new Map<string, ShownInstance>();
  for (const each of instances) {
    const { instanceId } = each.host;
    const twin = shown.get(instanceId);
    if (twin === undefined || precedes(standingOf(each), standingOf(twin))) shown.set(instanceId, each);
  }
  return [...shown.values()];
}

/** Properties by which instances at the same place are compared, most important first. */
export interface Standing {
  available: boolean;
  enabled: boolean;
  healthy: boolean;
  createdRevision: number;
}

export const standingOf = ({ instance, host }: ShownInstance): Standing => ({
  available: instance.available,
  enabled: host.enabled,
  healthy: host.healthy,
  createdRevision: instance.createdRevision,
});

/** Reports whether an instance is shown instead of another with the same `instanceId`. */
export function precedes(one: Standing, other: Standing): boolean {
  const nearer =
    Number(one.available) - Number(other.available) ||
    Number(one.enabled) - Number(other.enabled) ||
    Number(one.healthy) - Number(other.healthy);
  return (nearer || one.createdRevision - other.createdRevision) > 0;
}
