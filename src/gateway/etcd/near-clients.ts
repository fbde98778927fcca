import { callerOf, grantsOn } from '../../auth/authorize';
import { loginOf, loginOfToken, tokenOfLogin } from '../../auth/logins';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import type { Principal } from '../../model/grant';
import type { ClaimsOf } from '../../model/instance';
import type { NamespaceApi } from '../../model/namespace-api';
import type { NamespaceSockets } from '../../model/namespace-sockets';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { calledNamespace } from '../../protocols/etcd/called-namespace';
import { permissionsOf } from '../../protocols/etcd/permissions';
import { ClientsByPrincipal } from '../sources/clients-by-principal';
import { type EtcdClient, type EtcdClients, type EtcdPeer, isWrongToken, tokenError } from './etcd-clients';

/** A registry in this process. */
export interface NearRegistry {
  /**
   * Verifies a token, without a promise if it is known.
   *
   * @param address Address of the client, by which wrong tokens are counted.
   * @throws {RegistryError} `UNAUTHENTICATED`, `LIMIT_EXCEEDED`, `UNAVAILABLE`.
   */
  authenticate(token: string, address: string): Principal | Promise<Principal>;
  /** Opens a namespace. @throws {RegistryError} `NAMESPACE_NOT_FOUND`. */
  openNamespace(id: string): OpenedNamespace | Promise<OpenedNamespace>;
  claimsOf: ClaimsOf;
}

interface OpenedNamespace {
  calls: NamespaceApi;
  sockets: NamespaceSockets;
}

/** Clients of a registry in this process. */
export class NearClients implements EtcdClients {
  readonly #registry: NearRegistry;
  /** Clients that are known, by namespace and address. */
  readonly #known = new ClientsByPrincipal<EtcdClient>();

  constructor(registry: NearRegistry) {
    this.#registry = registry;
  }

  client(token: string | undefined, { address }: EtcdPeer): EtcdClient | Promise<EtcdClient> {
    if (token === undefined) throw ETCD_ERRORS.userEmpty();
    const { namespace = DEFAULT_NAMESPACE, token: secret } = loginOfToken(token);
    try {
      const principal = this.#registry.authenticate(secret, address);
      if (!(principal instanceof Promise)) return this.#clientOf(principal, namespace, address);
      return principal.then(
        (found) => this.#clientOf(found, namespace, address),
        (error: unknown) => {
          throw tokenError(error);
        },
      );
    } catch (error) {
      throw tokenError(error);
    }
  }

  async logIn(name: string, password: string, { address }: EtcdPeer): Promise<string> {
    if (name === '') throw ETCD_ERRORS.userEmpty();
    const login = loginOf(name, password);
    try {
      await this.#registry.authenticate(login.token, address);
    } catch (error) {
      throw isWrongToken(error) ? ETCD_ERRORS.authenticationFailed() : error;
    }
    return tokenOfLogin(login);
  }

  #clientOf(principal: Principal, namespace: string, address: string): EtcdClient | Promise<EtcdClient> {
    const name = `${namespace} ${address}`;
    const found = this.#known.get(principal, name);
    if (found !== undefined) return found;
    const opened = this.#registry.openNamespace(namespace);
    if (opened instanceof Promise) {
      return opened.then((each) => this.#remember(principal, name, this.#make(principal, namespace, address, each)));
    }
    return this.#remember(principal, name, this.#make(principal, namespace, address, opened));
  }

  #remember(principal: Principal, name: string, client: EtcdClient): EtcdClient {
    this.#known.set(principal, name, client);
    return client;
  }

  #make(principal: Principal, id: string, address: string, { calls, sockets }: OpenedNamespace): EtcdClient {
    const caller = { ...callerOf(principal, id), address };
    const { tokenId, expiresAt, redeemedId } = principal;
    const grants = grantsOn(principal, id);
    const purpose = {
      kind: 'stream',
      subscriber: `etcd-${tokenId}`,
      caller,
      grants,
      namespace: id,
      proof: 'marks',
    } as const;
    const namespace = calledNamespace({
      id,
      calls,
      caller,
      grants,
      permissions: permissionsOf(principal, id, this.#registry.claimsOf),
      openSocket: (listener) => sockets.open({ ...purpose, expiresAt, redeemedId }, listener),
    });
    return { namespace, user: tokenId };
  }
}
