import { ROOT } from '../../auth/authenticator';
import { authorize, may } from '../../auth/authorize';
import { sameDigest, secretDigest, TOKEN_ID_LENGTH, tokenText } from '../../auth/token-text';
import type { AuditAction } from '../../model/audit';
import type { DirectoryCaller, Page, VerifiedToken } from '../../model/directory-api';
import { quote, RegistryError } from '../../model/errors';
import { ALL_NAMESPACES, type Grant, type Principal } from '../../model/grant';
import { TOKENS_MAX_COUNT, TOKENS_PER_NAMESPACE_MAX_COUNT, TOKENS_RESERVED_COUNT } from '../../model/limits';
import type { IssuedToken, TokenList, TokenRequest, TokenRotation } from '../../model/token';
import type { RandomSource } from '../platform/platform';
import { accountOf } from './audit-log';
import type { DirectoryState } from './directory-state';
import { pageOf } from './page-of';
import { hasEnded, type TokenRow, tokenView, useToNote } from './token-rows';

/** The tokens of the registry, but for that of root, which its host keeps. */
export class Tokens {
  readonly #state: DirectoryState;

  constructor(state: DirectoryState) {
    this.#state = state;
  }

  async create(caller: DirectoryCaller, request: TokenRequest): Promise<IssuedToken> {
    const { steps, tokens, platform } = this.#state;
    const { name, grants, pathWrite, expiresInMs } = request;
    const secret = newSecret(platform.random);
    const digest = await secretDigest(secret);
    return steps.change(() => {
      for (const { ns } of grants) authorize(caller.principal, 'admin', { namespace: ns });
      this.#assertRoom(caller.principal, grants);
      const createdAt = platform.clock.now();
      const token: TokenRow = {
        id: this.#newId(),
        digest,
        earlierDigest: null,
        earlierUntil: null,
        expiresAt: expiresInMs === undefined ? null : createdAt + expiresInMs,
        usedAt: null,
        record: { name, grants, pathWrite, createdAt, createdBy: caller.principal.tokenId },
      };
      tokens.put(token);
      this.#note(caller, 'token-created', token);
      return issued(token, secret);
    });
  }

  list({ principal }: DirectoryCaller, page: Page): Promise<TokenList> {
    const { steps, tokens, platform } = this.#state;
    return steps.read(() => {
      const rows = tokens.list(platform.clock.now(), page.after);
      const { items, next } = pageOf(rows, page, {
        isShown: (token) => couldMake(principal, token),
        viewOf: tokenView,
      });
      return { tokens: items, next };
    });
  }

  /** Answers for a token that the caller could not have made as for one that there is not: ids of others can't be probed. */
  revoke(caller: DirectoryCaller, id: string): Promise<void> {
    const { steps, tokens, audit, platform } = this.#state;
    return steps.change(() => {
      if (id === ROOT.tokenId) {
        throw new RegistryError(
          'CONFLICT',
          'the root token is not one of these: whoever runs the registry sets it, as ROLLCALL_ROOT_TOKEN',
        );
      }
      const token = tokens.find(id, platform.clock.now());
      if (token === undefined || !couldMake(caller.principal, token)) {
        // An answer that was lost is asked for again: it is done, and only the token that did it learns as much.
        if (audit.hasRevoked(caller.principal.tokenId, id)) return;
        throw missingToken(id);
      }
      this.#note(caller, 'token-revoked', token);
      this.#end(token);
    });
  }

  async rotate(caller: DirectoryCaller, id: string, { overlapMs }: TokenRotation): Promise<IssuedToken> {
    const { steps, tokens, platform } = this.#state;
    const secret = newSecret(platform.random);
    const digest = await secretDigest(secret);
    return steps.change(() => {
      const now = platform.clock.now();
      const before = tokens.find(id, now);
      if (before === undefined || !couldMake(caller.principal, before)) throw missingToken(id);
      const after: TokenRow = {
        ...before,
        digest,
        earlierDigest: overlapMs === 0 ? null : before.digest,
        earlierUntil: overlapMs === 0 ? null : now + overlapMs,
        record: { ...before.record, rotatedAt: now },
      };
      tokens.put(after);
      this.#note(caller, 'token-rotated', after);
      if (overlapMs === 0) this.#closeSocketsOf(after);
      return issued(after, secret);
    });
  }

