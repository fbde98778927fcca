import type { ServiceKey } from '../../../model/namespace-api';
import type { InstanceList } from '../../../model/queries';
import { groupedName } from '../wire/names';
import { goesBefore, type Host, hostOf, isAble, type ShownInstance, type Standing, standingOf } from './host';

/** Which instances of a service are asked for. */
export interface HostFilter {
  /** Only these; empty: all. */
  clusters: readonly string[];
  healthyOnly: boolean;
}

/** Reads a list from its beginning, page by page. */
export type Pages = () => AsyncIterable<InstanceList> | Iterable<InstanceList>;

/** Whether so few are healthy that a threshold protects a service: their share is not above it. One of 0 never does. */
export function isProtected(healthy: number, all: number, protectThreshold: number): boolean {
  return protectThreshold > 0 && all > 0 && healthy / all <= protectThreshold;
}

/** The instances of a page that are asked for and not taken out of traffic. */
function* soughtIn({ instances }: InstanceList, clusters: readonly string[]): Generator<ShownInstance> {
  for (const instance of instances) {
    const host = clusters.length === 0 || clusters.includes(instance.cluster) ? hostOf(instance) : undefined;
    if (host?.enabled) yield { instance, host };
  }
}

/** Properties of a whole list that have to be known before its first host is written. */
interface ListSurvey {
  /** True: a threshold protects the service. */
  isProtected: boolean;
  /** Ids of instances in whose place another at the same address and port is shown. */
  hidden: ReadonlySet<string>;
}

/** Reads a list to its end, and keeps little of it. */
export async function surveyList(pages: Pages, { clusters }: HostFilter): Promise<ListSurvey> {
  const shown = new Map<string, { id: string; standing: Standing }>();
  const hidden = new Set<string>();
  let threshold: number | undefined;
  for await (const page of pages()) {
    // The first page names it; the further ones, which are read as of its moment, do not.
    threshold ??= page.protectThreshold ?? 0;
    for (const sought of soughtIn(page, clusters)) {
      const { instance, host } = sought;
      const standing = standingOf(sought);
      const twin = shown.get(host.instanceId);
      if (twin !== undefined && !goesBefore(standing, twin.standing)) {
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
 * The instances of a service that callers are shown, as the pieces of a JSON array: those that are not taken out of
 * traffic, unhealthy ones among them, and one of those at the same address and port. Where the threshold of the service
 * protects it, all whose beats alone are missing are shown as healthy. There is a piece for each page, so that a list of
 * tens of megabytes is never in memory as a whole.
 *
 * @param written What a host is written as.
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

/** What v1 adds to a host for clients of its first versions: `valid` is what they call healthy. */
const withOldNames = (host: Host) => ({ ...host, valid: host.healthy, marked: false });

/**
 * A service as `instance/list` of v1 answers it, with what Nacos 1 and 2 have, each, in one; without its moment.
 *
 * @param clusters As they were asked for, to the letter: clients find their list by that.
 * @param cacheMs How long a client waits before it asks again.
 * @returns Pieces of the members, in JSON without the braces around them.
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
