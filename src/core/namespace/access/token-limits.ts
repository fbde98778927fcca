import { ROOT } from '../../../auth/authenticator';
import { RegistryError } from '../../../model/errors';
import {
  ENTRIES_PER_NAMESPACE_MAX_BYTES,
  ENTRIES_PER_NAMESPACE_MAX_COUNT,
  ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES,
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

/** A capacity of a namespace that tokens share. */
interface Capacity {
  /** Amount if the namespace sets no limit. */
  most: number;
  noun: string;
  /** Member of the limits of a namespace that bounds it. */
  setBy: 'instances' | 'services' | 'bytes' | 'entries' | 'entryBytes' | 'grantedLeases';
  /** Option of `rollcall ns set` for that member, without `-per-token`. */
  option: string;
}

const CAPACITIES = {
  instances: {
    most: INSTANCES_PER_NAMESPACE_MAX_COUNT,
    noun: 'instances',
    setBy: 'instances',
    option: '--max-instances',
  },
  services: { most: SERVICES_PER_NAMESPACE_MAX_COUNT, noun: 'services', setBy: 'services', option: '--max-services' },
  bytes: { most: RECORDS_PER_NAMESPACE_MAX_BYTES, noun: 'bytes of records', setBy: 'bytes', option: '--max-bytes' },
  entries: { most: ENTRIES_PER_NAMESPACE_MAX_COUNT, noun: 'entries', setBy: 'entries', option: '--max-entries' },
  entryBytes: {
    most: ENTRIES_PER_NAMESPACE_MAX_BYTES,
    noun: 'bytes of entries',
    setBy: 'entryBytes',
    option: '--max-entry-bytes',
  },
  // A limit on the bytes of entries bounds those of their keys, too.
  entryKeyBytes: {
    most: ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES,
    noun: 'bytes of keys',
    setBy: 'entryBytes',
    option: '--max-entry-bytes',
  },
  grantedLeases: {
    most: GRANTED_LEASES_MAX_COUNT,
    noun: 'granted leases',
    setBy: 'grantedLeases',
    option: '--max-leases',
  },
} as const satisfies Record<string, Capacity>;
type Shared = keyof typeof CAPACITIES;

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
  const set = limits.perToken?.[CAPACITIES[what].setBy];
  if (set !== undefined && caller.tokenId !== ROOT.tokenId) return set;
  const share = shareOf(caller);
  if (share === 'all') return Number.POSITIVE_INFINITY;
  return partOf(capacityOf(limits, what), share);
}

/** Returns the most of a capacity that all tokens together may hold. */
function capacityOf(limits: NamespaceLimits, what: Shared): number {
  const { most, setBy } = CAPACITIES[what];
  return Math.min(most, limits[setBy] ?? most);
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
  const { noun, setBy, option } = CAPACITIES[what];
  const name = `limits.perToken.${setBy}`;
  const has = `this would give the token ${held + more} ${noun}, up from ${held}`;
  if (limits.perToken?.[setBy] !== undefined) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `${has}: the limit ${name} of the namespace allows ${most}; remove some, or ask its admin to raise it`,
    );
  }
  const why = reasonOf(shareOf(caller));
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `${has}: as ${why}, it may have ${most} of the namespace's ${capacityOf(limits, what)}, so that others have room; remove some, use several tokens, or ask the namespace's admin to set ${name}: rollcall ns set ${option}-per-token`,
  );
}

const reasonOf = (share: Share): string =>
  share === 'half' ? 'its grants name services or keys' : 'it does not operate the namespace';