  /** Takes as long for an id that there is as for one that there is not: all is compared before anything is read. */
  verify(id: string, digest: string): Promise<VerifiedToken | null> {
    const { steps, tokens, platform } = this.#state;
    const now = platform.clock.now();
    const matches = tokens.digests(id, now).map((known) => sameText(digest, known.digest) && known.counts);
    const token = matches.includes(true) ? tokens.find(id, now) : undefined;
    const hour = token && steps.canStore ? useToNote(token, now) : undefined;
    if (token === undefined || hour === undefined)
      return steps.read(() => (token === undefined ? null : verified(token)));
    return steps.change(() => {
      tokens.put({ ...token, usedAt: hour });
      return verified(token);
    });
  }

  /** What a token stands for, whoever vouches for its secret. */
  known(id: string): VerifiedToken | null {
    if (id === ROOT.tokenId) return { ...ROOT, pathWrite: false };
    const token = this.#state.tokens.find(id, this.#state.platform.clock.now());
    return token === undefined ? null : verified(token);
  }

  ended(ids: readonly string[]): Promise<string[]> {
    return this.#state.steps.read(() => ids.filter((id) => this.known(id) === null));
  }

  /** Removes what time has ended: tokens, and secrets from before a rotation. @returns Whether there may be more. */
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
        // Which of its sockets were opened with that secret is not known; the others come back at once.
        this.#closeSocketsOf(token);
      }
      return due.length === most;
    });
  }

  #end(token: TokenRow): void {
    this.#state.tokens.remove(token.id);
    this.#state.tickets.removeOf(token.id);
    this.#closeSocketsOf(token);
  }

  /** Every namespace where the token may have a socket open is told, at once. */
  #closeSocketsOf({ id, record: { grants } }: TokenRow): void {
    const { namespaces, errands, platform } = this.#state;
    const named = new Set(grants.map(({ ns }) => ns));
    const concerned = named.has(ALL_NAMESPACES)
      ? Array.from(namespaces.list(), ({ id }) => id)
      : [...named].filter((ns) => namespaces.find(ns) !== undefined);
    for (const ns of concerned) errands.add(ns, 'close-sockets', platform.clock.now(), id);
  }

  /**
   * Asks for room for one more. The admin of a namespace can use up neither what is left for other namespaces nor what is
   * kept for those who administer all; nor, with tokens that end at once, what the directory keeps of them.
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

  #newId(): string {
    const { platform, tokens } = this.#state;
    for (;;) {
      const id = platform.random.id().replaceAll(/[_-]/g, '').slice(0, TOKEN_ID_LENGTH);
      if (id.length === TOKEN_ID_LENGTH && !tokens.has(id)) return id;
    }
  }

  #note({ principal, address }: DirectoryCaller, action: AuditAction, { id, record }: TokenRow): void {
    const namespaces = [...new Set(record.grants.map((grant) => grant.ns))];
    const [ns] = namespaces;
    const isAboutOne = namespaces.length === 1 && ns !== ALL_NAMESPACES;
    this.#state.audit.add(
      { action, actor: principal.tokenId, address, ns: isAboutOne ? ns : undefined, target: id, detail: record.name },
      'done',
      this.#state.platform.clock.now(),
      accountOf(principal, namespaces),
    );
  }
}

/** 256 bits. */
function newSecret(random: RandomSource): string {
  return random.id() + random.id();
}

/** Whether somebody may do all that a token may, and so could have made it. */
function couldMake(principal: Principal, { record }: TokenRow): boolean {
  return record.grants.every(({ ns }: Grant) => may(principal, 'admin', { namespace: ns }));
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

function missingToken(id: string): RegistryError {
  return new RegistryError(
    'TOKEN_NOT_FOUND',
    `there is no token ${quote(id)} that this one could have made; see which there are with GET /api/v1/tokens`,
  );
}

function tooMany(most: number, isUnlimited: boolean): RegistryError {
  const rest = isUnlimited
    ? 'the most a registry takes'
    : `and the last ${TOKENS_RESERVED_COUNT} are kept for those with "admin" on all namespaces`;
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `there are ${most} tokens or more, ${rest}; revoke one that is no longer used`,
  );
}

function tooManyOf(ns: string, held: number, closing: number): RegistryError {
  const ended = closing === 0 ? '' : `, and ${closing} that have ended but whose sockets it has not closed yet`;
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `the namespace ${quote(ns)} has ${held} tokens${ended}; it takes ${TOKENS_PER_NAMESPACE_MAX_COUNT}: revoke one that is no longer used, or ask for one from a token with "admin" on all namespaces`,
  );
}
