import type { Authenticator } from '../auth/authenticator';
import { type Carrier, type Credential, credentialOf, isForPaths, isTicket } from '../auth/carriers';
import type { FailedLogins } from '../auth/failed-logins';
import { readTokenText } from '../auth/token-text';
import type { VerifiedToken } from '../model/directory-api';
import { RegistryError } from '../model/errors';
import type { Principal } from '../model/grant';
import { whatDirectorySays } from './deadline';
import { originOf } from './origin';
import { queryText } from './request-target';
import type { RequestRecord } from './telemetry/request-record';

/** What is known of a request before it is routed. */
export interface BeforeRouting {
  /** That of the request. Asked for once, as the platform makes a new text each time. */
  url: string;
  /** What it is routed by, as it was sent. */
  path: string;
  /** What is told of it once it is answered. */
  record: RequestRecord;
  /** The token that its path began with, and has lost. */
  pathToken?: string | undefined;
  /** The namespace that it began with then, and has lost: only on the way to a dialect. */
  namespace?: string | undefined;
}

/** What a credential may stand in, beside the request itself. */
export interface CredentialSources extends Pick<BeforeRouting, 'pathToken'> {
  /** The form in the body, at a door that reads one. */
  form?: string | undefined;
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
   * Who sends a request.
   *
   * @returns At once for a token that is remembered.
   * @throws {RegistryError} `UNAUTHENTICATED`, `LIMIT_EXCEEDED` after too many wrong tokens from the same source,
   * `UNAVAILABLE` where that can't be told now, `NOT_CONFIGURED`.
   */
  admit(
    carriers: readonly Carrier[],
    request: Request,
    { pathToken, form }: CredentialSources,
  ): Principal | Promise<Principal> {
    this.assertConfigured();
    const parameters = () => (form ? `${queryText(request.url)}&${form}` : queryText(request.url));
    const credential = credentialOf(carriers, request.headers, parameters, pathToken);
    const { text } = credential;
    const who = isTicket(credential) ? this.#authenticator.redeem(text) : this.#authenticator.verify(text);
    if (who instanceof Promise) {
      return whatDirectorySays(who).then((found) => this.#admitted(found, credential, request));
    }
    return this.#admitted(who, credential, request);
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
