import { LRUCache } from 'lru-cache';
import { countBound } from '../model/cache-bound';
import type { AskDirectory, DirectoryApi, VerifiedToken } from '../model/directory-api';
import { RegistryError } from '../model/errors';
import {
  CREDENTIAL_MAX_CHARACTERS,
  LAST_KNOWN_MAX_AGE_MS,
  ROOT_TOKEN_MIN_CHARACTERS,
  VERIFICATION_FOLLOW_MAX_MS,
  VERIFICATION_MAX_AGE_MS,
  VERIFICATIONS_MAX_COUNT,
} from '../model/limits';
import { ALL_NAMESPACES } from '../model/service-name';
import { SharedCalls } from './shared-calls';
import { digestOf, readTokenText, sameDigest, secretDigest } from './token-text';

/** Characters that a header can carry. A root token with a space could never be sent. */
const PRINTABLE = /^[\x21-\x7e]+$/;

/** Dependencies of an {@link Authenticator}. */
export interface AuthenticatorOptions {
  /** If unset, too short or too long, every request is refused with `NOT_CONFIGURED`. */
  rootToken: string | null | undefined;
  directory: Pick<DirectoryApi, 'verify' | 'redeemTicket'>;
  askDirectory: AskDirectory;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * Authenticates tokens and tickets.
 *
 * A token that is not cached takes the same steps whether or not its id exists: a digest of the whole token, compared
 * with that of the root token in constant time, a digest of its secret, and one call to the directory. Response times
 * therefore don't reveal which ids exist. The root token works without the directory. An answer of the directory is cached
 * for 30 s. While the directory is unreachable, the last known answer for a valid token holds for 10 minutes, and all
 * other tokens are refused (design/decisions/0024-lost-directory.md).
 */
export class Authenticator {
  readonly #rootToken: string;
  readonly #isConfigured: boolean;
  readonly #directory: AuthenticatorOptions['directory'];
  readonly #askDirectory: AskDirectory;
  readonly #now: () => number;
  readonly #verifications = new Verifications();
  readonly #calls: SharedCalls<VerifiedToken | null>;
  #rootDigest: Uint8Array | undefined;
  /** Number of calls of `forget` and `doubt`. An answer to a query from before the last one may be stale. */
  #forgets = 0;

  constructor({ rootToken, directory, askDirectory, now }: AuthenticatorOptions) {
    this.#rootToken = rootToken ?? '';
    this.#isConfigured =
      this.#rootToken.length >= ROOT_TOKEN_MIN_CHARACTERS &&
      this.#rootToken.length <= CREDENTIAL_MAX_CHARACTERS &&
      PRINTABLE.test(this.#rootToken);
    this.#directory = directory;
    this.#askDirectory = askDirectory;
    this.#now = now;
    this.#calls = new SharedCalls({
      now,
      followMaxMs: VERIFICATION_FOLLOW_MAX_MS,
      maxCount: VERIFICATIONS_MAX_COUNT,
      sharesFailures: true,
    });
  }

  /** @throws {RegistryError} `NOT_CONFIGURED` if no usable root token is set: the registry fails closed. */
  assertConfigured(): void {
    if (this.#isConfigured) return;
    throw new RegistryError(
      'NOT_CONFIGURED',
      `the registry has no usable root token; set the secret ROLLCALL_ROOT_TOKEN to ${ROOT_TOKEN_MIN_CHARACTERS} or more random letters, digits and signs`,
    );
  }

  /**
   * Authenticates a token.
   *
   * @returns The verified token, or null if it is not valid. Not a promise if the answer is cached.
   * @throws {RegistryError} `UNAVAILABLE` if the directory is needed but unreachable and there is no last known answer;
   * `NOT_CONFIGURED`.
   */
  verify(token: string): VerifiedToken | null | Promise<VerifiedToken | null> {
    const known = this.#verifications.find(token, this.#now());
    if (known !== undefined) return known;
    this.assertConfigured();
    // A token that is too long is not processed at all, not even hashed.
    return token.length > CREDENTIAL_MAX_CHARACTERS ? null : this.#ask(token);
  }

  /**
   * Returns the token that a ticket was created with; null if the ticket is not valid or was already used. The result is
   * not cached, because a ticket can be used only once.
   *
   * @throws {RegistryError} `UNAVAILABLE`, `NOT_CONFIGURED`.
   */
  async redeem(ticket: string): Promise<VerifiedToken | null> {
    this.assertConfigured();
    if (ticket === '' || ticket.length > CREDENTIAL_MAX_CHARACTERS) return null;
    return this.#unexpired(await this.#askDirectory(() => this.#directory.redeemTicket(ticket)));
  }

  /** Drops the cached answers about a token that was revoked or rotated here, so that its next request is verified. */
  forget(tokenId: string): void {
    this.#forgets += 1;
    this.#verifications.forget(tokenId);
  }

  /** Expires the cached answers about a token that may have been revoked or rotated here. They remain as last known ones. */
  doubt(tokenId: string): void {
    this.#forgets += 1;
    this.#verifications.doubt(tokenId, this.#now());
  }

  async #ask(token: string): Promise<VerifiedToken | null> {
    this.#rootDigest ??= await digestOf(this.#rootToken);
    if (sameDigest(await digestOf(token), this.#rootDigest)) {
      this.#verifications.storePermanently(token, ROOT);
      return ROOT;
    }
    const parts = readTokenText(token);
    if (parts === undefined) return null;
    const digest = await secretDigest(parts.secret);
    // Another request with this token may have been answered while the digests were computed.
    const known = this.#verifications.find(token, this.#now());
    if (known !== undefined) return known;
    const forgets = this.#forgets;
    const verification = async (): Promise<VerifiedToken | null> => {
      const askedAt = this.#now();
      const result = this.#unexpired(await this.#directory.verify(parts.id, digest));
      if (forgets === this.#forgets) this.#verifications.keep(token, result, askedAt);
      return result;
    };
    const lastKnown = this.#verifications.lastKnown(token, this.#now());
    return this.#unexpired(
      await this.#askDirectory(() => this.#calls.call(`${forgets} ${token}`, verification), lastKnown),
    );
  }

  /** Treats a token as ended as soon as either clock says so, because this one may differ a little from the directory's. */
  #unexpired(result: VerifiedToken | null): VerifiedToken | null {
    return result?.expiresAt !== undefined && result.expiresAt <= this.#now() ? null : result;
  }
}

