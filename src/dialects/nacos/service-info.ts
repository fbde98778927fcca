import type { InstanceView } from '../../model/instance';
import type { ServiceKey } from '../../model/namespace-api';
import { type Host, isAble } from './host';
import { groupedName } from './names';
import { shownInstances } from './shown-instances';

/** Which instances of a service are asked for. */
export interface HostFilter {
  /** Only these; empty: all. */
  clusters: readonly string[];
  healthyOnly: boolean;
}

/** Instances of a service, as lists for callers show them. */
export interface HostList {
  hosts: Host[];
  /** True: too few are healthy, so that all of them are shown as healthy. */
  reachProtectionThreshold: boolean;
}

/** Whether so few are healthy that a threshold protects a service: their share is not above it. One of 0 never does. */
export function isProtected(healthy: number, all: number, protectThreshold: number): boolean {
  return protectThreshold > 0 && all > 0 && healthy / all <= protectThreshold;
}

/**
 * The instances of a service that callers are shown: those that nobody took out of traffic, unhealthy ones among them.
 * Where its threshold protects it, all whose beats alone are missing are shown as healthy.
 */
export function hostList(
  instances: readonly InstanceView[],
  protectThreshold: number,
  { clusters, healthyOnly }: HostFilter,
): HostList {
  const isSought = ({ enabled, clusterName }: Host) =>
    enabled && (clusters.length === 0 || clusters.includes(clusterName));
  const sought = shownInstances(instances).filter(({ host }) => isSought(host));
  const healthy = sought.filter(({ host }) => host.healthy).length;
  const reachProtectionThreshold = isProtected(healthy, sought.length, protectThreshold);
  if (reachProtectionThreshold) for (const { host, instance } of sought) host.healthy ||= isAble(instance);
  const hosts = sought.map(({ host }) => host);
  return { hosts: healthyOnly ? hosts.filter((host) => host.healthy) : hosts, reachProtectionThreshold };
}

/** What v1 adds to a host for clients of its first versions: `valid` is what they call healthy. */
const withOldNames = (host: Host) => ({ ...host, valid: host.healthy, marked: false });

/**
 * A service as `instance/list` of v1 answers it, with what Nacos 1 and 2 have, each, in one.
 *
 * @param clusters As they were asked for, to the letter: clients find their list by that.
 * @param cacheMs How long a client waits before it asks again.
 */
export function serviceInfo(
  service: ServiceKey,
  { hosts, reachProtectionThreshold }: HostList,
  clusters: string,
  cacheMs: number,
) {
  const name = groupedName(service);
  return {
    name,
    groupName: service.group,
    clusters,
    cacheMillis: cacheMs,
    hosts: hosts.map(withOldNames),
    checksum: '',
    allIPs: false,
    reachProtectionThreshold,
    valid: true,
    dom: name,
    env: '',
    metadata: {},
    useSpecifiedURL: false,
  };
}
