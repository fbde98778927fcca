import type { Admin } from '../../client/admin';
import type { SocketLink } from '../../client/wire/socket-link';
import type { GrpcPeer } from '../grpc/grpc-method';

/** Calls of the native API that requests of Nacos' clients become. */
export type NacosCalls = Pick<
  Admin,
  'listInstances' | 'listServices' | 'readInstance' | 'registerInstance' | 'deregisterInstance'
>;

/** A token in a namespace, with which clients call the registry. */
export interface NacosClient {
  readonly namespace: string;
  readonly calls: NacosCalls;
  /**
   * Returns a socket to the namespace. It opens when it is used.
   *
   * @param subscriber Name in receipts.
   */
  link(subscriber: string): SocketLink;
}

/** Credentials of a request, and the namespace that it is for. */
export interface NacosLogin {
  /** The access token: a token of the registry, perhaps with a namespace in front; undefined if the request has none. */
  token: string | undefined;
  /** Namespace of the request; undefined if it names none. */
  namespace: string | undefined;
}

/** Verifies tokens of clients. A registry in this process and one elsewhere have implementations of their own. */
export interface NacosClients {
  /**
   * Returns the client of a request, without a promise if it is known.
   *
   * @throws {RegistryError} `UNAUTHENTICATED` for a missing or a wrong token, `LIMIT_EXCEEDED`, `UNAVAILABLE`.
   */
  client(login: NacosLogin, peer: Pick<GrpcPeer, 'address'>): NacosClient | Promise<NacosClient>;
}
