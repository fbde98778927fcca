import { LRUCache } from 'lru-cache';
import type { Authenticator } from '../../auth/authenticator';
import { type Credential, type CredentialPlaces, isForPaths, isTicket, type ReadCredential } from '../../auth/carriers';
import type { FailedLogins } from '../../auth/failed-logins';
import { readTokenText } from '../../auth/token-text';
import { countBound } from '../../model/cache-bound';
import type { VerifiedToken } from '../../model/directory-api';
import { isRefusal, RegistryError } from '../../model/errors';
import type { Principal } from '../../model/grant';
import { RATE_REFUSAL_MAX_AGE_MS, RATE_REFUSALS_MAX_COUNT } from '../../model/limits';
import { type OriginSettings, originOf } from '../request/headers';
import { queryText } from '../request/request-target';
import type { IncomingRequest } from './request-context';

/** Parts of a request that may carry a credential. */
export interface CredentialSources extends Pick<IncomingRequest, 'request' | 'received' | 'pathToken'> {
  /** Reads the form in the body, if clients may send a credential there; called only if no other part has one. */
  form?: (() => Promise<string>) | undefined;
}

/** Dependencies and settings of {@link Authentication}. */
export interface AuthenticationOptions {
  authenticator: Authenticator;
  failedLogins: FailedLogins;
  /** Settings for finding the address of a caller. */
  origins: OriginSettings;
  /** Configuration error; every request is refused with it. */
  fault?: RegistryError | undefined;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Authenticates requests: the first of the five steps. */
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
   * Authenticates a request by its headers, path and query. The form is read only if none of them has a credential: a
   * wrong credential is refused without reading the body.
   *
   * @param readCredential Credential reader of the API that received the request.
   * @returns The principal, without a promise if the token is cached.
   * @throws {RegistryError} `UNAUTHENTICATED`, `LIMIT_EXCEEDED` after too many wrong tokens from the same source,
   * `UNAVAILABLE` if the token cannot be verified now, `NOT_CONFIGURED`.
   */
  authenticate(readCredential: ReadCredential, sources: CredentialSources): Principal | Promise<Principal> {
    this.assertConfigured();
    const { request, received, form } = sources;
    const credential = readCredential(placesIn(sources, () => queryText(request.url)));
    if (credential !== undefined) return this.#verified(credential, received);
    if (form === undefined) throw missingCredential();
    return form().then((text) => {
      const inForm = readCredential(placesIn(sources, () => text));
      if (inForm === undefined) throw missingCredential();
      return this.#verified(inForm, received);
    });
  }

  /**
   * Verifies the token of a client of another protocol, without a promise if the token is cached.
   *
   * @param address Address of the client, by which wrong tokens are counted.
   * @throws {RegistryError} `UNAUTHENTICATED`, `LIMIT_EXCEEDED`, `UNAVAILABLE`, `NOT_CONFIGURED`.
   */
  verifyToken(token: string, address: string): Principal | Promise<Principal> {
    this.assertConfigured();
    const admitted = (verified: VerifiedToken | null): Principal => {
      if (verified === null) throw this.#failedLogins.refusal(`address ${address}`);
      return verified;
    };
    const verified = this.#authenticator.verify(token);
    return verified instanceof Promise ? verified.then(admitted) : admitted(verified);
  }

  /**
   * Refuses a request whose form has another credential than the one that authenticated it.
   *
   * @throws {RegistryError} `UNAUTHENTICATED`.
   */
  assertOneCredential(readCredential: ReadCredential, sources: CredentialSources, form: string): void {
    if (form !== '') readCredential(placesIn(sources, () => `${queryText(sources.request.url)}&${form}`));
  }

  /**
   * Authenticates a login whose body has a token as its password.
   *
   * @throws {RegistryError} As {@link authenticate}.
   */
  async login(password: string, received: Request): Promise<Principal> {
    this.assertConfigured();
    return this.#verified({ carrier: 'password-parameter', text: password }, received);
  }

  /** @throws {RegistryError} `LIMIT_EXCEEDED` if the namespace has just refused the token for its rate. */
  assertWithinRate(tokenId: string, namespace: string): void {
    this.#rateRefusals.assertMayAsk(tokenId, namespace);
  }

