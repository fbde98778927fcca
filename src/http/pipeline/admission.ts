import type { Authenticator } from '../../auth/authenticator';
import { type Credential, type CredentialPlaces, isForPaths, isTicket, type ReadCredential } from '../../auth/carriers';
import type { FailedLogins } from '../../auth/failed-logins';
import { readTokenText } from '../../auth/token-text';
import type { VerifiedToken } from '../../model/directory-api';
import { isRefusal, RegistryError } from '../../model/errors';
import type { Principal } from '../../model/grant';
import type { IncomingRequest } from '../request/incoming-request';
import { originOf } from '../request/origin';
import { queryText } from '../request/request-target';

/** What a credential may stand in. */
export interface CredentialSources extends Pick<IncomingRequest, 'request' | 'pathToken'> {
  /** Reads the form in the body, at a door whose clients may put a credential there; called only where there is no other. */
  form?: (() => Promise<string>) | undefined;
}

/** What somebody is let in by. */
export interface AdmissionOptions {
  authenticator: Authenticator;
  failedLogins: FailedLogins;
  /** True: the last entry of `X-Forwarded-For` is the caller's address. */
  trustedProxy: boolean;
  /** What is wrong with how the registry is set up: everybody is told, and nobody let in. */
  fault?: RegistryError | undefined;
}

/** The first of the five steps: lets somebody in, or says why not. */
export class Admission {
  readonly #authenticator: Authenticator;
  readonly #failedLogins: FailedLogins;
  readonly #trustedProxy: boolean;
  readonly #fault: RegistryError | undefined;

  constructor({ authenticator, failedLogins, trustedProxy, fault }: AdmissionOptions) {
    this.#authenticator = authenticator;
    this.#failedLogins = failedLogins;
    this.#trustedProxy = trustedProxy;
    this.#fault = fault;
  }

  /** @throws {RegistryError} `NOT_CONFIGURED`. */
  assertConfigured(): void {
    if (this.#fault !== undefined) throw this.#fault;
    this.#authenticator.assertConfigured();
  }

  /**
   * Authenticates a request, by its headers, path and query. Only where there is no credential at all is the form looked
   * at: a wrong one is refused with the body unread.
   *
   * @param readCredential That of the door it comes to.
   * @returns At once for a token that is remembered.
   * @throws {RegistryError} `UNAUTHENTICATED`, `LIMIT_EXCEEDED` after too many wrong tokens from the same source,
   * `UNAVAILABLE` where that can't be told now, `NOT_CONFIGURED`.
   */
  admit(readCredential: ReadCredential, sources: CredentialSources): Principal | Promise<Principal> {
    this.assertConfigured();
    const { request, form } = sources;
    const credential = readCredential(placesIn(sources, () => queryText(request.url)));
    if (credential !== undefined) return this.#verified(credential, request);
    if (form === undefined) throw missingCredential();
    return form().then((text) => {
      const inForm = readCredential(placesIn(sources, () => text));
      if (inForm === undefined) throw missingCredential();
      return this.#verified(inForm, request);
    });
  }

  /**
   * Refuses a request whose form brings another credential than the one that it was admitted by.
   *
   * @throws {RegistryError} `UNAUTHENTICATED`.
   */
  assertOneCredential(readCredential: ReadCredential, sources: CredentialSources, form: string): void {
    if (form !== '') readCredential(placesIn(sources, () => `${queryText(sources.request.url)}&${form}`));
  }

  #verified(credential: Credential, request: Request): Principal | Promise<Principal> {
    const { text } = credential;
    const who = isTicket(credential) ? this.#authenticator.redeem(text) : this.#authenticator.verify(text);
    if (who instanceof Promise) {
      return who.then((found) => this.#admitted(found, credential, request));
    }
    return this.#admitted(who, credential, request);
  }

  /**
   * Waits for a change that ends secrets of a token, and forgets them here. Where it may have happened or not, they are
   * only doubted: any token can ask for the end of any other, and while the directory is lost must not end it by that.
   */
  async endingSecrets<T>(tokenId: string, change: Promise<T>): Promise<T> {
    try {
      const changed = await change;
      this.#authenticator.forget(tokenId);
      return changed;
    } catch (error) {
      if (!isRefusal(error)) this.#authenticator.doubt(tokenId);
      throw error;
    }
  }

  #admitted(who: VerifiedToken | null, credential: Credential, request: Request): Principal {
    if (who === null) throw this.#failedLogins.refusal(this.#sourceOf(credential, request));
    if (credential.carrier !== 'path' || isForPaths(who)) return who;
    throw new RegistryError(
      'UNAUTHENTICATED',
      'this token can do more than read, and is not taken from a path, where proxies log it: replace it, and send the new one in the Authorization header',
    );
  }

  /** What failed logins are counted by: the address where it is known, else the id of the token that was tried. */
  #sourceOf(credential: Credential, request: Request): string {
    const { address } = originOf(request, this.#trustedProxy);
    if (address !== undefined) return `address ${address}`;
    return isTicket(credential) ? 'any ticket' : `token ${readTokenText(credential.text)?.id ?? 'of no form'}`;
  }
}

const placesIn = ({ request, pathToken }: CredentialSources, parameters: () => string): CredentialPlaces => ({
  headers: request.headers,
  parameters,
  pathToken,
});

const missingCredential = (): RegistryError =>
  new RegistryError('UNAUTHENTICATED', 'this needs a token: send "Authorization: Bearer <token>"');
