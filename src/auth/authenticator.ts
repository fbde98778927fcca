import type { AskDirectory, DirectoryApi, VerifiedToken } from '../model/directory-api';
import { RegistryError } from '../model/errors';
import { ALL_NAMESPACES } from '../model/grant';
import {
  CREDENTIAL_MAX_CHARACTERS,
  LAST_KNOWN_MAX_AGE_MS,
  ROOT_TOKEN_MIN_CHARACTERS,
  VERIFICATION_FOLLOW_MAX_MS,
  VERIFICATION_MAX_AGE_MS,
  VERIFICATIONS_MAX_COUNT,
} from '../model/limits';
import { SharedCalls } from './shared-calls';
import { digestOf, readTokenText, sameDigest, secretDigest } from './token-text';

/** What a header can carry. A root token with a blank in it could never be sent. */
const PRINTABLE = /^[\x21-\x7e]+$/;

/** What tokens are verified with. */
export interface AuthenticatorOptions {
  /** Unset, too short or too long: everything is refused with `NOT_CONFIGURED`. */
  rootToken: string | null | undefined;
  directory: Pick<DirectoryApi, 'verify' | 'redeemTicket'>;
  askDirectory: AskDirectory;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * Tells whom a token or a ticket stands for.
 *
 * Each token that is not remembered takes the same steps, whether or not there is one of its id: a digest of the whole,
 * compared with root's in constant time, a digest of its secret, and one call to the directory. So the time of an
 * answer shows nothing about which ids there are. Root works without the directory. An answer of the directory is believed
 * for 30 s; while it can't be reached, the last known one of a good token holds for 10 minutes, and everything else is
 * refused (design/decisions/0024-lost-directory.md).
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
  /** How often a token was forgotten or doubted: what was asked before may be true no longer. */
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

  /** @throws {RegistryError} `NOT_CONFIGURED` where no usable root token is set: the registry fails closed. */
  assertConfigured(): void {
    if (this.#isConfigured) return;
    throw new RegistryError(
      'NOT_CONFIGURED',
      `the registry has no usable root token; set the secret ROLLCALL_ROOT_TOKEN to ${ROOT_TOKEN_MIN_CHARACTERS} or more random letters, digits and signs`,
    );
  }

  /**
   * Returns who a token stands for; null where it is wrong.
   *
   * @returns At once for a token that is remembered.
   * @throws {RegistryError} `UNAVAILABLE` where the directory has to be asked, can't be reached, and nothing is known
   * from before; `NOT_CONFIGURED`.
   */
  verify(token: string): VerifiedToken | null | Promise<VerifiedToken | null> {
    const known = this.#verifications.find(token, this.#now());
    if (known !== undefined) return known;
    this.assertConfigured();
    // Nothing is done with what is too long, not even a digest.
    return token.length > CREDENTIAL_MAX_CHARACTERS ? null : this.#ask(token);
  }

  /**
   * Whom a ticket stands for; null where it is wrong, or was used already. Neither is remembered: it is good once.
   *
   * @throws {RegistryError} `UNAVAILABLE`, `NOT_CONFIGURED`.
   */
  async redeem(ticket: string): Promise<VerifiedToken | null> {
    this.assertConfigured();
    if (ticket === '' || ticket.length > CREDENTIAL_MAX_CHARACTERS) return null;
    return this.#stillGood(await this.#askDirectory(() => this.#directory.redeemTicket(ticket)));
  }

  /** Forgets who a token stood for: it was revoked or rotated here, and the next request that shows it asks anew. */
  forget(tokenId: string): void {
    this.#forgets += 1;
    this.#verifications.forget(tokenId);
  }

  /** Asks anew who a token stands for: it may have been revoked or rotated here. */
  doubt(tokenId: string): void {
    this.#forgets += 1;
    this.#verifications.doubt(tokenId, this.#now());
  }

  async #ask(token: string): Promise<VerifiedToken | null> {
    this.#rootDigest ??= await digestOf(this.#rootToken);
    if (sameDigest(await digestOf(token), this.#rootDigest)) {
      this.#verifications.keepForGood(token, ROOT);
      return ROOT;
    }
    const parts = readTokenText(token);
    if (parts === undefined) return null;
    const digest = await secretDigest(parts.secret);
    // Another request may have been faster to make its digests, and been answered already.
    const known = this.#verifications.find(token, this.#now());
    if (known !== undefined) return known;
    const forgets = this.#forgets;
    const verification = async (): Promise<VerifiedToken | null> => {
      const askedAt = this.#now();
      const who = this.#stillGood(await this.#directory.verify(parts.id, digest));
      if (forgets === this.#forgets) this.#verifications.keep(token, who, askedAt);
      return who;
    };
    const lastKnown = this.#verifications.lastKnown(token, this.#now());
    return this.#stillGood(
      await this.#askDirectory(() => this.#calls.call(`${forgets} ${token}`, verification), lastKnown),
    );
  }

  /** The directory's clock and this one may differ by a little: whoever is first to say that a token has ended is right. */
  #stillGood(who: VerifiedToken | null): VerifiedToken | null {
    return who?.expiresAt !== undefined && who.expiresAt <= this.#now() ? null : who;
  }
}

