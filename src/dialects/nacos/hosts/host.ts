import type { InstanceView } from '../../../model/instance';
import type { ServiceKey } from '../../../model/namespace-api';
import { groupedName, type Place } from '../wire/names';

/** An instance as Nacos shows it. Nothing in it changes with time alone: clients compare it whole with what they had. */
export interface Host extends Place {
  instanceId: string;
  weight: number;
  healthy: boolean;
  enabled: boolean;
  ephemeral: boolean;
  clusterName: string;
  /** With its group. */
  serviceName: string;
  metadata: Record<string, string>;
  instanceHeartBeatInterval?: number;
  instanceHeartBeatTimeOut?: number;
  /** Left out where the instance is never removed. */
  ipDeleteTimeout?: number;
  instanceIdGenerator: 'simple';
}

/** Ports that urls without one mean. */
const PORTS: Record<string, number> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };

/** Statuses in which an instance is to get no traffic because somebody wants it so. */
const WITHHELD: ReadonlySet<InstanceView['status']> = new Set(['draining', 'out-of-service']);

/** Statuses in which it could not take any. */
const UNABLE: ReadonlySet<InstanceView['status']> = new Set(['starting', 'down']);

/** Id of an instance as Nacos makes it. */
const instanceIdOf = ({ ip, port }: Place, cluster: string, service: ServiceKey): string =>
  `${ip}#${port}#${cluster}#${groupedName(service)}`;

/**
 * Where Nacos' clients reach an instance. One that has a url alone is at the host and port of it; undefined where that
 * names no port that anybody could call, such as the url of a queue.
 */
export function placeIn({ address, port, url }: InstanceView): Place | undefined {
  if (address !== undefined && port !== undefined) return { ip: address, port };
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { hostname, port: written, protocol } = new URL(url);
  const known = written === '' ? PORTS[protocol] : Number(written);
  if (known === undefined || known === 0) return undefined;
  return { ip: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname, port: known };
}

/** Whether somebody took it out of traffic: an operator, or itself. */
const isWithheld = ({ enabled, quarantined, status }: InstanceView): boolean =>
  !enabled || quarantined || WITHHELD.has(status);

/** Whether it would take traffic if its beats came: a protect threshold waives those, and nothing else. */
export const isAble = ({ status }: InstanceView): boolean => !UNABLE.has(status);

/** What Spring's client reads from the metadata of an instance that speaks TLS. */
function metadataOf({ metadata, address, url = '' }: InstanceView): Record<string, string> {
  const isSecure = address === undefined && /^(?:https|wss):/i.test(url);
  return isSecure && metadata.secure === undefined ? { ...metadata, secure: 'true' } : metadata;
}

/** An instance, whoever registered it, in Nacos' words; undefined where it has no place in them. */
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

/** An instance, and how Nacos shows it. */
export interface ShownInstance {
  instance: InstanceView;
  host: Host;
}

/**
 * The instances that Nacos' clients are shown: one for each `instanceId`, in the order of the first with that id.
 *
 * Several instances of the core may be at one address and port of a cluster: a process that is restarted under another
 * id, or one that is registered through two doors. To Nacos they are one, and some of its clients fail on a list that
 * names it twice. It is shown as the one that takes traffic, or comes nearest to it; of two alike, as the newest.
 */
export function shownInstances(instances: readonly InstanceView[]): ShownInstance[] {
  const shown = new Map<string, ShownInstance>();
  for (const instance of instances) {
    const host = hostOf(instance);
    if (host === undefined) continue;
    const each = { instance, host };
    const twin = shown.get(host.instanceId);
    if (twin === undefined || goesBefore(standingOf(each), standingOf(twin))) shown.set(host.instanceId, each);
  }
  return [...shown.values()];
}

/** How near an instance comes to taking traffic, as it is compared with others at its place. */
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

/** Returns whether an instance is shown in the place of another with the same `instanceId`. */
export function goesBefore(one: Standing, other: Standing): boolean {
  const nearer =
    Number(one.available) - Number(other.available) ||
    Number(one.enabled) - Number(other.enabled) ||
    Number(one.healthy) - Number(other.healthy);
  return (nearer || one.createdRevision - other.createdRevision) > 0;
}
