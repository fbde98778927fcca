import { RegistryError } from '../model/errors';
import type { Principal } from '../model/grant';
import { ROOT_TOKEN_MIN_CHARACTERS, VERIFIED_HEADERS_MAX_COUNT } from '../model/limits';
import { ROOT } from './principal';
import { digestOf, sameDigest } from './same-secret';

/** RFC 6750: the scheme in any case, one space or more, then the token. */
const BEARER = /^bearer +([\x21-\x7e]+) *$/i;

/** What a header can carry. A root token with a blank in it could never be sent. */
const PRINTABLE = /^[\x21-\x7e]+$/;

/**
 * Turns an `Authorization` header into a principal.
 *
 * A header that was right once is known by its text from then on, so that a request costs a look-up instead of a
 * digest. Wrong ones are never kept. The look-up compares hashes that are seeded at random before it compares text,
 * so its time tells nothing about how much of a guess was right.
 */
export class Authenticator {
  readonly #rootToken: string;
  readonly #verified = new Map<string, Principal>();
  #rootDigest: Uint8Array | undefined;

  /** @param rootToken Unset or too short: everything is refused with `NOT_CONFIGURED`. */
  constructor(rootToken: string | null | undefined) {
    this.#rootToken = rootToken ?? '';
  }

  /** @throws {RegistryError} `NOT_CONFIGURED` where no usable root token is set: the registry fails closed. */
  assertConfigured(): void {
    if (this.#rootToken.length >= ROOT_TOKEN_MIN_CHARACTERS && PRINTABLE.test(this.#rootToken)) return;
    throw new RegistryError(
      'NOT_CONFIGURED',
      `the registry has no usable root token; set the secret ROLLCALL_ROOT_TOKEN to ${ROOT_TOKEN_MIN_CHARACTERS} or more random letters, digits and signs`,
    );
  }

  /**
   * @param authorization The header's value; null where it is missing.
   * @returns At once for a header that was verified before.
   * @throws {RegistryError} `UNAUTHENTICATED`, and `NOT_CONFIGURED` where no usable root token is set.
   */
  authenticate(authorization: string | null): Principal | Promise<Principal> {
    if (authorization !== null) {
      const principal = this.#verified.get(authorization);
      if (principal !== undefined) return principal;
    }
    return this.#verify(authorization);
  }

  async #verify(authorization: string | null): Promise<Principal> {
    this.assertConfigured();
    if (authorization === null) {
      throw new RegistryError('UNAUTHENTICATED', 'this needs a token: send "Authorization: Bearer <token>"');
    }
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) {
      throw new RegistryError(
        'UNAUTHENTICATED',
        'the Authorization header is not "Bearer <token>", the only form that is taken here',
      );
    }
    this.#rootDigest ??= await digestOf(this.#rootToken);
    if (!sameDigest(await digestOf(token), this.#rootDigest)) {
      throw new RegistryError('UNAUTHENTICATED', 'the token is not valid');
    }
    // One token can be written in many ways (case of the scheme, spaces); a caller that tries them all gains nothing.
    if (this.#verified.size >= VERIFIED_HEADERS_MAX_COUNT) this.#verified.clear();
    this.#verified.set(authorization, ROOT);
    return ROOT;
  }
}
