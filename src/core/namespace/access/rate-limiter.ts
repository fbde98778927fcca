import { ROOT } from '../../../auth/authenticator';
import { RegistryError } from '../../../model/errors';
import { RATE_BUCKETS_SWEEP_COUNT } from '../../../model/limits';
import type { NamespaceLimits } from '../../../model/namespace';

/** What may come at once: it fills at the rate, up to a second's worth and at least one. */
interface Bucket {
  tokens: number;
  /** On the namespace's axis. */
  filledAt: number;
}

/**
 * Counts calls and frames against the rates that a namespace is configured with, for all of them together and for each
 * token. In memory: a namespace that slept begins with full buckets. Where no rate is configured nothing is counted, and
 * the root token never is.
 */
export class RateLimiter {
  readonly #limits: () => NamespaceLimits;
  readonly #buckets = new Map<string, Bucket>();

  /** @param limits Those in effect now. */
  constructor(limits: () => NamespaceLimits) {
    this.#limits = limits;
  }

  /** How many are counted now. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Takes one call in. A token that is over its own rate takes nothing from the others.
   *
   * @param tokenId Whose it is; undefined where nobody is behind it.
   * @throws {RegistryError} `LIMIT_EXCEEDED`, with a time to come back.
   */
  admit(tokenId: string | undefined, now: number): void {
    const { requestsPerSecond, perToken } = this.#limits();
    if (requestsPerSecond === undefined && perToken?.requestsPerSecond === undefined) return;
    if (tokenId === undefined || tokenId === ROOT.tokenId) return;
    const own = this.#bucket(`token ${tokenId}`, perToken?.requestsPerSecond, now);
    const shared = this.#bucket('all', requestsPerSecond, now);
    assertRoom(own, perToken?.requestsPerSecond, 'limits.perToken.requestsPerSecond', true);
    assertRoom(shared, requestsPerSecond, 'limits.requestsPerSecond', false);
    if (own !== undefined) own.tokens -= 1;
    if (shared !== undefined) shared.tokens -= 1;
  }

  #bucket(name: string, rate: number | undefined, now: number): Bucket | undefined {
    if (rate === undefined) return undefined;
    const most = Math.max(1, rate);
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) return this.#newBucket(name, most, now);
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.filledAt) / 1_000) * rate);
    bucket.filledAt = now;
    return bucket;
  }

  #newBucket(name: string, most: number, now: number): Bucket {
    if (this.#buckets.size >= RATE_BUCKETS_SWEEP_COUNT) {
      // The slowest rate that fills a bucket in more than a second is below one a second; then a call is let through.
      for (const [each, { filledAt }] of this.#buckets) if (now - filledAt > 1_000) this.#buckets.delete(each);
    }
    const bucket = { tokens: most, filledAt: now };
    this.#buckets.set(name, bucket);
    return bucket;
  }
}

function assertRoom(bucket: Bucket | undefined, rate: number | undefined, name: string, isOwn: boolean): void {
  if (bucket === undefined || rate === undefined || bucket.tokens >= 1) return;
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `${isOwn ? 'a token' : 'all tokens together'} may make ${rate} requests a second here (${name}); come back later`,
    {
      retryAfterSeconds: Math.max(1, Math.ceil((1 - bucket.tokens) / rate)),
      ...(isOwn && { isOverRate: true }),
    },
  );
}
