import { rollcallAdmin } from '../../client/admin';
import { RegistryHttp } from '../../client/wire/registry-http';
import { ETCD_ERRORS, etcdError, GRPC } from '../../codecs/etcd/refusals';
import { hasCode } from '../../model/errors';
import type { Grant } from '../../model/grant';
import type { GrantedLeaseView, LeaseRenewalReport } from '../../model/granted-lease';
import { ATTENTION_PASS_MS, GATEWAY_TOKEN_MAX_AGE_MS, GATEWAY_TOKENS_MAX_COUNT } from '../../model/limits';
import { loginOf, loginOfToken, tokenOfLogin } from '../../protocols/etcd/logins';
import { type EtcdClient, type EtcdClients, tokenError } from './etcd-clients';
import { farNamespace } from './far-namespace';
import { FrameCalls, type FrameCallsOptions, registryError } from './frame-calls';
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
}

/** A client of the registry, and its connections. */
interface FarClient {
  readonly calls: FrameCalls;
  readonly made: Promise<EtcdClient>;
  client: EtcdClient | undefined;
  /** Time at which the registry was last asked about the token. */
  checkedAt: number;
  usedAt: number;
}

const door = 'etcd';

/** Clients of a registry elsewhere. Each token has connections of its own, by which the registry knows its permissions. */
export class FarClients implements EtcdClients {
  readonly #options: FarClientsOptions;
  readonly #clients = new Map<string, FarClient>();
  /** Connection of the gateway's own token. */
  readonly #calls: FrameCalls;
  readonly #leases: KeptLeases;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: FarClientsOptions) {
    this.#options = options;
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
    const now = performance.now();
    if (known === undefined) return this.#connect(text, now).made;
    known.usedAt = now;
    if (now - known.checkedAt > GATEWAY_TOKEN_MAX_AGE_MS) this.#checkAgain(text, known, now);
    return known.client ?? known.made;
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
    clearInterval(this.#timer);
    await this.#leases.close();
    const all = [this.#calls, ...[...this.#clients.values()].map(({ calls }) => calls)];
    this.#clients.clear();
    await Promise.all(all.map((calls) => calls.close()));
  }

  #connect(text: string, now: number): FarClient {
    this.#makeRoom();
    const place = this.#placeOf(text);
    const calls = new FrameCalls(place);
    const made = ownToken(place).then(({ id: user, grants }): EtcdClient => {
      const http = new RegistryHttp(place);
      const parts = { id: place.namespace, grants, calls, http, leases: this.#leases, owner: text };
      found.client = { namespace: farNamespace(parts), user };
      return found.client;
    });
    const found: FarClient = { calls, made, client: undefined, checkedAt: now, usedAt: now };
    this.#clients.set(text, found);
    made.catch(() => this.#drop(text, found));
    return found;
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

  /** Asks the registry about a token, while its calls go on: a revoked one is refused there, too. */
  #checkAgain(text: string, known: FarClient, now: number): void {
    known.checkedAt = now;
    ownToken(this.#placeOf(text)).catch((error: unknown) => {
      if (hasCode(error, 'UNAUTHENTICATED')) this.#drop(text, known);
    });
  }

  #drop(text: string, found: FarClient): void {
    if (this.#clients.get(text) === found) this.#clients.delete(text);
    void found.calls.close();
  }

  /** Closes the connections of the token that was used longest ago if there are too many. */
  #makeRoom(): void {
    if (this.#clients.size < GATEWAY_TOKENS_MAX_COUNT) return;
    const [oldest] = [...this.#clients].sort(([, a], [, b]) => a.usedAt - b.usedAt);
    if (oldest !== undefined) this.#drop(...oldest);
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
      renewLeases: (owner, keeper, renewals) => {
        const by = this.#clients.get(owner)?.calls ?? calls;
        const leases = renewals.map((renewal) => ({ ...renewal, door }));
        return by.ask<LeaseRenewalReport>({ type: 'renew-leases', keeper, leases });
      },
      revokeLease: async (keeper, lease) => void (await calls.ask({ type: 'revoke-lease', lease, keeper, door })),
    };
  }
}

/** Returns the id and the grants of a token. @throws {RegistryError} With etcd's text if it is not valid. */
async function ownToken(place: FrameCallsOptions): Promise<{ id: string; grants: Grant[] }> {
  try {
    const { id, grants } = await rollcallAdmin(place).readOwnToken();
    return { id, grants: grants as Grant[] }; // `as`: the client's grants have the members of the model's
  } catch (error) {
    throw tokenError(registryError(error));
  }
}
