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
