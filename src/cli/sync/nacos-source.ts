import { isRecord } from '../../model/json';
import { DEFAULT_CLUSTER, DEFAULT_GROUP, GROUP_SEPARATOR } from '../../model/service-name';
import { CliError, EXIT } from '../terminal/failure';
import type { ServiceName } from '../terminal/option-values';
import type { ServiceFilter, Source, SourceInstance } from './source';
import type { SourceHttp } from './source-http';

/** Services of one page of a list. Nacos' own clients ask for as many. */
const PAGE_COUNT = 500;

/** Lists of instances that are asked for at the same time: a source has other clients, too. */
const CONCURRENCY_COUNT = 8;

/** What a login is renewed at, as a share of its time. */
const LOGIN_SHARE = 0.8;

const BEGIN = '/v1/ns';

/** A service of Nacos. */
interface NacosService {
  group: string;
  service: string;
}

interface NacosOptions {
  http: SourceHttp;
  /** Id of the namespace; `public` where it is left out. */
  namespace?: string | undefined;
  /** Groups to mirror; all where there are none. */
  groups: readonly string[];
  filter: ServiceFilter;
  /** Milliseconds, from anywhere. */
  now(): number;
}

/** A Nacos over its HTTP API v1, as versions 1 and 2 have it. */
export class NacosSource implements Source {
  readonly name: string;
  readonly #options: NacosOptions;
  #token: { text: string; until: number } | undefined;

  constructor(options: NacosOptions) {
    this.#options = options;
    const { http, namespace } = options;
    this.name = ['nacos', http.host, ...(namespace === undefined ? [] : [namespace])].join(' ');
  }

  covers(service: ServiceName): boolean {
    const { groups, filter } = this.#options;
    return (groups.length === 0 || groups.includes(service.group)) && filter(service);
  }

  async read(signal?: AbortSignal): Promise<SourceInstance[]> {
    const { groups } = this.#options;
    const services =
      groups.length === 0
        ? await this.#everyService(signal)
        : (await Promise.all(groups.map((group) => this.#servicesOf(group, signal)))).flat();
    const wanted = services.filter((service) => this.covers(service));
    const found: SourceInstance[] = [];
    let next = 0;
    const worker = async () => {
      for (let at = next++; at < wanted.length; at = next++) {
        const service = wanted[at];
        if (service !== undefined) found.push(...(await this.#instancesOf(service, signal)));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY_COUNT }, worker));
    return found;
  }

  /** Of all groups: what the console lists. */
  async #everyService(signal: AbortSignal | undefined): Promise<NacosService[]> {
    return this.#pages(async (pageNo) => {
      const page = asObject(
        await this.#get('/catalog/services', { pageNo, pageSize: String(PAGE_COUNT), hasIpCount: 'true' }, signal),
      );
      const services = asList(page.serviceList).map((each) => {
        const { name, groupName } = asObject(each);
        return { group: asText(groupName) || DEFAULT_GROUP, service: asText(name) };
      });
      return { count: asNumber(page.count) ?? 0, services };
    });
  }

  async #servicesOf(group: string, signal: AbortSignal | undefined): Promise<NacosService[]> {
    return this.#pages(async (pageNo) => {
      const page = asObject(
        await this.#get('/service/list', { pageNo, pageSize: String(PAGE_COUNT), groupName: group }, signal),
      );
      return {
        count: asNumber(page.count) ?? 0,
        services: asList(page.doms).map((name) => ({ group, service: asText(name) })),
      };
    });
  }

  async #pages(
    read: (pageNo: string) => Promise<{ count: number; services: NacosService[] }>,
  ): Promise<NacosService[]> {
    const all: NacosService[] = [];
    for (let page = 1; ; page++) {
      const { count, services } = await read(String(page));
      all.push(...services);
      if (services.length === 0 || all.length >= count) return all;
    }
  }

