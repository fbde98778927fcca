import { inBrackets } from '../../model/address';
import { quote, RegistryError } from '../../model/errors';
import { Address, type InstanceView, Port } from '../../model/instance';
import { shortName } from '../../model/service-name';
import { keptOf } from './kept';
import type { Kept, Service } from './service';

/** Version of a service without one, as in go-micro itself. */
const DEFAULT_VERSION = 'latest';

/** The parts of an instance that a node of go-micro shows. */
export type NodeView = Pick<
  InstanceView,
  'group' | 'service' | 'id' | 'address' | 'port' | 'url' | 'ports' | 'metadata' | 'tags'
> &
  Partial<Pick<InstanceView, 'version' | 'extensions'>>;

/** Decodes percent-escapes; returns the text unchanged if they are malformed. */
export function decodedIfItCan(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns the protocol of an instance that was not registered by a go-micro client, which would have set it. */
function protocolOf({ tags, ports, port }: NodeView): string {
  return tags.includes('grpc') || (port !== undefined && ports.grpc?.port === port) ? 'grpc' : 'http';
}

/** Converts an instance to a version of its service with one node. */
export function entryOf(instance: NodeView): Service {
  const kept = keptOf(instance);
  const { id, metadata } = instance;
  return {
    name: shortName(instance),
    version: instance.version ?? (kept === undefined ? DEFAULT_VERSION : ''),
    metadata: kept?.metadata ?? {},
    endpoints: kept?.endpoints ?? [],
    nodes: [
      {
        id,
        address: writtenAddress(instance, kept),
        metadata: kept === undefined ? { protocol: protocolOf(instance), ...metadata } : metadata,
      },
    ],
  };
}

/** Returns the original text of the address, unless the instance has moved since. */
function writtenAddress(instance: NodeView, kept: Kept | undefined): string {
  const now = addressOf(instance);
  if (kept === undefined || kept.address === '') return now;
  return isSamePlace(kept.address, now) ? kept.address : now;
}

/** Scheme of the URL of a node without host and port, whose address is the name of a queue in its transport. */
const QUEUE_SCHEME = 'micro://';

/** Place of an instance in the core. */
type Place = { address: string; port: number } | { url: string };

/**
 * Parses the address of a node: `host:port`, IPv6 in brackets. Text that does not end in a port is the name of a queue.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function placeOf(address: string): Place {
  const [, host = '', digits = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (digits === '' && address !== '') return { url: `${QUEUE_SCHEME}${encodeURIComponent(address)}` };
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  // IPv6 without brackets would be ambiguous.
  const isHost = Address.safeParse(bare).success && bare.includes(':') === (bare !== host);
  const port = Number(digits);
  if (isHost && Port.safeParse(port).success) return { address: bare, port };
  throw new RegistryError(
    'INVALID_REQUEST',
    `the address ${quote(address)} of a node is not host:port, such as 10.0.0.7:8080 or [2001:db8::7]:8080`,
  );
}

/** Formats the place of an instance as the address of a node. */
export function addressOf({ address, port, url = '' }: Pick<NodeView, 'address' | 'port' | 'url'>): string {
  if (address !== undefined && port !== undefined) return `${inBrackets(address)}:${port}`;
  if (url.startsWith(QUEUE_SCHEME)) return decodedIfItCan(url.slice(QUEUE_SCHEME.length));
  const { protocol, host, hostname } = new URL(url);
  if (protocol === 'https:' || protocol === 'wss:') return host === hostname ? `${host}:443` : host;
  if (protocol === 'http:' || protocol === 'ws:') return host === hostname ? `${host}:80` : host;
  return host;
}

/** Reports whether the original text of a node's address and the text of {@link addressOf} are the same place. */
export function isSamePlace(written: string, now: string): boolean {
  try {
    return addressOf(placeOf(written)) === now;
  } catch (error) {
    if (error instanceof RegistryError) return false;
    throw error;
  }
}
