import { WebSocket } from 'ws';
import { splitLogin } from '../../auth/carriers';
import { rollcallAdmin } from '../../client/admin';
import type { WebSocketConstructor } from '../../client/wire/client-options';
import { openSocket, type SocketListener, type Unopened } from '../../client/wire/open-socket';
import { RegistryHttp } from '../../client/wire/registry-http';
import { RollcallError } from '../../client/wire/rollcall-error';
import { SocketLink, type SocketOpener } from '../../client/wire/socket-link';
import { REAL_TIME } from '../../client/wire/time';
import { hasCode, RegistryError } from '../../model/errors';
import {
  GATEWAY_TOKEN_MAX_AGE_MS,
  GATEWAY_TOKENS_MAX_COUNT,
  NACOS_CLIENTS_PER_TOKEN_MAX_COUNT,
} from '../../model/limits';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { ownToken } from '../sources/own-token';
import type { NacosClient, NacosClients, NacosLogin } from './nacos-clients';
import { missingToken } from './nacos-refusals';

/** Parameters of {@link FarNacosClients}. */
export interface FarNacosClientsOptions {
  /** URL of the registry, without a slash at the end. */
  url: string;
  /** Namespace of all requests; undefined: that which each of them names. */
  namespace: string | undefined;
  /** Token for requests without one; undefined: they are refused. */
  defaultToken: string | undefined;
}

/** Time for which a wrong token is not asked about again. */
const REFUSAL_MAX_AGE_MS = 5_000;

/** A token that the registry has verified. */
interface KnownToken {
  readonly clients: Map<string, NacosClient>;
  /** Time at which the registry was last asked. */
  checkedAt: number;
}

/** Clients of a registry elsewhere, which authorizes everything that they do: each of their tokens is its own caller there. */
export class FarNacosClients implements NacosClients {
  readonly #options: FarNacosClientsOptions;
  readonly #known = new Map<string, KnownToken>();
  readonly #asked = new Map<string, Promise<KnownToken>>();
  /** Tokens that the registry has refused just now. */
  readonly #refused = new Map<string, { error: RegistryError; until: number }>();

  constructor(options: FarNacosClientsOptions) {
    this.#options = options;
  }

  client({ token, namespace }: NacosLogin): NacosClient | Promise<NacosClient> {
    const text = token || this.#options.defaultToken;
    if (text === undefined) throw missingToken();
    const login = splitLogin(text);
    const place = login.namespace ?? this.#options.namespace ?? namespace ?? DEFAULT_NAMESPACE;
    const known = this.#known.get(login.token);
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : performance.now() - known.checkedAt;
    if (known === undefined || ageMs > 2 * GATEWAY_TOKEN_MAX_AGE_MS) {
      return this.#verify(login.token).then((found) => this.#clientOf(login.token, found, place));
    }
    // To the end: the one that was used longest ago is dropped first.
    this.#known.delete(login.token);
    this.#known.set(login.token, known);
    // Its requests go on meanwhile: those of a revoked token are refused by the registry, too.
    if (ageMs > GATEWAY_TOKEN_MAX_AGE_MS) void this.#checkAgain(login.token, known);
    return this.#clientOf(login.token, known, place);
  }

  #clientOf(token: string, known: KnownToken, namespace: string): NacosClient {
    const found = known.clients.get(namespace);
    if (found !== undefined) return found;
    const made = this.#make(token, namespace);
    known.clients.set(namespace, made);
    dropOldest(known.clients, NACOS_CLIENTS_PER_TOKEN_MAX_COUNT);
    return made;
  }

  #make(token: string, namespace: string): NacosClient {
    const { url } = this.#options;
    // Node has no WebSocket of its own before version 22. `as`: that of `ws` has the members that the client uses.
    const options = { url, token, namespace, WebSocket: WebSocket as unknown as WebSocketConstructor };
    const http = new RegistryHttp(options);
    const open = async (subscriber: string, listener: SocketListener): ReturnType<SocketOpener> => {
      const outcome = await openSocket(http, options, REAL_TIME, subscriber, listener);
      // Runtimes hide why a socket does not open: the token may have ended.
      return 'error' in outcome && outcome.isBlocked ? endOf(options, outcome) : outcome;
    };
    return {
      namespace,
      calls: rollcallAdmin(options),
      link: (subscriber) => new SocketLink((listener) => open(subscriber, listener), http.url, REAL_TIME),
    };
  }

  /** Asks the registry about a token that is not known. @throws {RegistryError} */
  #verify(token: string): Promise<KnownToken> {
    const asked = this.#asked.get(token);
    if (asked !== undefined) return asked;
    const refused = this.#refused.get(token);
    if (refused !== undefined && performance.now() < refused.until) throw refused.error;
    if (this.#asked.size >= GATEWAY_TOKENS_MAX_COUNT) {
      throw new RegistryError('LIMIT_EXCEEDED', 'too many tokens are being verified; try again', {
        retryAfterSeconds: 1,
      });
    }
    const { url } = this.#options;
    const verified = ownToken({ url, token })
      .then(
        () => this.#remember(token),
        (error: unknown) => {
          this.#noteRefusal(token, error);
          throw error;
        },
      )
      .finally(() => this.#asked.delete(token));
    this.#asked.set(token, verified);
    return verified;
  }

  /** Clients repeat what was refused every few seconds, all of them. */
  #noteRefusal(token: string, error: unknown): void {
    this.#known.delete(token);
    if (!hasCode(error, 'UNAUTHENTICATED') || !(error instanceof RegistryError)) return;
    this.#refused.delete(token);
    this.#refused.set(token, { error, until: performance.now() + REFUSAL_MAX_AGE_MS });
    dropOldest(this.#refused, GATEWAY_TOKENS_MAX_COUNT);
  }

  #remember(token: string): KnownToken {
    const known = { clients: new Map<string, NacosClient>(), checkedAt: performance.now() };
    this.#known.delete(token);
    this.#known.set(token, known);
    dropOldest(this.#known, GATEWAY_TOKENS_MAX_COUNT);
    return known;
  }

  async #checkAgain(token: string, known: KnownToken): Promise<void> {
    known.checkedAt = performance.now();
    try {
      await ownToken({ url: this.#options.url, token });
    } catch (error) {
      if (hasCode(error, 'UNAUTHENTICATED') && this.#known.get(token) === known) this.#known.delete(token);
    }
  }
}

/** Returns the error of a socket that did not open: that of its token, if it has ended. */
async function endOf(options: { url: string; token: string }, unopened: Unopened): Promise<Unopened> {
  try {
    await ownToken(options);
    return unopened;
  } catch (error) {
    if (!hasCode(error, 'UNAUTHENTICATED')) return unopened;
    return { error: new RollcallError('UNAUTHENTICATED', 'the token is not valid any more'), isBlocked: false };
  }
}

/** Deletes the first members of a map beyond a number of them. Connections keep what they use. */
function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const name of map.keys()) {
    if (map.size <= most) return;
    map.delete(name);
  }
}
