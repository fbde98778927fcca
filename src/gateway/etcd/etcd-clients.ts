import type { EtcdNamespace } from '../../protocols/etcd/etcd-namespace';

/** A client of etcd, by the token that its call has. */
export interface EtcdClient {
  readonly namespace: EtcdNamespace;
  /** Id of its token. */
  readonly user: string;
}

/** The other end of a client's connection. */
export interface EtcdPeer {
  readonly address: string;
  /** Common name of the client's certificate, if the port has verified one. */
  readonly certificateName: string | undefined;
}

/** Finds out who calls. A registry in this process and one elsewhere have implementations of their own. */
export interface EtcdClients {
  /**
   * Returns the client of a call, without a promise if it is known.
   *
   * @param token As the client sends it; undefined if it sends none.
   * @throws {RegistryError} With etcd's texts for a missing or a wrong token.
   */
  client(token: string | undefined, peer: EtcdPeer): EtcdClient | Promise<EtcdClient>;
  /**
   * Returns the token for the calls of a client that logs in.
   *
   * @throws {RegistryError} With etcd's text for a wrong password.
   */
  logIn(name: string, password: string, peer: EtcdPeer): Promise<string>;
}
