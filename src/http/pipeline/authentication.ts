import type { Authenticator } from '../../auth/authenticator';
import { type Credential, type CredentialPlaces, isForPaths, isTicket, type ReadCredential } from '../../auth/carriers';
import type { FailedLogins } from '../../auth/failed-logins';
import { readTokenText } from '../../auth/token-text';
import type { VerifiedToken } from '../../model/directory-api';
import { isRefusal, RegistryError } from '../../model/errors';
import type { Principal } from '../../model/grant';
import { RATE_REFUSAL_MAX_AGE_MS, RATE_REFUSALS_MAX_COUNT } from '../../model/limits';
import { type OriginSettings, originOf } from '../request/headers';
import { queryText } from '../request/request-target';
import type { IncomingRequest } from './request-context';

/** Places that a credential may be in. */
export interface CredentialSources extends Pick<IncomingRequest, 'request' | 'pathToken'> {
  /** Reads the form in the body, at a door whose clients may put a credential there; called only where there is no other. */
  form?: (() => Promise<string>) | undefined;
}

/** Dependencies and settings of {@link Authentication}. */
export interface AuthenticationOptions {
  authenticator: Authenticator;
  failedLogins: FailedLogins;
  /** Sources of a caller's address. */
  origins: OriginSettings;
  /** Fault in how the registry is set up: every request is refused with it. */
  fault?: RegistryError | undefined;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** The first of the five steps: lets a request in, or refuses it. */
export class Authentication {
  readonly #authenticator: Authenticator;
  readonly #failedLogins: FailedLogins;
  readonly #origins: OriginSettings;
  readonly #fault: RegistryError | undefined;
  readonly #rateRefusals: RateRefusals;

  constructor({ authenticator, failedLogins, origins, fault, now }: AuthenticationOptions) {
    this.#authenticator = authenticator;
    this.#failedLogins = failedLogins;
    this.#origins = origins;
    this.#fault = fault;
    this.#rateRefusals = new RateRefusals(now);
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
  authenticate(readCredential: ReadCredential, sources: CredentialSources): Principal | Promise<Principal> {
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

  /** @throws {RegistryError} `LIMIT_EXCEEDED`, as the token was refused by the namespace a moment ago. */
  assertWithinRate(tokenId: string, namespace: string): void {
    this.#rateRefusals.assertMayAsk(tokenId, namespace);
  }

  /** Takes note of a refusal by a namespace, where it is one that stands for whatever the token asks next. */
  noteRefusal(tokenId: string, namespace: string, error: unknown): void {
    this.#rateRefusals.note(tokenId, namespace, error);
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

  /** Source that failed logins are counted by: the address where it is known, else the id of the token that was tried. */
  #sourceOf(credential: Credential, request: Request): string {
    const { address } = originOf(request, this.#origins);
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

/** Refusal of a token, and until when it stands, in milliseconds since the epoch. */
interface Refusal {
  error: RegistryError;
  until: number;
}

/**
 * Tokens that were over their rate a moment ago. Whoever comes back at once, as a client in a tight loop does, is refused
 * at the door: asking the namespace again and again would cost its other clients nearly as much as answering.
 */
class RateRefusals {
  readonly #now: () => number;
  readonly #refused = new Map<string, Refusal>();

  /** @param now Milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws {RegistryError} What the token was told a moment ago. */
  assertMayAsk(tokenId: string, namespace: string): void {
    if (this.#refused.size === 0) return;
    const name = nameOf(tokenId, namespace);
    const refusal = this.#refused.get(name);
    if (refusal === undefined) return;
    const leftMs = refusal.until - this.#now();
    // A clock that was set back keeps no token out for longer.
    if (leftMs > 0 && leftMs <= RATE_REFUSAL_MAX_AGE_MS) throw refusal.error;
    this.#refused.delete(name);
  }

  /** Takes note of a refusal, where it is one that stands for whatever the token asks next. */
  note(tokenId: string, namespace: string, error: unknown): void {
    if (!(error instanceof RegistryError) || error.details.isOverRate !== true) return;
    const name = nameOf(tokenId, namespace);
    this.#refused.delete(name);
    this.#refused.set(name, { error, until: this.#now() + RATE_REFUSAL_MAX_AGE_MS });
    for (const oldest of this.#refused.keys()) {
      if (this.#refused.size <= RATE_REFUSALS_MAX_COUNT) break;
      this.#refused.delete(oldest);
    }
  }
}

const nameOf = (tokenId: string, namespace: string): string => `${tokenId} ${namespace}`;
