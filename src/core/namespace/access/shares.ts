import { ROOT } from '../../../auth/authenticator';
import { RegistryError } from '../../../model/errors';
import {
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
  SHARE_OF_SERVICE_TOKEN_MAX_PERCENT_COUNT,
  SHARE_OF_TOKEN_MAX_PERCENT_COUNT,
} from '../../../model/limits';
import type { NamespaceLimits } from '../../../model/namespace';
import type { Caller, Share } from '../../../model/namespace-api';

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