  /** Records an error of a namespace if it also applies to the token's next requests: one over the rate. */
  noteRefusal(tokenId: string, namespace: string, error: unknown): void {
    this.#rateRefusals.note(tokenId, namespace, error);
  }

  #verified(credential: Credential, received: Request): Principal | Promise<Principal> {
    const { text } = credential;
    const verified = isTicket(credential) ? this.#authenticator.redeem(text) : this.#authenticator.verify(text);
    if (verified instanceof Promise) {
      return verified.then((found) => this.#admitted(found, credential, received));
    }
    return this.#admitted(verified, credential, received);
  }

  /**
   * Waits for a change that revokes secrets of a token, then drops them from the cache. If the outcome is unknown, they
   * are only marked as doubtful: any token can request the revocation of any other, and must not achieve it just because
   * the directory is unreachable.
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

  /**
   * Returns what a ticket in a body was exchanged for.
   *
   * @param exchange Gets the address of the sender, if it is known; resolves to null if the ticket is not valid.
   * @throws {RegistryError} `UNAUTHENTICATED`, or `LIMIT_EXCEEDED` after too many wrong credentials from the same source.
   */
  async exchanged<T>(received: Request, exchange: (address: string | undefined) => Promise<T | null>): Promise<T> {
    const { address } = originOf(received, this.#origins);
    const outcome = await exchange(address);
    if (outcome === null) throw this.#failedLogins.refusal(address === undefined ? ANY_TICKET : `address ${address}`);
    return outcome;
  }

  #admitted(verified: VerifiedToken | null, credential: Credential, received: Request): Principal {
    if (verified === null) throw this.#failedLogins.refusal(this.#sourceOf(credential, received));
    if (credential.carrier !== 'path' || isForPaths(verified)) return verified;
    throw new RegistryError(
      'UNAUTHENTICATED',
      'this token can do more than read, so it is not accepted in a path, where proxies log it: replace the token, and send the new one in the Authorization header',
    );
  }

  /** Returns the key that failed logins are counted by: the address if it is known, otherwise the id in the token. */
  #sourceOf(credential: Credential, received: Request): string {
    const { address } = originOf(received, this.#origins);
    if (address !== undefined) return `address ${address}`;
    return isTicket(credential) ? ANY_TICKET : `token ${readTokenText(credential.text)?.id ?? 'of no form'}`;
  }
}

/** Source of failed logins with tickets, if the address is unknown. */
const ANY_TICKET = 'any ticket';

const placesIn = ({ request, pathToken }: CredentialSources, parameters: () => string): CredentialPlaces => ({
  headers: request.headers,
  parameters,
  pathToken,
});

const missingCredential = (): RegistryError =>
  new RegistryError('UNAUTHENTICATED', 'this needs a token: send "Authorization: Bearer <token>"');

/** Refusal of a token, valid until a time in milliseconds since the epoch. */
interface Refusal {
  error: RegistryError;
  until: number;
}

/**
 * Tokens that were over their rate a moment ago. A client that retries in a tight loop is refused here: asking the
 * namespace each time would cost its other clients nearly as much as answering.
 */
class RateRefusals {
  readonly #now: () => number;
  readonly #refused = new LRUCache<string, Refusal>(countBound(RATE_REFUSALS_MAX_COUNT));

  /** @param now Milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws {RegistryError} The error that the token got a moment ago. */
  assertMayAsk(tokenId: string, namespace: string): void {
    if (this.#refused.size === 0) return;
    const name = nameOf(tokenId, namespace);
    const refusal = this.#refused.get(name);
    if (refusal === undefined) return;
    const leftMs = refusal.until - this.#now();
    // The upper bound keeps a clock that was set back from extending a refusal.
    if (leftMs > 0 && leftMs <= RATE_REFUSAL_MAX_AGE_MS) throw refusal.error;
    this.#refused.delete(name);
  }

  /** Records an error if it also applies to the token's next requests. */
  note(tokenId: string, namespace: string, error: unknown): void {
    if (!(error instanceof RegistryError) || error.details.isOverRate !== true) return;
    this.#refused.set(nameOf(tokenId, namespace), { error, until: this.#now() + RATE_REFUSAL_MAX_AGE_MS });
  }
}

const nameOf = (tokenId: string, namespace: string): string => `${tokenId} ${namespace}`;