/** An answer about a token, and when the directory was asked, in milliseconds since the epoch. */
interface Verification<Who> {
  who: Who;
  askedAt: number;
}

/**
 * The latest answers about tokens, by their text, so that a known one costs a look-up and no digest. The look-up
 * compares hashes that are seeded at random before it compares text, so its time shows nothing about how much of a
 * guess was right.
 *
 * Good and wrong tokens have room of their own: a thousand guesses push out guesses, and no token.
 */
export class Verifications {
  readonly #good = new Map<string, Verification<VerifiedToken>>();
  readonly #bad = new Map<string, Verification<null>>();

  /** Returns who a token stands for; null where it was found to be wrong, undefined where the directory has to be asked. */
  find(token: string, now: number): VerifiedToken | null | undefined {
    const found = this.#good.get(token) ?? this.#bad.get(token);
    if (found === undefined) return undefined;
    // An end is final: however old the answer is that named it, no other one can follow.
    if (found.who?.expiresAt !== undefined && found.who.expiresAt <= now) return null;
    return now - found.askedAt < VERIFICATION_MAX_AGE_MS ? found.who : undefined;
  }

  /** Returns who a token stood for when the directory was last asked, in the last 10 minutes; undefined where it was wrong. */
  lastKnown(token: string, now: number): VerifiedToken | undefined {
    const found = this.#good.get(token);
    return found !== undefined && now - found.askedAt < LAST_KNOWN_MAX_AGE_MS ? found.who : undefined;
  }

  /**
   * Remembers an answer of the directory, unless a later question has been answered already.
   *
   * @param askedAt When it was asked, in milliseconds since the epoch: the answer was true then, and perhaps not since.
   */
  keep(token: string, who: VerifiedToken | null, askedAt: number): void {
    const known = this.#good.get(token) ?? this.#bad.get(token);
    if (known !== undefined && known.askedAt > askedAt) return;
    this.#good.delete(token);
    this.#bad.delete(token);
    if (who === null) put(this.#bad, token, { who, askedAt });
    else put(this.#good, token, { who, askedAt });
  }

  /** Forgets all good secrets of a token, by its id. */
  forget(tokenId: string): void {
    for (const [token, { who }] of this.#good) if (who.tokenId === tokenId) this.#good.delete(token);
  }

  /** Has the directory asked anew about all good secrets of a token; until it answers, they are what was last known. */
  doubt(tokenId: string, now: number): void {
    for (const verification of this.#good.values()) {
      if (verification.who.tokenId !== tokenId) continue;
      verification.askedAt = Math.min(verification.askedAt, now - VERIFICATION_MAX_AGE_MS);
    }
  }

  /** Remembers what does not change for as long as this isolate lives. */
  keepForGood(token: string, who: VerifiedToken): void {
    put(this.#good, token, { who, askedAt: Number.POSITIVE_INFINITY });
  }
}

function put<Who>(memory: Map<string, Verification<Who>>, token: string, verification: Verification<Who>): void {
  memory.delete(token);
  memory.set(token, verification);
  for (const oldest of memory.keys()) {
    if (memory.size <= VERIFICATIONS_MAX_COUNT) break;
    memory.delete(oldest);
  }
}

/** Whoever holds the root token. */
export const ROOT: VerifiedToken = {
  tokenId: 'root',
  grants: [{ scope: 'admin', ns: ALL_NAMESPACES }],
  pathWrite: false,
};
