import { ROOT } from '../../auth/authenticator';
import { authorize, may } from '../../auth/authorize';
import { sameDigest, secretDigest, TOKEN_ID_LENGTH, tokenText } from '../../auth/token-text';
import type { AuditAction } from '../../model/audit';
import type { DirectoryCaller, Page, VerifiedToken } from '../../model/directory-api';
import { quote, RegistryError } from '../../model/errors';
import type { Grant, Principal } from '../../model/grant';
import { TOKENS_MAX_COUNT, TOKENS_PER_NAMESPACE_MAX_COUNT, TOKENS_RESERVED_COUNT } from '../../model/limits';
import { ALL_NAMESPACES } from '../../model/service-name';
import { timestamp } from '../../model/timestamp';
import type { IssuedToken, OwnToken, TokenList, TokenRequest, TokenRotation } from '../../model/token';
import type { RandomSource } from '../platform/platform';
import { accountOf } from './audit-log';
import type { DirectoryState } from './directory-state';
import { pageOf } from './page-of';
import { assertMayIssue, type RedeemedTokens } from './redeemed-tokens';
import { digestToCompare, hasEnded, type TokenRow, tokenView, useToNote } from './token-rows';

/** The tokens of the registry, except the root token, which its host keeps. */
export class Tokens {
  readonly #state: DirectoryState;

  readonly #redeemed: RedeemedTokens;

  constructor(state: DirectoryState, redeemed: RedeemedTokens) {
    this.#state = state;
    this.#redeemed = redeemed;
  }

  async create(caller: DirectoryCaller, request: TokenRequest): Promise<IssuedToken> {
    const { steps, tokens, platform } = this.#state;
    const { name, grants, pathWrite, expiresInMs } = request;
    const secret = newSecret(platform.random);
    const digest = await secretDigest(secret);
    return steps.change(() => {
      assertMayIssue(caller.principal);
      for (const { ns } of grants) authorize(caller.principal, 'admin', { namespace: ns });
      this.#assertRoom(caller.principal, grants);
      const createdAt = platform.clock.now();
      const token: TokenRow = {
        id: this.newId(),
        digest,
        earlierDigest: null,
        earlierUntil: null,
        expiresAt: expiresInMs === undefined ? null : createdAt + expiresInMs,
        usedAt: null,
        record: { name, grants, pathWrite, createdAt, createdBy: caller.principal.tokenId },
      };
      tokens.put(token);
      this.note(caller, 'token-created', { id: token.id, ...token.record });
      return issued(token, secret);
    });
  }

