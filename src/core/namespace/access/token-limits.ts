import { ROOT } from '../../../auth/authenticator';
import { RegistryError } from '../../../model/errors';
import {
  GRANTED_LEASES_MAX_COUNT,
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  RATE_BUCKETS_SWEEP_COUNT,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
  SHARE_OF_SERVICE_TOKEN_MAX_PERCENT_COUNT,
  SHARE_OF_TOKEN_MAX_PERCENT_COUNT,
} from '../../../model/limits';
import type { NamespaceLimits } from '../../../model/namespace';
import type { Caller, Share } from '../../../model/namespace-api';

/** A token bucket. It fills at the configured rate, up to one second's worth and at least one call. */
interface Bucket {
  tokens: number;
  /** On the namespace's axis. */
  filledAt: number;
}

/**
 * Counts calls and frames against the rate limits of a namespace, for all tokens together and for each token. The counts
 * are in memory, so a namespace that slept begins with full buckets. Nothing is counted without a configured rate, and
 * calls of the root token never are.
 */
export class RateLimiter {
  readonly #settings: { readonly limits: NamespaceLimits };
  readonly #buckets = new Map<string, Bucket>();

  /** @param settings Holds the limits in effect now. */
  constructor(settings: { readonly limits: NamespaceLimits }) {
    this.#settings = settings;
  }

  /** Number of buckets. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Admits one call. A token that exceeds its own rate uses up nothing of the shared one.
   *
   * @param tokenId Token of the call; undefined for a call without one.
   * @throws {RegistryError} `LIMIT_EXCEEDED`, with a time after which to retry.
   */
  admit(tokenId: string | undefined, now: number): void {
    const { requestsPerSecond, perToken } = this.#settings.limits;
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
      // Only a rate below one per second takes longer than a second to fill a bucket; dropping that lets a call through.
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
    `${isOwn ? 'a token' : 'all tokens together'} may make ${rate} requests per second in this namespace (${name}); retry later`,
    {
      retryAfterSeconds: Math.max(1, Math.ceil((1 - bucket.tokens) / rate)),
      ...(isOwn && { isOverRate: true }),
    },
  );
}

/** Capacities of a namespace that tokens share, with the amount of each if the namespace sets no limit. */
const SHARED = {
  instances: INSTANCES_PER_NAMESPACE_MAX_COUNT,
  services: SERVICES_PER_NAMESPACE_MAX_COUNT,
  bytes: RECORDS_PER_NAMESPACE_MAX_BYTES,
} as const;
type Shared = keyof typeof SHARED;

const NOUNS: Record<Shared, string> = { instances: 'instances', services: 'services', bytes: 'bytes of records' };

const PERCENT: Record<Exclude<Share, 'all'>, number> = {
  most: SHARE_OF_TOKEN_MAX_PERCENT_COUNT,
  half: SHARE_OF_SERVICE_TOKEN_MAX_PERCENT_COUNT,
};

/** Returns the share of a namespace that a caller may fill. */
export function shareOf({ share, operates }: Caller): Share {
  return share ?? (operates === true ? 'all' : 'most');
}

/** Returns the most of a capacity that a caller may hold; infinite if only the limit of the namespace applies. */
export function mostHeldBy(caller: Caller, limits: NamespaceLimits, what: Shared): number {
  const set = limits.perToken?.[what];
  if (set !== undefined && caller.tokenId !== ROOT.tokenId) return set;
  const share = shareOf(caller);
  if (share === 'all') return Number.POSITIVE_INFINITY;
  return partOf(limits[what] ?? SHARED[what], share);
}

/** Returns a share of a capacity. It is rounded up: a share of one is one. */
const partOf = (capacity: number, share: Exclude<Share, 'all'>): number => Math.ceil((capacity * PERCENT[share]) / 100);

/**
 * Checks that a caller's share has room.
 *
 * @param held Amount that it already holds.
 * @param more Amount that it would hold in addition.
 * @throws {RegistryError} `LIMIT_EXCEEDED`, naming the limit that can be raised.
 */
export function assertShare(caller: Caller, limits: NamespaceLimits, what: Shared, held: number, more: number): void {
  const most = mostHeldBy(caller, limits, what);
  if (held + more <= most) return;
  const name = `limits.perToken.${what}`;
  const has = `this would give the token ${held + more} ${NOUNS[what]}, up from ${held}`;
  if (limits.perToken?.[what] !== undefined) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `${has}: the limit ${name} of the namespace allows ${most}; remove some, or ask its admin to raise it`,
    );
  }
  const why = reasonOf(shareOf(caller));
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `${has}: as ${why}, it may have ${most} of the namespace's ${limits[what] ?? SHARED[what]}, so that others have room; remove some, use several tokens, or ask the namespace's admin to set ${name}: rollcall ns set --max-${what}-per-token`,
  );
}

const reasonOf = (share: Share): string =>
  share === 'half' ? 'its grants name services' : 'it does not operate the namespace';

/**
 * Checks that a caller's share of the granted leases has room for another one.
 *
 * @param held Number of leases that were granted to its token, and have not ended.
 * @throws {RegistryError} `LIMIT_EXCEEDED`.
 */
export function assertLeaseShare(caller: Caller, held: number): void {
  const share = shareOf(caller);
  if (share === 'all' || held < partOf(GRANTED_LEASES_MAX_COUNT, share)) return;
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `the token has ${held} granted leases: as ${reasonOf(share)}, it may not have more of the namespace's ${GRANTED_LEASES_MAX_COUNT}, so that others have room; revoke some, hold more with each, or use several tokens`,
  );
}
