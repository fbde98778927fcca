import type { AskDirectory, DirectoryApi, VerifiedToken } from '../model/directory-api';
import { RegistryError } from '../model/errors';
import {
  CREDENTIAL_MAX_CHARACTERS,
  ROOT_TOKEN_MIN_CHARACTERS,
  VERIFICATION_FOLLOW_MAX_MS,
  VERIFICATIONS_MAX_COUNT,
} from '../model/limits';
import { ROOT } from './principal';
import { digestOf, sameDigest } from './same-secret';
import { SharedCalls } from './shared-calls';
import { readTokenText, secretDigest } from './token-text';
import { Verifications } from './verifications';

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
