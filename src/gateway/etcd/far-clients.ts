import { loginOf, loginOfToken, tokenOfLogin } from '../../auth/logins';
import { RegistryHttp } from '../../client/wire/registry-http';
import { ETCD_ERRORS, etcdError, GRPC } from '../../codecs/etcd/refusals';
import { hasCode } from '../../model/errors';
import type { GrantedLeaseView, LeaseRenewalReport } from '../../model/granted-lease';
import { ATTENTION_PASS_MS, GATEWAY_TOKEN_MAX_AGE_MS, GATEWAY_TOKENS_MAX_COUNT } from '../../model/limits';
import { ownToken, type VerifiedToken } from '../sources/own-token';
import { type EtcdClient, type EtcdClients, tokenError } from './etcd-clients';
import { farNamespace } from './far-namespace';
import { FrameCalls, type FrameCallsOptions } from './frame-calls';
import { KEEPER_TTL_MS, KeptLeases, type LeaseRegistry } from './kept-leases';

/** Parameters of {@link FarClients}. */
export interface FarClientsOptions {
  /** URL of the registry, without a slash at the end. */
  url: string;
  /** Namespace of clients whose user names none. */
  namespace: string;
  /** Token of the gateway, which holds its lease. It may operate the namespace. */
  token: string;
  /** True: calls without a token are made with that of the gateway. */
  defaultToken: boolean;
  /** Number of clients, and of tokens that are being verified. Default: {@link GATEWAY_TOKENS_MAX_COUNT}. */
  maxClients?: number;
}

/** A client of the registry, and its connections. */
interface FarClient {
  readonly calls: FrameCalls;
  readonly client: EtcdClient;
  /** Time at which the registry was last asked about the token. */
  checkedAt: number;
  usedAt: number;
}

/** Time for which a token is not checked again because its calls fail. */
const CHECK_AFTER_FAILURE_MS = 5_000;

const door = 'etcd';

/** Clients of a registry elsewhere. Each token has connections of its own, by which the registry knows its permissions. */
export class FarClients implements EtcdClients {
  readonly #options: FarClientsOptions;
  readonly #maxClients: number;
  /** Clients whose tokens the registry has verified. */
  readonly #clients = new Map<string, FarClient>();
  /** Tokens about which the registry is asked. Invented ones stay here, so that they close no connection of a client. */
  readonly #unverified = new Map<string, Promise<EtcdClient>>();
  /** Connection of the gateway's own token. */
  readonly #calls: FrameCalls;
  readonly #leases: KeptLeases;
  readonly #timer: ReturnType<typeof setInterval>;
  #isClosed = false;

