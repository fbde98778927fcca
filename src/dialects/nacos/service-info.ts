import type { ServiceKey } from '../../model/namespace-api';
import type { InstanceList } from '../../model/queries';
import { type Host, hostOf, isAble } from './host';
import { groupedName } from './names';

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

/** The hosts of a page that are asked for and not taken out of traffic, each with whether it would take any. */
function* soughtIn({ instances }: InstanceList, clusters: readonly string[]): Generator<[host: Host, isAble: boolean]> {
  for (const instance of instances) {
    const host = clusters.length === 0 || clusters.includes(instance.cluster) ? hostOf(instance) : undefined;
    if (host?.enabled) yield [host, isAble(instance)];
  }
}

/** Whether the threshold of a service protects it. Reads the list to its end only where there is one above 0. */
export async function isListProtected(pages: Pages, { clusters }: HostFilter): Promise<boolean> {
  let sought = 0;
  let healthy = 0;
  let threshold: number | undefined;
  for await (const page of pages()) {
    // The first page names it; the further ones, which are read as of its moment, do not.
    threshold ??= page.protectThreshold ?? 0;
    if (threshold === 0) return false;
    for (const [host] of soughtIn(page, clusters)) {
      sought += 1;
      if (host.healthy) healthy += 1;
    }
  }
  return isProtected(healthy, sought, threshold ?? 0);
}

/**
 * The instances of a service that callers are shown, as the pieces of a JSON array: those that nobody took out of
 * traffic, unhealthy ones among them. Where its threshold protects it, all whose beats alone are missing are shown as
 * healthy. There is a piece for each page, so that a list of tens of megabytes is never in memory as a whole.
 *
 * @param written What a host is written as.
 */
export async function* hostTexts(
  pages: Pages,
  { clusters, healthyOnly }: HostFilter,
  isProtected: boolean,
  written: (host: Host) => object = (host) => host,
): AsyncGenerator<string> {
  let before = '[';
  for await (const page of pages()) {
    const texts: string[] = [];
    for (const [host, isAble] of soughtIn(page, clusters)) {
      if (isProtected) host.healthy ||= isAble;
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
  const reachProtectionThreshold = await isListProtected(pages, filter);
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
  yield `${JSON.stringify(before).slice(1, -1)},"hosts":`;
  yield* hostTexts(pages, filter, reachProtectionThreshold, withOldNames);
  yield `,${JSON.stringify(after).slice(1, -1)}`;
}
