import type { SnapshotService, WatchedService } from '../wire/frames';
import type { Instance } from '../wire/instance';
import type { RegistryHttp } from '../wire/registry-http';
import { RollcallError } from '../wire/rollcall-error';
import type { Poll, PolledContent, PolledState } from './poll-source';
import type { WatchScope } from './watch';
import { wholeList } from './whole-list';

/** The part of a list of services that is used. */
interface ServiceNames {
  services: { group: string; name: string; revision: number }[];
  next?: string | undefined;
}

interface ServiceName {
  group: string;
  service: string;
}

/** Parses `orders` (in the default group) or `group@@orders`. */
function serviceName(text: string): ServiceName {
  const at = text.indexOf('@@');
  return at < 0 ? { group: 'DEFAULT_GROUP', service: text } : { group: text.slice(0, at), service: text.slice(at + 2) };
}

/** Returns the key of a service. Names contain no line breaks. */
const keyOf = ({ group, service }: ServiceName): string => `${group}\n${service}`;

/** Polls services: a named one by its list of instances, others by the list of services. */
export class ServicePolls implements PolledState {
  readonly #http: RegistryHttp;
  readonly #scope: WatchScope;
  readonly #services = new Map<string, SnapshotService & { newest?: number }>();

  constructor(http: RegistryHttp, scope: WatchScope) {
    this.#http = http;
    this.#scope = scope;
  }

  begin(): Poll[] {
    const { services = [], groups = [] } = this.#scope;
    this.#services.clear();
    const isWhole = services.length === 0 && groups.length === 0;
    return [
      ...services.map((text) => this.#servicePoll(serviceName(text))),
      ...groups.map((group) => this.#groupPoll(group)),
      ...(isWhole ? [this.#groupPoll()] : []),
    ];
  }

  get content(): PolledContent {
    const services = [...this.#services.values()].map(({ newest: _newest, ...service }) => service);
    const revision = Math.max(0, ...services.flatMap(({ instances }) => instances.map((one) => one.revision)));
    return { revision, services };
  }

  #servicePoll(name: ServiceName): Poll {
    const path = `${this.#http.servicePath(name)}/instances`;
    return {
      path,
      apply: async (answer, signal) => this.#take(name, await wholeList(this.#http, path, answer, { signal }), signal),
    };
  }

  #groupPoll(group?: string): Poll {
    const query = group === undefined ? '' : `?group=${encodeURIComponent(group)}`;
    return {
      path: `${this.#http.namespacePath}/services${query}`,
      // `as`: the response of the list of services
      apply: async (answer, signal) => this.#takeAll(group, (await answer.json()) as ServiceNames, signal),
    };
  }

  async #takeAll(group: string | undefined, first: ServiceNames, signal: AbortSignal): Promise<void> {
    let { services, next } = first;
    while (next !== undefined) {
      const query = { group, after: next };
      const page = await this.#http.call<ServiceNames>('GET', `${this.#http.namespacePath}/services`, {
        query,
        signal,
      });
      services = services.concat(page.services);
      next = page.next;
    }
    const known = [...this.#services].filter(([, service]) => group === undefined || service.group === group);
    const left = new Set(known.map(([key]) => key));
    for (const { group: of, name: service, revision } of services) {
      const key = keyOf({ group: of, service });
      left.delete(key);
      if (this.#services.get(key)?.newest === revision) continue;
      const path = `${this.#http.servicePath({ group: of, service })}/instances`;
      const answer = await this.#http.request('GET', path, { signal });
      const instances = await wholeList(this.#http, path, answer, { signal });
      await this.#take({ group: of, service }, instances, signal, revision);
    }
    // Services that the scope names individually have their own polls.
    for (const key of left) this.#services.delete(key);
  }

  async #take(name: ServiceName, instances: Instance[], signal: AbortSignal, newest?: number): Promise<void> {
    const plain: WatchedService = {
      group: name.group,
      name: name.service,
      persistent: false,
      metadata: {},
      protectThreshold: 0,
      revision: 0,
    };
    const own = await this.#http
      .call<WatchedService>('GET', this.#http.servicePath(name), { signal })
      .catch((error) => {
        if (error instanceof RollcallError && error.code === 'SERVICE_NOT_FOUND') return plain;
        throw error;
      });
    const { persistent, metadata, protectThreshold, selector, revision } = own;
    this.#services.set(keyOf(name), {
      ...plain,
      persistent,
      metadata,
      protectThreshold,
      selector,
      revision,
      instances,
      ...(newest !== undefined && { newest }),
    });
  }
}
