import type { ServiceKey } from '../../model/namespace-api';
import type { InstanceList } from '../../model/queries';
import { type Host, hostOf, isAble } from './host';
import { groupedName } from './names';
import { goesBefore, type Standing, standingOf } from './shown-instances';

/** Which instances of a service are asked for. */
export interface HostFilter {
  /** Only these; empty: all. */
  clusters: readonly string[];
  healthyOnly: boolean;
}

/** The instances of a service as lists for callers show them: a JSON array. */
export interface HostsText {
  text: string;
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
 *
 * They are written page by page, and what was parsed of a page goes before the next one comes, so that a list of tens of
 * megabytes fits into the memory of an isolate.
 *
 * @param pages Reads the list from its beginning. Asked for twice where a threshold protects the service: only at the
 *   end is it known how its hosts are to be shown.
 * @param written What a host is written as.
 */
export async function hostsText(
  pages: () => AsyncIterable<InstanceList> | Iterable<InstanceList>,
  filter: HostFilter,
  written: (host: Host) => object = (host) => host,
): Promise<HostsText> {
  const asItIs = await pass(pages(), filter, written, false);
  const { text } = asItIs.isProtected ? await pass(pages(), filter, written, true) : asItIs;
  return { text, reachProtectionThreshold: asItIs.isProtected };
}

async function pass(
  pages: AsyncIterable<InstanceList> | Iterable<InstanceList>,
  { clusters, healthyOnly }: HostFilter,
  written: (host: Host) => object,
  waivesHealth: boolean,
): Promise<{ text: string; isProtected: boolean }> {
  const sought = new Map<string, { standing: Standing; text: string | undefined }>();
  let threshold = 0;
  for await (const { instances, protectThreshold = 0 } of pages) {
    // The first page names it, and the further ones, which are read as of its moment, do not.
    threshold = Math.max(threshold, protectThreshold);
    for (const instance of instances) {
      const host = clusters.length === 0 || clusters.includes(instance.cluster) ? hostOf(instance) : undefined;
      if (host === undefined || !host.enabled) continue;
      const standing = standingOf({ instance, host });
      const twin = sought.get(host.instanceId);
      if (twin !== undefined && !goesBefore(standing, twin.standing)) continue;
      if (waivesHealth) host.healthy ||= isAble(instance);
      const isShown = host.healthy || !healthyOnly;
      sought.set(host.instanceId, { standing, text: isShown ? JSON.stringify(written(host)) : undefined });
    }
  }
  const found = [...sought.values()];
  const healthy = found.filter(({ standing }) => standing.healthy).length;
  const text = `[${found.flatMap((each) => each.text ?? []).join(',')}]`;
  return { text, isProtected: isProtected(healthy, found.length, threshold) };
}

/** What v1 adds to a host for clients of its first versions: `valid` is what they call healthy. */
export const withOldNames = (host: Host) => ({ ...host, valid: host.healthy, marked: false });

/**
 * A service as `instance/list` of v1 answers it, with what Nacos 1 and 2 have, each, in one; without its moment.
 *
 * @param clusters As they were asked for, to the letter: clients find their list by that.
 * @param cacheMs How long a client waits before it asks again.
 * @returns The members, in JSON without the braces around them.
 */
export function serviceInfo(
  service: ServiceKey,
  { text, reachProtectionThreshold }: HostsText,
  clusters: string,
  cacheMs: number,
): string {
  const name = groupedName(service);
  const before = { name, groupName: service.group, clusters, cacheMillis: cacheMs };
  const after = {
    checksum: '',
    allIPs: false,
    reachProtectionThreshold,
    valid: true,
    dom: name,
    env: '',
    metadata: {},
    useSpecifiedURL: false,
  };
  return `${JSON.stringify(before).slice(1, -1)},"hosts":${text},${JSON.stringify(after).slice(1, -1)}`;
}
