import { ROOT } from '../../auth/authenticator';
import { secretDigest } from '../../auth/token-text';
import type { VerifiedToken } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import type { Grant, Principal } from '../../model/grant';
import { REDEEMED_TOKEN_LIFE_MAX_MS, REDEEMED_TOKENS_PER_TOKEN_MAX_COUNT } from '../../model/limits';
import type { DirectoryState } from './directory-state';
import type { RedeemedRow } from './redeemed-rows';

/** Name of the root token in responses. */
const ROOT_NAME = 'root token';

/** The token that requested a ticket, as far as tokens that replace the ticket depend on it. */
interface Parent {
  id: string;
  name: string;
  grants: readonly Grant[];
  /** Milliseconds since the epoch; `Infinity`: never. */
  expiresAt: number;
  /** Its valid secrets, the oldest first; `until` as `expiresAt`. */
  secrets: readonly { digest: string; until: number }[];
}

/**
 * Tokens that replaced tickets. Each acts as the token that requested its ticket: the same id in the journal, the same
 * grants, limits and ownership. It is valid while that token's secret is, and at most 12 hours.
 *
 * Nothing is copied from the parent: whatever ends the parent or its secret ends these tokens at once, also if an earlier
 * version of Rollcall writes it.
 */
export class RedeemedTokens {
  readonly #state: DirectoryState;
  #rootDigest: string | undefined;

  constructor(state: DirectoryState) {
    this.#state = state;
  }

  /** Computes the digest of the root token, which the other methods need. */
  async prepare(): Promise<void> {
    const { rootToken } = this.#state.platform;
    if (rootToken) this.#rootDigest ??= await secretDigest(rootToken);
  }

  /** Returns a token by id; undefined if it has ended, or there is none. */
  known(id: string): VerifiedToken | undefined {
    const now = this.#state.platform.clock.now();
    const row = this.#state.redeemed.find(id);
    if (row === undefined || row.endsAt <= now) return undefined;
    const parent = this.#parentOf(row.parent, now);
    const secret = parent?.secrets.find(({ digest }) => digest === row.parentDigest);
    if (parent === undefined || secret === undefined) return undefined;
    const expiresAt = Math.min(row.endsAt, parent.expiresAt, secret.until);
    return { tokenId: parent.id, grants: parent.grants, expiresAt, pathWrite: false, redeemedId: id };
  }

  /** Returns the name of a token that is not a redeemed one; empty if it has ended. */
  nameOf(tokenId: string): string {
    return this.#parentOf(tokenId, this.#state.platform.clock.now())?.name ?? '';
  }

  /** Returns when the oldest valid secret of such a token ends, in milliseconds since the epoch; `Infinity` if never. */
  secretEndOf(tokenId: string): number {
    const parent = this.#parentOf(tokenId, this.#state.platform.clock.now());
    return parent?.secrets[0]?.until ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Adds a token for a ticket.
   *
   * @param digest SHA-256 of its secret, base64url.
   * @returns Its expiry, in milliseconds since the epoch; undefined if the parent has ended.
   * @throws {RegistryError} `LIMIT_EXCEEDED` if too many of the parent's tickets were redeemed.
   */
  add(id: string, digest: string, parentId: string): number | undefined {
    const { redeemed, platform } = this.#state;
    const now = platform.clock.now();
    const parent = this.#parentOf(parentId, now);
    // During a rotation it is unknown which secret requested the ticket, so the token ends with the first that does.
    const secret = parent?.secrets[0];
    if (parent === undefined || secret === undefined) return undefined;
    const { count, nextEnd } = redeemed.countOf(parentId, now);
    if (count >= REDEEMED_TOKENS_PER_TOKEN_MAX_COUNT) throw tooManyRedeemed(nextEnd - now);
    const endsAt = Math.min(now + REDEEMED_TOKEN_LIFE_MAX_MS, parent.expiresAt, secret.until);
    redeemed.put({ id, digest, parent: parentId, parentDigest: secret.digest, endsAt });
    return endsAt;
  }

  /** Ends a token. Its row counts against the parent until it expires, so that a loop of redemptions is bounded. */
  end(row: RedeemedRow): void {
    this.#state.redeemed.put({ ...row, digest: '', parentDigest: '' });
    this.#state.tickets.removeOf(row.id);
  }

  #parentOf(id: string, now: number): Parent | undefined {
    const never = Number.POSITIVE_INFINITY;
    if (id === ROOT.tokenId) {
      const secrets = this.#rootDigest === undefined ? [] : [{ digest: this.#rootDigest, until: never }];
      return { id, name: ROOT_NAME, grants: ROOT.grants, expiresAt: never, secrets };
    }
    const token = this.#state.tokens.find(id, now);
    if (token === undefined) return undefined;
    const { digest, earlierDigest, earlierUntil, expiresAt, record } = token;
    const secrets = [{ digest, until: never }];
    if (earlierDigest !== null && earlierUntil !== null && earlierUntil > now) {
      secrets.unshift({ digest: earlierDigest, until: earlierUntil });
    }
    return { id, name: record.name, grants: record.grants, expiresAt: expiresAt ?? never, secrets };
  }
}

/**
 * Refuses to issue a secret to a redeemed token, which the secret would outlive.
 *
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function assertMayIssue({ redeemedId }: Principal): void {
  if (redeemedId === undefined) return;
  throw new RegistryError(
    'FORBIDDEN',
    'this token was redeemed from a ticket, so it cannot create or rotate tokens, which could outlive it; use the token that requested the ticket',
  );
}

function tooManyRedeemed(leftMs: number): RegistryError {
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `${REDEEMED_TOKENS_PER_TOKEN_MAX_COUNT} tickets of this token were redeemed in the last 12 hours; wait until one of those tokens expires, or use another token`,
    { retryAfterSeconds: Math.ceil(leftMs / 1_000) },
  );
}
