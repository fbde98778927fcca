import { quote, RegistryError } from '../../model/errors';
import { Address, type InstanceView, Port } from '../../model/instance';
import { decodedIfItCan } from './raw-service';

/** Begins the url of what has no host and port: the name of a queue, in the words of its transport. */
const QUEUE_SCHEME = 'micro://';

/** Where an instance is, in the words of the core. */
export type Place = { address: string; port: number } | { url: string };

/**
 * Where a node is: `host:port`, IPv6 in brackets; anything else that is no mistake in one is the name of a queue.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function placeOf(address: string): Place {
  const [, host = '', digits = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (digits === '' && address !== '') return { url: `${QUEUE_SCHEME}${encodeURIComponent(address)}` };
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  // IPv6 without brackets could be cut anywhere.
  const isHost = Address.safeParse(bare).success && bare.includes(':') === (bare !== host);
  const port = Number(digits);
  if (isHost && Port.safeParse(port).success) return { address: bare, port };
  throw new RegistryError(
    'INVALID_REQUEST',
    `the address ${quote(address)} of a node is not host:port, such as 10.0.0.7:8080 or [2001:db8::7]:8080`,
  );
}

/** The address of a node, from where an instance is. */
export function addressOf({ address, port, url = '' }: Pick<InstanceView, 'address' | 'port' | 'url'>): string {
  if (address !== undefined && port !== undefined) return `${address.includes(':') ? `[${address}]` : address}:${port}`;
  if (url.startsWith(QUEUE_SCHEME)) return decodedIfItCan(url.slice(QUEUE_SCHEME.length));
  const { protocol, host, hostname } = new URL(url);
  if (protocol === 'https:' || protocol === 'wss:') return host === hostname ? `${host}:443` : host;
  if (protocol === 'http:' || protocol === 'ws:') return host === hostname ? `${host}:80` : host;
  return host;
}

/** Whether a node's address, as somebody wrote it, is where an instance is, in the same words as {@link addressOf}. */
export function isSamePlace(written: string, now: string): boolean {
  try {
    return addressOf(placeOf(written)) === now;
  } catch (error) {
    if (error instanceof RegistryError) return false;
    throw error;
  }
}
