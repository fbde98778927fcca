import { callerOf, grantsOn } from '../../auth/authorize';
import { splitLogin } from '../../auth/carriers';
import { rollcallAdmin } from '../../client/admin';
import type { SocketListener } from '../../client/wire/open-socket';
import { RollcallError } from '../../client/wire/rollcall-error';
import { type LinkSocket, SocketLink, type SocketOpener } from '../../client/wire/socket-link';
import { REAL_TIME } from '../../client/wire/time';
import { RegistryError } from '../../model/errors';
import type { Principal } from '../../model/grant';
import { NACOS_CLIENTS_PER_TOKEN_MAX_COUNT } from '../../model/limits';
import type { NamespaceSockets } from '../../model/namespace-sockets';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import type { GrpcPeer } from '../grpc/grpc-method';
import { ClientsByPrincipal } from '../sources/clients-by-principal';
import type { NacosClient, NacosClients, NacosLogin } from './nacos-clients';
import { missingToken } from './nacos-refusals';

/** A registry in this process. */
export interface NearNacosRegistry {
  /**
   * Verifies a token, without a promise if it is known.
   *
   * @param address Address of the client, by which wrong tokens are counted.
   * @throws {RegistryError} `UNAUTHENTICATED`, `LIMIT_EXCEEDED`, `UNAVAILABLE`.
   */
  authenticate(token: string, address: string): Principal | Promise<Principal>;
  /** Opens a namespace. @throws {RegistryError} `NAMESPACE_NOT_FOUND`. */
  openNamespace(id: string): { sockets: NamespaceSockets } | Promise<{ sockets: NamespaceSockets }>;
  /** Answers a request of the native API. @param address Address of the client. */
  answer(request: Request, address: string): Promise<Response>;
}

/** URL of requests that never leave the process. */
const OWN_URL = 'http://registry.internal';

/** Clients of a registry in this process. */
export class NearNacosClients implements NacosClients {
  readonly #registry: NearNacosRegistry;
  /** Clients that are known, by namespace and address. */
  readonly #known = new ClientsByPrincipal<NacosClient>(NACOS_CLIENTS_PER_TOKEN_MAX_COUNT);

  constructor(registry: NearNacosRegistry) {
    this.#registry = registry;
  }

  client({ token, namespace }: NacosLogin, { address }: Pick<GrpcPeer, 'address'>): NacosClient | Promise<NacosClient> {
    if (token === undefined || token === '') throw missingToken();
    const login = splitLogin(token);
    const place = { token: login.token, namespace: login.namespace ?? namespace ?? DEFAULT_NAMESPACE, address };
    const principal = this.#registry.authenticate(login.token, address);
    if (principal instanceof Promise) return principal.then((found) => this.#clientOf(found, place));
    return this.#clientOf(principal, place);
  }

  #clientOf(principal: Principal, place: Place): NacosClient {
    const name = `${place.namespace} ${place.address}`;
    const found = this.#known.get(principal, name);
    if (found !== undefined) return found;
    const made = nearClient(this.#registry, place);
    this.#known.set(principal, name, made);
    return made;
  }
}

/** A token, the namespace that it is used in, and where. */
interface Place {
  token: string;
  namespace: string;
  address: string;
}

function nearClient(registry: NearNacosRegistry, { token, namespace, address }: Place): NacosClient {
  const fetch = (url: string, init?: RequestInit): Promise<Response> =>
    registry.answer(new Request(url, init), address);
  const open = async (subscriber: string, listener: SocketListener): Promise<LinkSocket> => {
    // Verified again for each socket: the token may have been revoked meanwhile.
    const principal = await registry.authenticate(token, address);
    const { expiresAt, redeemedId } = principal;
    const { sockets } = await registry.openNamespace(namespace);
    const socket = await sockets.open(
      {
        kind: 'socket',
        subscriber,
        caller: { ...callerOf(principal, namespace), address },
        grants: grantsOn(principal, namespace),
        namespace,
        expiresAt,
        redeemedId,
      },
      { frame: (text) => listener.message(text), closed: (code) => listener.closed(code, '') },
    );
    return { send: (text) => socket.send(text), close: (code = 1000) => socket.close(code, '') };
  };
  return {
    namespace,
    calls: rollcallAdmin({ url: OWN_URL, token, namespace, fetch }),
    link: (subscriber) =>
      new SocketLink(
        openerOf((listener) => open(subscriber, listener)),
        OWN_URL,
        REAL_TIME,
      ),
  };
}

/** Returns a function that opens sockets for a link, from one that throws. */
function openerOf(open: (listener: SocketListener) => Promise<LinkSocket>): SocketOpener {
  return (listener) =>
    open(listener).catch((error: unknown) => ({
      error:
        error instanceof RegistryError
          ? new RollcallError(error.code, error.message)
          : RollcallError.from(error, 'the socket did not open'),
      isBlocked: false,
    }));
}
