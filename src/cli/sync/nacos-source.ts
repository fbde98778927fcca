import { DEFAULT_CLUSTER, DEFAULT_GROUP, GROUP_SEPARATOR } from '../../model/service-name';
import { CliError, EXIT } from '../terminal/failure';
import type { ServiceName } from '../terminal/option-values';
import type { ServiceFilter, Source, SourceInstance } from './source';
import type { SourceHttp } from './source-http';
import { asFlag, asList, asNumber, asObject, asText, asTexts } from './source-json';

/** Services per page of a list, as in Nacos' own clients. */
const PAGE_COUNT = 500;

/** Concurrent reads of instance lists; limited, as a source has other clients, too. */
const CONCURRENCY_COUNT = 8;

/** Share of a login's lifetime after which it is renewed. */
const LOGIN_SHARE = 0.8;

const BEGIN = '/v1/ns';

/** A service of Nacos. */
interface NacosService {
  group: string;
  service: string;
}

interface NacosOptions {
  http: SourceHttp;
  /** Id of the namespace; default `public`. */
  namespace?: string | undefined;
  /** Groups to mirror; all if empty. */
  groups: readonly string[];
  filter: ServiceFilter;
  /** Returns milliseconds on a monotonic clock. */
  now(): number;
}

/** A Nacos registry, read over the HTTP API v1 of its versions 1 and 2. */
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

  /** Lists the services of all groups, like the console. */
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
        'The source did not return a list of instances.',
        'Check that the url is the one that Nacos clients use, such as http://nacos:8848/nacos.',
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
      // A login may end early, for example by a restart of the source: the next read logs in again.
      if (error instanceof CliError && error.exitCode === EXIT.denied) this.#token = undefined;
      throw error;
    }
  }

  /** Returns a token for user and password; undefined without them. Requests a new one before the token expires. */
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
    if (text === '') throw new CliError(EXIT.failure, 'The source returned no access token for the login.');
    this.#token = { text, until: now() + (asNumber(tokenTtl) ?? 0) * 1_000 * LOGIN_SHARE };
    return text;
  }
}

/**
 * Converts an instance of Nacos in the same way as the registry's Nacos dialect; undefined for one that can't be called.
 *
 * Nacos lists unhealthy instances and leaves out disabled ones: unhealthy ones are `down` here, and disabled ones absent.
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
