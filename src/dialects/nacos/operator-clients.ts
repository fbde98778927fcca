import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import type { Place } from './names';
import { type WholeService, wholeNamespace } from './whole-namespace';

/**
 * What Nacos calls a client: whoever publishes instances or subscribes. Over HTTP nobody holds a connection, and each
 * place that instances are at is one, named `ip:port#ephemeral`.
 */
export interface Publisher extends Place {
  clientId: string;
  ephemeral: boolean;
  /** When one of its instances changed last; in milliseconds since the epoch. */
  lastUpdatedTime: number;
  /** What it publishes, each with its cluster. */
  published: (ServiceKey & { cluster: string })[];
}

/** Id of the client that has instances at a place. */
export const clientIdOf = ({ ip, port }: Place, ephemeral: boolean): string => `${ip}:${port}#${ephemeral}`;

/** Everybody who publishes instances in a namespace, as of one moment. */
export async function publishersOf(namespace: NamespaceApi, tokenId: string): Promise<Map<string, Publisher>> {
  const publishers = new Map<string, Publisher>();
  for await (const service of wholeNamespace(namespace, tokenId)) addInstances(publishers, service);
  return publishers;
}

function addInstances(publishers: Map<string, Publisher>, { shown }: WholeService): void {
  for (const { instance, host } of shown) {
    const place = { ip: host.ip, port: host.port };
    const { group, service, cluster, ephemeral } = instance;
    const clientId = clientIdOf(place, ephemeral);
    const publisher = publishers.get(clientId) ?? { ...place, clientId, ephemeral, lastUpdatedTime: 0, published: [] };
    publishers.set(clientId, publisher);
    publisher.lastUpdatedTime = Math.max(publisher.lastUpdatedTime, Date.parse(instance.updatedAt));
    publisher.published.push({ group, service, cluster });
  }
}