  constructor(options: FarClientsOptions) {
    this.#options = options;
    this.#maxClients = options.maxClients ?? GATEWAY_TOKENS_MAX_COUNT;
    this.#calls = new FrameCalls(options);
    this.#leases = new KeptLeases(this.#leaseRegistry(), {
      monotonic: () => performance.now(),
      wall: () => Date.now(),
    });
    this.#timer = setInterval(() => this.#leases.tick(), ATTENTION_PASS_MS);
  }

  /** Number of leases that the gateway keeps. */
  get leases(): number {
    return this.#leases.size;
  }

  /** @throws {RegistryError} If the registry does not grant the gateway a lease. */
  start(): Promise<void> {
    return this.#leases.start();
  }

  client(token: string | undefined): EtcdClient | Promise<EtcdClient> {
    const text = token ?? (this.#options.defaultToken ? this.#options.token : undefined);
    if (text === undefined) throw ETCD_ERRORS.userEmpty();
    const known = this.#clients.get(text);
    if (known === undefined) return this.#unverified.get(text) ?? this.#verify(text);
    known.usedAt = performance.now();
    // Its calls go on meanwhile: a revoked token is refused there, too.
    if (known.usedAt - known.checkedAt > GATEWAY_TOKEN_MAX_AGE_MS) void this.#hasEnded(text, known);
    return known.client;
  }

  async logIn(name: string, password: string): Promise<string> {
    if (name === '') throw ETCD_ERRORS.userEmpty();
    const token = tokenOfLogin(loginOf(name, password));
    try {
      await this.client(token);
    } catch (error) {
      throw hasCode(error, 'UNAUTHENTICATED') ? ETCD_ERRORS.authenticationFailed() : error;
    }
    return token;
  }

  /** Gives up the leases, each of which has its whole time to live to be kept by another gateway, and closes connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#leases.close();
    const all = [this.#calls, ...[...this.#clients.values()].map(({ calls }) => calls)];
    this.#clients.clear();
    await Promise.all(all.map((calls) => calls.close()));
  }

  /** Asks the registry about a token that is not known. @throws {RegistryError} If too many of them wait for that. */
  #verify(text: string): Promise<EtcdClient> {
    if (this.#unverified.size >= this.#maxClients) throw ETCD_ERRORS.tooManyRequests();
    const place = this.#placeOf(text);
    const verified = ownToken(place)
      .then(
        (token) => this.#connect(text, place, token),
        (error: unknown) => {
          throw tokenError(error);
        },
      )
      .finally(() => this.#unverified.delete(text));
    this.#unverified.set(text, verified);
    return verified;
  }

  #connect(text: string, place: FrameCallsOptions, { id: user, grants }: VerifiedToken): EtcdClient {
    if (this.#isClosed) throw ETCD_ERRORS.serverStopped();
    this.#makeRoom();
    const calls = new FrameCalls(place);
    const http = new RegistryHttp(place);
    const parts = { id: place.namespace, grants, calls, http, leases: this.#leases, owner: text };
    const client = { namespace: farNamespace(parts), user };
    const now = performance.now();
    this.#clients.set(text, { calls, client, checkedAt: now, usedAt: now });
    return client;
  }

  /** Returns what a token is for. @throws {RegistryError} If it is for another namespace. */
  #placeOf(text: string): FrameCallsOptions {
    const { url, namespace } = this.#options;
    const { namespace: named = namespace, token } = loginOfToken(text);
    if (named === namespace) return { url, namespace, token };
    throw etcdError(
      GRPC.permissionDenied,
      `rollcall: this gateway serves the namespace "${namespace}"; use one that serves the namespace that your user names`,
    );
  }

  /** Asks the registry whether the token of a client has ended, and drops the client then. Never rejects. */
  async #hasEnded(text: string, known: FarClient): Promise<boolean> {
    known.checkedAt = performance.now();
    try {
      await ownToken(this.#placeOf(text));
      return false;
    } catch (error) {
      if (!hasCode(error, 'UNAUTHENTICATED')) return false;
      this.#drop(text, known);
      return true;
    }
  }

  #drop(text: string, found: FarClient): void {
    if (this.#clients.get(text) === found) this.#clients.delete(text);
    void found.calls.close();
  }

  /** Closes the connections of a client if there are too many: of one that holds nothing open, and was used longest ago. */
  #makeRoom(): void {
    if (this.#clients.size < this.#maxClients) return;
    const { owners } = this.#leases;
    const isBusy = (text: string, { calls }: FarClient): number => Number(calls.watches > 0 || owners.has(text));
    const [first] = [...this.#clients].sort((a, b) => isBusy(...a) - isBusy(...b) || a[1].usedAt - b[1].usedAt);
    if (first !== undefined) this.#drop(...first);
  }

  /**
   * Renews leases with the token of their owner. That of the gateway may renew any lease, so it only repeats what clients were
   * heard to say before.
   */
  async #renewLeases(owner: string, frame: object, isAsked: boolean): Promise<LeaseRenewalReport> {
    const known = this.#clients.get(owner);
    if (known !== undefined) {
      try {
        return await known.calls.ask<LeaseRenewalReport>(frame);
      } catch (error) {
        // Runtimes hide why a socket does not open: the token may have ended.
        const isDue = performance.now() - known.checkedAt > CHECK_AFTER_FAILURE_MS;
        if (!hasCode(error, 'UNAVAILABLE') || !isDue || !(await this.#hasEnded(owner, known))) throw error;
      }
    }
    if (isAsked) throw ETCD_ERRORS.invalidToken();
    return this.#calls.ask<LeaseRenewalReport>(frame);
  }

  #leaseRegistry(): LeaseRegistry {
    const calls = this.#calls;
    return {
      grantKeeper: async () => (await calls.ask<GrantedLeaseView>({ type: 'grant-lease', ttlMs: KEEPER_TTL_MS })).id,
      renewKeeper: async (lease) => {
        const { renewed } = await calls.ask<LeaseRenewalReport>({ type: 'renew-leases', leases: [{ lease }] });
        return renewed.length > 0;
      },
      revokeKeeper: async (lease) => void (await calls.ask({ type: 'revoke-lease', lease })),
      renewLeases: (owner, keeper, renewals, isAsked) => {
        const leases = renewals.map((renewal) => ({ ...renewal, door }));
        return this.#renewLeases(owner, { type: 'renew-leases', keeper, leases }, isAsked);
      },
      revokeLease: async (keeper, lease) => void (await calls.ask({ type: 'revoke-lease', lease, keeper, door })),
    };
  }
}
