import type { Instance } from '../wire/instance';

/**
 * Where a call can go. The object stays the same as long as the same run of the instance answers at the same place, so
 * that what is known of it can be kept beside it; `instance` moves on with each change.
 */
export interface Endpoint {
  /** Id of the instance. */
  readonly id: string;
  /** Where it answers, without a slash at the end: `http://10.0.0.7:8080`, or the url that it registered. */
  readonly url: string;
  /** All that the registry says of it. */
  readonly instance: Instance;
}

const hostOf = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/**
 * Where an instance answers; undefined where it has no such port.
 *
 * @param port Name of one of its further ports. Without it, its url, or `http` at its address and port.
 */
export function urlOf({ address, port: main, ports, url }: Instance, port?: string): string | undefined {
  if (port !== undefined) {
    const named = ports[port];
    if (named === undefined || address === undefined) return undefined;
    return `${named.secure ? 'https' : 'http'}://${hostOf(address)}:${named.port}`;
  }
  if (url !== undefined) return url.replace(/\/+$/, '');
  return address === undefined || main === undefined ? undefined : `http://${hostOf(address)}:${main}`;
}

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
