import type { Instance } from '../wire/instance';
import { type Endpoint, urlOf } from './endpoint';

/** An endpoint, as whoever keeps it may move it on. */
type KnownEndpoint = { -readonly [Member in keyof Endpoint]: Endpoint[Member] };

/** The endpoints of one service, which stay the same objects as long as the same run answers at the same place. */
export class EndpointList {
  readonly #port: string | undefined;
  #known = new Map<string, KnownEndpoint>();

  /** @param port Name of the port that calls go to, instead of to the url or to address and port. */
  constructor(port: string | undefined) {
    this.#port = port;
  }

  /** Takes another list of instances: its endpoints, ordered by id, and those that are no longer among them. */
  update(instances: readonly Instance[]): { endpoints: readonly Endpoint[]; left: readonly Endpoint[] } {
    const before = this.#known;
    this.#known = new Map();
    for (const instance of [...instances].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      const endpoint = endpointOf(instance, before.get(instance.id), this.#port);
      if (endpoint !== undefined) this.#known.set(instance.id, endpoint);
    }
    const left = [...before.values()].filter((endpoint) => this.#known.get(endpoint.id) !== endpoint);
    return { endpoints: [...this.#known.values()], left };
  }
}

/** The endpoint of an instance: the one there was, for the same run at the same place. */
function endpointOf(instance: Instance, known: KnownEndpoint | undefined, port?: string): KnownEndpoint | undefined {
  if (known?.instance === instance) return known;
  const url = urlOf(instance, port);
  if (url === undefined) return undefined;
  if (known?.url !== url || known.instance.incarnation !== instance.incarnation)
    return { id: instance.id, url, instance };
  known.instance = instance;
  return known;
}
