import type { InstanceView } from '../../model/instance';
import type { ServiceKey } from '../../model/namespace-api';
import type { InstanceList } from '../../model/queries';
import {
  type Host,
  hostOf,
  isAble,
  precedes,
  type ShownInstance,
  type Standing,
  standingOf,
  withoutTwins,
} from './host';
import { groupedName } from './names';

/** Filter of the instances of a service. */
export interface HostFilter {
  /** Only these clusters; empty: all. */
  clusters: readonly string[];
  healthyOnly: boolean;
}

/** Reads a list from the beginning, page by page. */
export type Pages = () => AsyncIterable<InstanceList> | Iterable<InstanceList>;

/** Reports whether the share of healthy instances is at or below a service's protect threshold. 0 never protects. */
export function isProtected(healthy: number, all: number, protectThreshold: number): boolean {
  return protectThreshold > 0 && all > 0 && healthy / all <= protectThreshold;
}

/** Returns the instances of a list that match the filter and were not taken out of traffic. */
function* soughtIn(
  { instances }: { instances: Iterable<InstanceView> },
  clusters: readonly string[],
): Generator<ShownInstance> {
  for (const instance of instances) {
    const host = clusters.length === 0 || clusters.includes(instance.cluster) ? hostOf(instance) : undefined;
    if (host?.enabled) yield { instance, host };
  }
}

/** Properties of a whole list that must be known before its first host is written. */
interface ListSurvey {
  /** True: a threshold protects the service. */
  isProtected: boolean;
  /** Ids of instances that are hidden by another at the same address and port. */
  hidden: ReadonlySet<string>;
}

/** Reads a whole list, and stores only little of it. */
export async function surveyList(pages: Pages, { clusters }: HostFilter): Promise<ListSurvey> {
  const shown = new Map<string, { id: string; standing: Standing }>();
  const hidden = new Set<string>();
  let threshold: number | undefined;
  for await (const page of pages()) {
    // Only the first page has it; the others are read as of its point in time, and have none.
    threshold ??= page.protectThreshold ?? 0;
    for (const sought of soughtIn(page, clusters)) {
      const { instance, host } = sought;
      const standing = standingOf(sought);
      const twin = shown.get(host.instanceId);
      if (twin !== undefined && !precedes(standing, twin.standing)) {
        hidden.add(instance.id);
        continue;
      }
      if (twin !== undefined) hidden.add(twin.id);
      shown.set(host.instanceId, { id: instance.id, standing });
    }
  }
  const healthy = [...shown.values()].filter(({ standing }) => standing.healthy).length;
  return { isProtected: isProtected(healthy, shown.size, threshold ?? 0), hidden };
}

/**
 * Writes the instances of a service that clients see, as pieces of a JSON array: those that were not taken out of traffic,
 * including unhealthy ones, and only one of those at the same address and port. If the protect threshold applies, all that
 * only lack heartbeats are shown as healthy. There is one piece per page, so that a list of tens of megabytes is never in
 * memory as a whole.
 *
 * @param written Converts a host before it is written.
 */
export async function* hostTexts(
  pages: Pages,
  { clusters, healthyOnly }: HostFilter,
  { isProtected, hidden }: ListSurvey,
  written: (host: Host) => object = (host) => host,
): AsyncGenerator<string> {
  let before = '[';
  for await (const page of pages()) {
    const texts: string[] = [];
    for (const { instance, host } of soughtIn(page, clusters)) {
      if (hidden.has(instance.id)) continue;
      if (isProtected) host.healthy ||= isAble(instance);
      if (host.healthy || !healthyOnly) texts.push(JSON.stringify(written(host)));
    }
    if (texts.length === 0) continue;
    yield before + texts.join(',');
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

/** Adds the members of v1 for its oldest clients, where `valid` means healthy. */
const withOldNames = (host: Host) => ({ ...host, valid: host.healthy, marked: false });

/**
 * Writes a service for `instance/list` of v1, with the members of both Nacos 1 and 2, but without `lastRefTime`.
 *
 * @param clusters Text of the request, unchanged, because clients use it as the key of their list.
 * @param cacheMs How long a client waits before its next poll.
 * @returns Pieces of the members, as JSON without the surrounding braces.
 */
export async function* serviceInfo(
  service: ServiceKey,
  pages: Pages,
  filter: HostFilter,
  clusters: string,
  cacheMs: number,
): AsyncGenerator<string> {
  const name = groupedName(service);
  const survey = await surveyList(pages, filter);
  const before = { name, groupName: service.group, clusters, cacheMillis: cacheMs };
  const after = {
    checksum: '',
    allIPs: false,
    reachProtectionThreshold: survey.isProtected,
    valid: true,
    dom: name,
    env: '',
    metadata: {},
    useSpecifiedURL: false,
  };
  yield `${JSON.stringify(before).slice(1, -1)},"hosts":`;
  yield* hostTexts(pages, filter, survey, withOldNames);
  yield `,${JSON.stringify(after).slice(1, -1)}`;
}

/** Instances of a service that are in memory, and its threshold. */
export interface ListedService {
  instances: Iterable<InstanceView>;
  protectThreshold: number;
}

/** Poll interval that Nacos tells clients that it pushes to. */
const PUSHED_CACHE_MS = 10_000;

/**
 * Writes a service as `ServiceInfo` without `lastRefTime`, for clients over gRPC: the name is without its group there.
 *
 * @param clustersText Text of the request, unchanged.
 */
export function serviceInfoText(
  { group, service }: ServiceKey,
  listed: ListedService,
  { clusters, healthyOnly }: HostFilter,
  clustersText: string,
): string {
  const shown = withoutTwins(soughtIn(listed, clusters));
  const healthy = shown.filter(({ host }) => host.healthy).length;
  const isReached = isProtected(healthy, shown.length, listed.protectThreshold);
  const hosts = shown.map(({ instance, host }) =>
    isReached ? { ...host, healthy: host.healthy || isAble(instance) } : host,
  );
  return JSON.stringify({
    name: service,
    groupName: group,
    clusters: clustersText,
    cacheMillis: PUSHED_CACHE_MS,
    hosts: healthyOnly ? hosts.filter((host) => host.healthy) : hosts,
    checksum: '',
    allIPs: false,
    reachProtectionThreshold: isReached,
    valid: true,
  });
}

/**
 * Adds the time of a list.
 *
 * @param lastRefTime Milliseconds since the epoch. Clients ignore a list that is not newer than the last one by this time.
 */
export const withRefTime = (infoText: string, lastRefTime: number): string =>
  `${infoText.slice(0, -1)},"lastRefTime":${lastRefTime}}`;