  async readOwn({ principal }: DirectoryCaller): Promise<OwnToken> {
    await this.#redeemed.prepare();
    return this.#state.steps.read(() => {
      const asked = principal.redeemedId ?? principal.tokenId;
      const known = this.known(asked);
      if (known === null) throw endedMeanwhile(asked);
      const { tokenId: id, grants, redeemedId } = known;
      const name = this.#redeemed.nameOf(id);
      const expiresAt = known.expiresAt === undefined ? undefined : timestamp(known.expiresAt);
      return { id, name, grants: [...grants], expiresAt, root: id === ROOT.tokenId, redeemedId };
    });
  }

  list({ principal }: DirectoryCaller, page: Page): Promise<TokenList> {
    const { steps, tokens, platform } = this.#state;
    return steps.read(() => {
      const rows = tokens.list(platform.clock.now(), page.after);
      const { items, next } = pageOf(rows, page, {
        isShown: ({ record }) => administers(principal, record.grants),
        viewOf: tokenView,
      });
      return { tokens: items, next };
    });
  }

  /** Revokes a token. One that the caller may not manage is reported as missing, so that ids can't be probed. */
  async revoke(caller: DirectoryCaller, id: string): Promise<void> {
    const { steps, tokens, audit, platform } = this.#state;
    await this.#redeemed.prepare();
    return steps.change(() => {
      if (id === ROOT.tokenId) {
        throw new RegistryError(
          'CONFLICT',
          'the root token cannot be revoked here: the operator of the registry sets it, as ROLLCALL_ROOT_TOKEN',
        );
      }
      const token = tokens.find(id, platform.clock.now());
      if (token === undefined || !administers(caller.principal, token.record.grants)) {
        if (this.#revokeRedeemed(caller, id)) return;
        // A retry after a lost answer succeeds, but only for the token that revoked it.
        if (audit.hasRevoked(caller.principal.tokenId, id)) return;
        throw missingToken(id);
      }
      this.note(caller, 'token-revoked', { id, ...token.record });
      this.#end(token);
    });
  }

  async rotate(caller: DirectoryCaller, id: string, { overlapMs }: TokenRotation): Promise<IssuedToken> {
    const { steps, tokens, tickets, platform } = this.#state;
    const secret = newSecret(platform.random);
    const digest = await secretDigest(secret);
    return steps.change(() => {
      assertMayIssue(caller.principal);
      const now = platform.clock.now();
      const before = tokens.find(id, now);
      if (before === undefined || !administers(caller.principal, before.record.grants)) throw missingToken(id);
      const after: TokenRow = {
        ...before,
        digest,
        earlierDigest: overlapMs === 0 ? null : before.digest,
        earlierUntil: overlapMs === 0 ? null : now + overlapMs,
        record: { ...before.record, rotatedAt: now },
      };
      tokens.put(after);
      this.note(caller, 'token-rotated', { id, ...after.record });
      // A ticket of the previous secret must not be replaced by a token that outlives that secret.
      tickets.endBy(id, now + overlapMs);
      if (overlapMs === 0) this.#closeSocketsOf(id, after.record.grants);
      return issued(after, secret);
    });
  }

  /**
   * Verifies a token. It takes as long for an unknown id as for a known one: all digests are compared before a row is
   * read.
   */
  async verify(id: string, digest: string): Promise<VerifiedToken | null> {
    const { steps, tokens, redeemed, platform } = this.#state;
    await this.#redeemed.prepare();
    const now = platform.clock.now();
    const digests = [...tokens.digests(id, now), digestToCompare(redeemed.digestOf(id))];
    const matches = digests.map((known) => sameText(digest, known.digest) && known.counts);
    const isValid = matches.includes(true);
    const token = isValid ? tokens.find(id, now) : undefined;
    const hour = token && steps.canStore ? useToNote(token, now) : undefined;
    if (token === undefined || hour === undefined) {
      return steps.read(() => (isValid ? this.known(id) : null));
    }
    return steps.change(() => {
      tokens.put({ ...token, usedAt: hour });
      return verified(token);
    });
  }

  /** Returns a token by id, for callers that need not verify its secret; null if it has ended. */
  known(id: string): VerifiedToken | null {
    if (id === ROOT.tokenId) return { ...ROOT, pathWrite: false };
    const token = this.#state.tokens.find(id, this.#state.platform.clock.now());
    return token === undefined ? (this.#redeemed.known(id) ?? null) : verified(token);
  }

  async ended(ids: readonly string[]): Promise<string[]> {
    await this.#redeemed.prepare();
    return this.#state.steps.read(() => ids.filter((id) => this.known(id) === null));
  }

  /** Removes expired tokens, and expired secrets from before a rotation. @returns True if there may be more. */
  endDue(most: number): Promise<boolean> {
    const { steps, tokens, platform } = this.#state;
    return steps.change(() => {
      const now = platform.clock.now();
      const due = tokens.endedBy(now, most);
      for (const token of due) {
        if (hasEnded(token, now)) {
          this.#end(token);
          continue;
        }
        tokens.put({ ...token, earlierDigest: null, earlierUntil: null });
        // It is unknown which sockets were opened with that secret, so all are closed; the others reconnect at once.
        this.#closeSocketsOf(token.id, token.record.grants);
      }
      return due.length === most;
    });
  }

  /**
   * Revokes a token that replaced a ticket: for itself, for the token that requested the ticket, and for callers who may
   * manage that one. @returns False if there is none that the caller may revoke.
   */
  #revokeRedeemed(caller: DirectoryCaller, id: string): boolean {
    const known = this.#redeemed.known(id);
    const row = this.#state.redeemed.find(id);
    if (known === undefined || row === undefined) return false;
    const { principal } = caller;
    const isOwn = principal.tokenId === known.tokenId && (principal.redeemedId ?? id) === id;
    if (!isOwn && !administers(principal, known.grants)) return false;
    this.note(caller, 'token-revoked', { id, name: this.#redeemed.nameOf(known.tokenId), grants: known.grants });
    this.#redeemed.end(row);
    this.#closeSocketsOf(id, known.grants);
    return true;
  }

  #end({ id, record: { grants } }: TokenRow): void {
    this.#state.tokens.remove(id);
    this.#state.tickets.removeOf(id);
    this.#closeSocketsOf(id, grants);
  }

  /** Adds errands to close the token's sockets, for every namespace that may have one, due at once. */
  #closeSocketsOf(id: string, grants: readonly Grant[]): void {
    const { namespaces, errands, platform } = this.#state;
    const named = new Set(grants.map(({ ns }) => ns));
    const concerned = named.has(ALL_NAMESPACES)
      ? Array.from(namespaces.list(), ({ id }) => id)
      : [...named].filter((ns) => namespaces.find(ns) !== undefined);
    for (const ns of concerned) errands.add(ns, 'close-sockets', platform.clock.now(), id);
  }

  /**
   * Checks that there is room for another token. The admin of a namespace can use up neither the room of other namespaces
   * nor the reserve for tokens that administer all; nor, with tokens that end at once, the room for errands about them.
   *
   * @throws {RegistryError} `LIMIT_EXCEEDED`.
   */
  #assertRoom(principal: Principal, grants: readonly Grant[]): void {
    const { tokens, errands } = this.#state;
    const isUnlimited = may(principal, 'admin', { namespace: ALL_NAMESPACES });
    const most = isUnlimited ? TOKENS_MAX_COUNT : TOKENS_MAX_COUNT - TOKENS_RESERVED_COUNT;
    if (tokens.count >= most) throw tooMany(most, isUnlimited);
    if (isUnlimited) return;
    for (const ns of new Set(grants.map((grant) => grant.ns))) {
      const held = tokens.countOf(ns);
      const closing = errands.countOf(ns, 'close-sockets');
      if (held + closing >= TOKENS_PER_NAMESPACE_MAX_COUNT) throw tooManyOf(ns, held, closing);
    }
  }

  /** Returns an id that no token has. */
  newId(): string {
    const { platform, tokens, redeemed } = this.#state;
    for (;;) {
      const id = platform.random.id().replaceAll(/[_-]/g, '').slice(0, TOKEN_ID_LENGTH);
      if (id.length === TOKEN_ID_LENGTH && !tokens.has(id) && redeemed.find(id) === undefined) return id;
    }
  }

  /** Adds an entry about a token to the audit trail. */
  note({ principal, address }: DirectoryCaller, action: AuditAction, { id, name, grants }: NotedToken): void {
    const namespaces = [...new Set(grants.map((grant) => grant.ns))];
    const [ns] = namespaces;
    const isAboutOne = namespaces.length === 1 && ns !== ALL_NAMESPACES;
    this.#state.audit.add(
      { action, actor: principal.tokenId, address, ns: isAboutOne ? ns : undefined, target: id, detail: name },
      'done',
      this.#state.platform.clock.now(),
      accountOf(principal, namespaces),
    );
  }
}