  async #instancesOf(service: NacosService, signal: AbortSignal | undefined): Promise<SourceInstance[]> {
    const query = {
      serviceName: `${service.group}${GROUP_SEPARATOR}${service.service}`,
      groupName: service.group,
      healthyOnly: 'false',
    };
    const { hosts } = asObject(await this.#get('/instance/list', query, signal));
    if (!Array.isArray(hosts)) {
      throw new CliError(
        EXIT.failure,
        'The source answers no list of instances.',
        'Is its url that of a Nacos, with the path that its clients are given, such as http://nacos:8848/nacos?',
      );
    }
    return asList(hosts).flatMap((host) => fromNacos(service, host) ?? []);
  }

  async #get(path: string, query: Record<string, string>, signal: AbortSignal | undefined): Promise<unknown> {
    const { http, namespace } = this.#options;
    const token = http.credentials.token ?? (await this.#login(signal));
    try {
      return await http.json(
        `${BEGIN}${path}`,
        {
          ...(signal && { signal }),
          headers: token === undefined ? {} : { accessToken: token, Authorization: `Bearer ${token}` },
        },
        { ...query, ...(namespace !== undefined && { namespaceId: namespace }) },
      );
    } catch (error) {
      // A login may have ended before its time, such as by a restart of the source: the next look logs in again.
      if (error instanceof CliError && error.exitCode === EXIT.denied) this.#token = undefined;
      throw error;
    }
  }

  /** A token for user and password; undefined where there are none. It is asked for again before its time is over. */
  async #login(signal: AbortSignal | undefined): Promise<string | undefined> {
    const { http, now } = this.#options;
    const { user, password } = http.credentials;
    if (user === undefined || password === undefined) return undefined;
    if (this.#token !== undefined && now() < this.#token.until) return this.#token.text;
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ username: user, password }).toString();
    const { accessToken, tokenTtl } = asObject(
      await http.json('/v1/auth/login', { method: 'POST', headers, body, ...(signal && { signal }) }),
    );
    const text = asText(accessToken);
    if (text === '') throw new CliError(EXIT.failure, 'The source answers a login without an access token.');
    this.#token = { text, until: now() + (asNumber(tokenTtl) ?? 0) * 1_000 * LOGIN_SHARE };
    return text;
  }
}

/**
 * An instance of Nacos in the words of this registry, as its own door for Nacos' clients has it; undefined for one that
 * nobody could call.
 *
 * Nacos lists what is unhealthy, and leaves out what is disabled: the one is `down` here, the other is not here.
 */
export function fromNacos({ group, service }: NacosService, host: unknown): SourceInstance | undefined {
  const { ip, port, weight, healthy, clusterName, metadata } = asObject(host);
  const [address, number] = [asText(ip), asNumber(port)];
  if (address === '' || number === undefined || number < 1) return undefined;
  return {
    group,
    service,
    id: `${address}:${number}`,
    body: {
      address,
      port: number,
      cluster: asText(clusterName) || DEFAULT_CLUSTER,
      weight: asNumber(weight) ?? 1,
      status: asFlag(healthy, true) ? 'up' : 'down',
      metadata: asTexts(metadata),
    },
  };
}

/** Looking into JSON of another registry: what is not as it should be is as if it were not there. */

type JsonObject = Readonly<Record<string, unknown>>;

/** An object; one without members where it is anything else. */
export function asObject(value: unknown): JsonObject {
  return isRecord(value) ? value : {};
}

/** A list; a single one where a server leaves the list out. */
export function asList(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** A text, a number or a truth value as text; empty where it is nothing of these. */
export function asText(value: unknown): string {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
}

/** A number, also as text. */
export function asNumber(value: unknown): number | undefined {
  const text = asText(value).trim();
  const number = Number(text);
  return text === '' || !Number.isFinite(number) ? undefined : number;
}

/** A truth value, also as text. */
export function asFlag(value: unknown, absent: boolean): boolean {
  const text = asText(value).trim().toLowerCase();
  return text === '' ? absent : text === 'true';
}

/** A map of texts, without the keys that mark a class of Java. */
export function asTexts(value: unknown): Record<string, string> {
  const entries = Object.entries(asObject(value)).filter(([key]) => key !== '@class');
  return Object.fromEntries(
    entries.flatMap(([key, member]) => (typeof member === 'object' ? [] : [[key, asText(member)]])),
  );
}
