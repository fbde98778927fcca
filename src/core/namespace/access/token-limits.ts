import { ROOT } from '../../../auth/authenticator';
import { RegistryError } from '../../../model/errors';
import {
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  RATE_BUCKETS_SWEEP_COUNT,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
  SHARE_OF_SERVICE_TOKEN_MAX_PERCENT_COUNT,
  SHARE_OF_TOKEN_MAX_PERCENT_COUNT,
} from '../../../model/limits';
import type { NamespaceLimits } from '../../../model/namespace';
import type { Caller, Share } from '../../../model/namespace-api';

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
  readonly #settings: { readonly limits: NamespaceLimits };
  readonly #buckets = new Map<string, Bucket>();

  /** @param settings Holds the limits in effect now. */
  constructor(settings: { readonly limits: NamespaceLimits }) {
    this.#settings = settings;
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

/** Parts of a namespace that are shared out among tokens, and how much there is of each where its limits say nothing. */
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

/** How much of a namespace a caller may fill. */
export function shareOf({ share, operates }: Caller): Share {
  return share ?? (operates === true ? 'all' : 'most');
}

/** The most of something that a caller may hold; infinite where only the limit of the namespace counts. */
export function mostHeldBy(caller: Caller, limits: NamespaceLimits, what: Shared): number {
  const set = limits.perToken?.[what];
  if (set !== undefined && caller.tokenId !== ROOT.tokenId) return set;
  const share = shareOf(caller);
  if (share === 'all') return Number.POSITIVE_INFINITY;
  // Rounded up: of a limit of one, a share is one.
  return Math.ceil(((limits[what] ?? SHARED[what]) * PERCENT[share]) / 100);
}

/**
 * Asks for room in a caller's share.
 *
 * @param held Amount that it holds already.
 * @param more Amount that it would hold in addition.
 * @throws {RegistryError} `LIMIT_EXCEEDED`, by the name of the limit that can be raised.
 */
export function assertShare(caller: Caller, limits: NamespaceLimits, what: Shared, held: number, more: number): void {
  const most = mostHeldBy(caller, limits, what);
  if (held + more <= most) return;
  const name = `limits.perToken.${what}`;
  const has = `this token has ${held} ${NOUNS[what]}, and this would make it ${held + more}`;
  if (limits.perToken?.[what] !== undefined) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `${has}: the limit ${name} of the namespace allows ${most}; remove some, or have it raised`,
    );
  }
  const why = shareOf(caller) === 'half' ? 'its grants name services' : 'it does not operate the namespace';
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `${has}: as ${why}, it may have ${most} of the ${limits[what] ?? SHARED[what]} there are, so that others have room; remove some, use several tokens, or have ${name} of the namespace set, by its admin: rollcall ns set --token-${what}`,
  );
}
