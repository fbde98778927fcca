import type { Admin } from '../../client/admin';
import { RollcallError } from '../../client/wire/rollcall-error';

/** Time to live of the lease of a gateway. */
const KEEPER_TTL_MS = 30_000;
const KEEPER_INTERVAL_MS = 10_000;

/**
 * Holds a lease in the registry for as long as the gateway runs, so that the list of leases shows which gateways do. One that
 * ends because the gateway was frozen, or the registry was away, is granted again.
 */
export class Keeper {
  readonly #registry: Pick<Admin, 'grantLease' | 'renewGrantedLease' | 'revokeGrantedLease'>;
  #lease: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #renewing: Promise<void> = Promise.resolve();

  constructor(registry: Pick<Admin, 'grantLease' | 'renewGrantedLease' | 'revokeGrantedLease'>) {
    this.#registry = registry;
  }

  /** Id of the lease; undefined while there is none. */
  get lease(): string | undefined {
    return this.#lease;
  }

  /** @throws {RollcallError} if the registry does not grant a lease. */
  async start(): Promise<void> {
    await this.#grant();
    this.#timer = setInterval(() => {
      this.#renewing = this.#renew();
    }, KEEPER_INTERVAL_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    const lease = this.#lease;
    this.#lease = undefined;
    // It ends by itself if the registry is away.
    if (lease !== undefined) await this.#registry.revokeGrantedLease({ lease }).catch(() => {});
  }

  async #grant(): Promise<void> {
    this.#lease = (await this.#registry.grantLease({ body: { ttlMs: KEEPER_TTL_MS } })).id;
  }

  /** Renews the lease. Failures are left to the next time: the watch of the gateway reports an absent registry. */
  async #renew(): Promise<void> {
    try {
      if (this.#lease === undefined) await this.#grant();
      else await this.#registry.renewGrantedLease({ lease: this.#lease });
    } catch (error) {
      if (error instanceof RollcallError && error.code === 'LEASE_NOT_FOUND') this.#lease = undefined;
    }
  }
}
