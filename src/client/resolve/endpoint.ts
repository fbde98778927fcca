import type { Instance } from '../wire/instance';

/**
 * An address to call. The object stays the same while the same incarnation of the instance has the same URL, so that
 * selectors can keep state per endpoint; `instance` is replaced on each change.
 */
export interface Endpoint {
  /** Id of the instance. */
  readonly id: string;
  /** Base URL without a trailing slash: `http://10.0.0.7:8080`, or the URL that it registered. */
  readonly url: string;
  /** Current record of the instance. */
  readonly instance: Instance;
}

const hostOf = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/**
 * Returns the base URL of an instance; undefined if it has no such port.
 *
 * @param port Name of one of its further ports. Without it, its URL, or `http` at its address and port.
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

/** An endpoint, writable by its list. */
type KnownEndpoint = { -readonly [Member in keyof Endpoint]: Endpoint[Member] };

/** Endpoints of a service. They stay the same objects while the same incarnation has the same URL. */
export class EndpointList {
  readonly #port: string | undefined;
  #known = new Map<string, KnownEndpoint>();

  /** @param port Name of the port to call, instead of the URL or address and port. */
  constructor(port: string | undefined) {
    this.#port = port;
  }

  /** Replaces the list of instances; returns the endpoints, sorted by id, and those that are gone. */
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

/** Returns the endpoint of an instance: the known one, if incarnation and URL are the same. */
function endpointOf(instance: Instance, known: KnownEndpoint | undefined, port?: string): KnownEndpoint | undefined {
  if (known?.instance === instance) return known;
  const url = urlOf(instance, port);
  if (url === undefined) return undefined;
  if (known?.url !== url || known.instance.incarnation !== instance.incarnation)
    return { id: instance.id, url, instance };
  known.instance = instance;
  return known;
}