/** A token, as the audit trail shows it. */
interface NotedToken {
  id: string;
  name: string;
  grants: readonly Grant[];
}

/** Returns a random secret of 256 bits. */
export function newSecret(random: RandomSource): string {
  return random.id() + random.id();
}

/** Returns whether a principal is admin of everything that these grants cover, and so may manage a token that has them. */
function administers(principal: Principal, grants: readonly Grant[]): boolean {
  return grants.every(({ ns }) => may(principal, 'admin', { namespace: ns }));
}

function verified({ id, expiresAt, record: { grants, pathWrite } }: TokenRow): VerifiedToken {
  return { tokenId: id, grants, expiresAt: expiresAt ?? undefined, pathWrite };
}

function issued(token: TokenRow, secret: string): IssuedToken {
  return { ...tokenView(token), token: tokenText(token.id, secret) };
}

const encoder = new TextEncoder();

function sameText(left: string, right: string): boolean {
  return sameDigest(encoder.encode(left), encoder.encode(right));
}

/** Returns the error of a caller whose token has ended after the request was admitted. */
export function endedMeanwhile(tokenId: string): RegistryError {
  return new RegistryError('UNAUTHENTICATED', `the token "${tokenId}" has expired or was revoked; use another one`);
}

function missingToken(id: string): RegistryError {
  return new RegistryError(
    'TOKEN_NOT_FOUND',
    `there is no token ${quote(id)} that this token may manage; list those it may with GET /api/v1/tokens`,
  );
}

function tooMany(most: number, isUnlimited: boolean): RegistryError {
  const rest = isUnlimited
    ? 'the maximum for a registry'
    : `and the last ${TOKENS_RESERVED_COUNT} are reserved for tokens with "admin" on all namespaces`;
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `there are ${most} tokens or more, ${rest}; revoke one that is not used any more`,
  );
}

function tooManyOf(ns: string, held: number, closing: number): RegistryError {
  const ended = closing === 0 ? '' : `, and ${closing} ended ones whose sockets are not closed yet`;
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `the namespace ${quote(ns)} has ${held} tokens${ended}; the maximum is ${TOKENS_PER_NAMESPACE_MAX_COUNT}: revoke one that is not used any more, or have one created by a token with "admin" on all namespaces`,
  );
}