/** An answer about a token, and the time of the query, in milliseconds since the epoch. */
interface Verification<Result> {
  result: Result;
  askedAt: number;
}

/**
 * Cache of the latest answers about tokens, keyed by their text, so that a known token costs a look-up and no digest. The
 * look-up compares randomly seeded hashes before text, so its time does not reveal how much of a guess was right.
 *
 * Valid and invalid tokens are stored separately, so that a thousand guesses evict only other guesses.
 */
export class Verifications {
  readonly #valid = new LRUCache<string, Verification<VerifiedToken>>(countBound(VERIFICATIONS_MAX_COUNT));
  readonly #invalid = new LRUCache<string, Verification<null>>(countBound(VERIFICATIONS_MAX_COUNT));

  /** Returns the cached answer; null if the token is not valid, undefined if the directory must be queried. */
  find(token: string, now: number): VerifiedToken | null | undefined {
    const found = this.#valid.get(token) ?? this.#invalid.get(token);
    if (found === undefined) return undefined;
    // An expiry is final: an answer that contains one stays true, however old it is.
    if (found.result?.expiresAt !== undefined && found.result.expiresAt <= now) return null;
    return now - found.askedAt < VERIFICATION_MAX_AGE_MS ? found.result : undefined;
  }

  /** Returns the last answer about a valid token if it is less than 10 minutes old; undefined otherwise. */
  lastKnown(token: string, now: number): VerifiedToken | undefined {
    const found = this.#valid.get(token);
    return found !== undefined && now - found.askedAt < LAST_KNOWN_MAX_AGE_MS ? found.result : undefined;
  }

  /**
   * Caches an answer of the directory, unless the answer to a later query is cached already.
   *
   * @param askedAt Time of the query, in milliseconds since the epoch. The answer was true then, and may be stale since.
   */
  keep(token: string, result: VerifiedToken | null, askedAt: number): void {
    const known = this.#valid.get(token) ?? this.#invalid.get(token);
    if (known !== undefined && known.askedAt > askedAt) return;
    this.#valid.delete(token);
    this.#invalid.delete(token);
    if (result === null) this.#invalid.set(token, { result, askedAt });
    else this.#valid.set(token, { result, askedAt });
  }

  /** Drops the answers about all valid secrets of a token. */
  forget(tokenId: string): void {
    // Copied, because an iterator of the cache is not specified to survive a deletion.
    for (const [token, { result }] of [...this.#valid]) if (dependsOn(result, tokenId)) this.#valid.delete(token);
  }

  /** Expires the answers about all valid secrets of a token. They remain as last known ones until new answers arrive. */
  doubt(tokenId: string, now: number): void {
    for (const verification of this.#valid.values()) {
      if (!dependsOn(verification.result, tokenId)) continue;
      verification.askedAt = Math.min(verification.askedAt, now - VERIFICATION_MAX_AGE_MS);
    }
  }

  /** Caches an answer that does not change during the life of this isolate. */
  storePermanently(token: string, result: VerifiedToken): void {
    this.#valid.set(token, { result, askedAt: Number.POSITIVE_INFINITY });
  }
}

/** Reports whether a token ends with another: it is that token, or a ticket of that token was redeemed for it. */
const dependsOn = (result: VerifiedToken, tokenId: string): boolean =>
  result.tokenId === tokenId || result.redeemedId === tokenId;

/** The root token. */
export const ROOT: VerifiedToken = {
  tokenId: 'root',
  grants: [{ scope: 'admin', ns: ALL_NAMESPACES }],
  pathWrite: false,
};
