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
import type { IssuedToken, Ticket, TokenList, TokenRequest, TokenRotation } from './token';

/** Who asks the directory, and from where. The directory authorizes: only it knows what a token's id stands for. */
export interface DirectoryCaller {
  principal: Principal;
  address?: string | undefined;
}

/** One page of a list. */
export interface Page {
  limit?: number | undefined;
  /** `next` of the page before. */
  after?: string | undefined;
}

/** What a token stands for, for as long as a surface may remember it. */
export interface VerifiedToken extends Principal {
  pathWrite: boolean;
}

/** How a namespace is reached. */
export interface NamespaceEntry {
  placement?: Placement | undefined;
}

/**
 * Puts a question to the directory before a request is let in.
 *
 * @param lastKnown The answer to fall back on while the directory can't be reached; undefined where there is none.
 * @throws {RegistryError} `UNAVAILABLE` where the directory can't be reached and nothing is known; refusals of the
 * directory as they are.
 */
export type AskDirectory = <T>(question: () => Promise<T>, lastKnown?: T) => Promise<T>;

/**
 * Everything that can be asked of the directory: namespaces, tokens, tickets and the audit trail. There is one
 * directory. What changes something is durable, and written in the audit trail, before it is answered.
 *
 * All throw {@link RegistryError}: `FORBIDDEN` where the caller may not, `NAMESPACE_NOT_FOUND`, `TOKEN_NOT_FOUND`,
 * `LIMIT_EXCEEDED`, and `UNAVAILABLE` where the directory can't be reached.
 */
export interface DirectoryApi {
  /** Needs `admin` on all namespaces. The same definition again changes nothing; another one of that id is `CONFLICT`. */
  createNamespace(
    caller: DirectoryCaller,
    definition: NamespaceDefinition,
  ): Promise<{ created: boolean; view: NamespaceView }>;
  /** Those on which the caller has any grant but one for metrics, by id. */
  listNamespaces(caller: DirectoryCaller, page: Page): Promise<NamespaceList>;
  /** Needs any grant on it but one for metrics. */
  readNamespace(caller: DirectoryCaller, id: string): Promise<NamespaceView>;
  /** Needs `admin` on it. */
  patchNamespace(caller: DirectoryCaller, id: string, patch: NamespacePatch): Promise<NamespaceView>;
  /**
   * Needs `admin` on all namespaces. Succeeds where there is none. `CONFLICT` for `public`, and while it holds
   * anything, unless `force` erases that with it.
   */
  removeNamespace(caller: DirectoryCaller, id: string, force: boolean): Promise<void>;

  /** Needs `admin` wherever the token shall be good for anything. */
  createToken(caller: DirectoryCaller, request: TokenRequest): Promise<IssuedToken>;
  /** Those that the caller could have made, by id. */
  listTokens(caller: DirectoryCaller, page: Page): Promise<TokenList>;
  /**
   * Ends a token, everywhere within 30 s. Succeeds again for the token that revoked it. `TOKEN_NOT_FOUND` also for one that
   * the caller could not have made.
   */
  revokeToken(caller: DirectoryCaller, id: string): Promise<void>;
  /** Gives a token a new secret. `TOKEN_NOT_FOUND` also for one that the caller could not have made. */
  rotateToken(caller: DirectoryCaller, id: string, rotation: TokenRotation): Promise<IssuedToken>;

  /** A ticket that stands for the caller once, for 30 s. */
  createTicket(caller: DirectoryCaller): Promise<Ticket>;
  /** Whom a ticket stands for, this once; null where it was used, has ended or never was. */
  redeemTicket(ticket: string): Promise<VerifiedToken | null>;

  /**
   * What a token stands for; null where it is not, or no longer, a token with that secret.
   *
   * @param secretDigest SHA-256 of the secret, base64url.
   */
  verify(tokenId: string, secretDigest: string): Promise<VerifiedToken | null>;
  /** Which of these tokens are no longer good, for those who hold sockets of theirs. */
  endedTokens(tokenIds: readonly string[]): Promise<string[]>;
  /** How a namespace is reached; null where there is none. */
  findNamespace(id: string): Promise<NamespaceEntry | null>;

  /** Needs `admin` on the namespace that is asked for, or on all. Newest first. */
  readAudit(caller: DirectoryCaller, query: Page & { ns?: string | undefined }): Promise<AuditTrail>;
  beginAudit(note: AuditNote): Promise<number>;
  /** Reports how an act has ended. One that was refused or changed nothing leaves no entry. */
  endAudit(id: number, end: AuditEnd): Promise<void>;
}

/**
 * What the directory tells a namespace. Nobody else may; each call may come twice.
 */
export interface NamespaceControl {
  /** Makes the namespace be, or changes its settings. Until then, and once erased, it knows no call: `NAMESPACE_NOT_FOUND`. */
  configure(settings: NamespaceSettings): Promise<void>;
  /** How much it holds, for people who are told why it is not deleted. */
  size(): Promise<{ instances: number; services: number }>;
  /**
   * Closes every socket and erases everything.
   *
   * @param options `onlyIfEmpty`: not where it holds an instance or a service by then; decided in one step with the end.
   * @returns Whether it is gone.
   */
  erase(options: { onlyIfEmpty: boolean }): Promise<boolean>;
  /** Closes the sockets of tokens that have ended, and ends no session early: leases run on from the last sign of life. */
  closeSocketsOf(tokenIds: readonly string[]): Promise<void>;
}
