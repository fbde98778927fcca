import type { AuditEnd, AuditNote, AuditTrail } from './audit';
import type { Principal } from './grant';
import type {
  NamespaceDefinition,
  NamespaceList,
  NamespacePatch,
  NamespaceSettings,
  NamespaceView,
  Placement,
} from './namespace';
import type { IssuedToken, OwnToken, RedeemedToken, Ticket, TokenList, TokenRequest, TokenRotation } from './token';

/** A caller of the directory and its address. The directory authorizes: only it maps the id of a token to its grants. */
export interface DirectoryCaller {
  principal: Principal;
  address?: string | undefined;
}

/** Parameters of a page of a list. */
export interface Page {
  limit?: number | undefined;
  /** The `next` of the previous page. */
  after?: string | undefined;
}

/** A token as the directory verified it. A surface may cache it for `VERIFICATION_MAX_AGE_MS`. */
export interface VerifiedToken extends Principal {
  pathWrite: boolean;
}

/** Location of a namespace. */
export interface NamespaceEntry {
  placement?: Placement | undefined;
}

/** The first namespaces by id. */
export interface FirstNamespaces {
  namespaces: (NamespaceEntry & { id: string })[];
  /** Number of all namespaces. */
  count: number;
}

/**
 * Queries the directory before a request is admitted.
 *
 * @param lastKnown The answer to fall back on while the directory can't be reached; undefined if there is none.
 * @throws {RegistryError} `UNAVAILABLE` if the directory can't be reached and there is no `lastKnown`. Refusals of the
 * directory are passed on.
 */
export type AskDirectory = <T>(question: () => Promise<T>, lastKnown?: T) => Promise<T>;

/**
 * Operations of the directory: namespaces, tokens, tickets and the audit trail. There is one directory. A change is
 * durable, and recorded in the audit trail, before its response is sent.
 *
 * All methods throw {@link RegistryError}: `FORBIDDEN` if the caller lacks permission, `NAMESPACE_NOT_FOUND`,
 * `TOKEN_NOT_FOUND`, `LIMIT_EXCEEDED`, and `UNAVAILABLE` if the directory can't be reached.
 */
export interface DirectoryApi {
  /**
   * Creates a namespace. Needs `admin` on all namespaces. Repeating the same definition changes nothing; a different one
   * with that id is a `CONFLICT`.
   */
  createNamespace(
    caller: DirectoryCaller,
    definition: NamespaceDefinition,
  ): Promise<{ created: boolean; view: NamespaceView }>;
  /** Lists the namespaces on which the caller has a grant other than `metrics`, sorted by id. */
  listNamespaces(caller: DirectoryCaller, page: Page): Promise<NamespaceList>;
  /** Needs a grant on the namespace other than `metrics`. */
  readNamespace(caller: DirectoryCaller, id: string): Promise<NamespaceView>;
  /** Needs `admin` on the namespace. */
  patchNamespace(caller: DirectoryCaller, id: string, patch: NamespacePatch): Promise<NamespaceView>;
  /**
   * Removes a namespace. Needs `admin` on all namespaces. Succeeds if the namespace does not exist. `CONFLICT` for
   * `public`, and for a namespace that is not empty, unless `force` erases its content too.
   */
  removeNamespace(caller: DirectoryCaller, id: string, force: boolean): Promise<void>;

  /** Needs `admin` on each namespace that the token gets a grant for. */
  createToken(caller: DirectoryCaller, request: TokenRequest): Promise<IssuedToken>;
  /** Returns the caller's own token. `UNAUTHENTICATED` if it has ended since it was verified. */
  readOwnToken(caller: DirectoryCaller): Promise<OwnToken>;
  /** Lists the tokens that the caller may manage, sorted by id. */
  listTokens(caller: DirectoryCaller, page: Page): Promise<TokenList>;
  /**
   * Revokes a token; it stops working everywhere within 30 s. Succeeds again for the token that revoked it.
   * `TOKEN_NOT_FOUND` also for a token that the caller may not manage. A token may revoke those that its tickets were
   * redeemed for, and such a token itself.
   */
  revokeToken(caller: DirectoryCaller, id: string): Promise<void>;
  /** Gives a token a new secret. `TOKEN_NOT_FOUND` also for a token that the caller may not manage. */
  rotateToken(caller: DirectoryCaller, id: string, rotation: TokenRotation): Promise<IssuedToken>;

  /** Creates a ticket that authenticates the caller once, within 30 s. */
  createTicket(caller: DirectoryCaller): Promise<Ticket>;
  /** Uses up a ticket and returns the token it was created with; null if it was used, has expired or never existed. */
  redeemTicket(ticket: string): Promise<VerifiedToken | null>;
  /**
   * Uses up a ticket and returns a token that replaces the one it was created with, for at most 12 hours; null as with
   * {@link redeemTicket}. `FORBIDDEN` for a ticket that was created with such a token, and `LIMIT_EXCEEDED`, leave the
   * ticket unused.
   */
  exchangeTicket(ticket: string, address?: string): Promise<RedeemedToken | null>;

  /**
   * Returns the token with this id and secret; null if there is none, or it is no longer valid.
   *
   * @param secretDigest SHA-256 of the secret, base64url.
   */
  verify(tokenId: string, secretDigest: string): Promise<VerifiedToken | null>;
  /** Returns those of the given tokens that are no longer valid, so that a namespace can close their sockets. */
  endedTokens(tokenIds: readonly string[]): Promise<string[]>;
  /** Returns the location of a namespace; null if it does not exist. */
  findNamespace(id: string): Promise<NamespaceEntry | null>;
  /** Returns the first namespaces by id, up to `limit`, and the number of all. */
  firstNamespaces(limit: number): Promise<FirstNamespaces>;

  /** Reads the audit trail, newest entry first. Needs `admin` on `ns`, or on all namespaces if it is absent. */
  readAudit(caller: DirectoryCaller, query: Page & { ns?: string | undefined }): Promise<AuditTrail>;
  beginAudit(note: AuditNote): Promise<number>;
  /** Records the outcome of an action. One that was refused or changed nothing leaves no entry. */
  endAudit(id: number, end: AuditEnd): Promise<void>;
}

/** How much a namespace holds. */
export interface NamespaceSize {
  instances: number;
  services: number;
  /** Absent in the answer of an earlier version. */
  entries?: number;
}

/** Calls of the directory to a namespace. Only the directory makes them; each may be repeated. */
export interface NamespaceControl {
  /**
   * Creates the namespace or changes its settings. Before that, and after `erase`, all its calls fail with
   * `NAMESPACE_NOT_FOUND`.
   */
  configure(settings: NamespaceSettings): Promise<void>;
  /** Returns how much the namespace holds, for the message that explains why it can't be deleted. */
  size(): Promise<NamespaceSize>;
  /**
   * Closes every socket and erases everything.
   *
   * @param options `onlyIfEmpty`: only if the namespace holds no instance, no service and no entry; check and erasure are one step.
   * @returns Whether the namespace was erased.
   */
  erase(options: { onlyIfEmpty: boolean }): Promise<boolean>;
  /** Closes the sockets of ended tokens. Ends no session early: leases keep running from the last sign of life. */
  closeSocketsOf(tokenIds: readonly string[]): Promise<void>;
}
