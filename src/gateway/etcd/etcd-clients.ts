import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { hasCode } from '../../model/errors';
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

/** Reports whether a token is wrong. After many of them the registry says so by its limit, and clients expect the same text. */
export const isWrongToken = (error: unknown): boolean =>
  hasCode(error, 'UNAUTHENTICATED') || hasCode(error, 'LIMIT_EXCEEDED');

/** Returns the error of a call whose token the registry did not verify: etcd's, if the token is wrong. */
export const tokenError = (error: unknown): unknown => (isWrongToken(error) ? ETCD_ERRORS.invalidToken() : error);
