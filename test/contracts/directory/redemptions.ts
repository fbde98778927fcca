import { expect, it } from 'vitest';
import { readTokenText, secretDigest } from '../../../src/auth/token-text';
import type { DirectoryCaller, VerifiedToken } from '../../../src/model/directory-api';
import type { Grant } from '../../../src/model/grant';
import {
  REDEEMED_TOKEN_LIFE_MAX_MS,
  REDEEMED_TOKENS_PER_TOKEN_MAX_COUNT,
  TICKET_LIFE_MS,
  TOKEN_LIFE_MIN_MS,
} from '../../../src/model/limits';
import type { IssuedToken, RedeemedToken } from '../../../src/model/token';
import { BY_ROOT, by, refusal, type TestDirectory } from './test-directory';

const GRANTS: Grant[] = [{ scope: 'register', ns: 'a' }];

/** Tests every directory's promises about tokens that tickets were redeemed for. */
export function redemptions(subject: () => TestDirectory): void {
  const parent = (more: { grants?: Grant[]; expiresInMs?: number } = {}): Promise<IssuedToken> =>
    subject().api.createToken(BY_ROOT, { name: 'page', grants: GRANTS, pathWrite: true, ...more });

  const holderOf = ({ id, grants }: IssuedToken): DirectoryCaller => ({ principal: { tokenId: id, grants } });

  const verify = async (token: string): Promise<VerifiedToken | null> => {
    const { id = '', secret = '' } = readTokenText(token) ?? {};
    return subject().api.verify(id, await secretDigest(secret));
  };

  /** Redeems a new ticket. */
  const redeem = async (caller: DirectoryCaller): Promise<RedeemedToken> => {
    const { ticket } = await subject().api.createTicket(caller);
    return (await subject().api.exchangeTicket(ticket)) ?? expect.unreachable('the ticket was not accepted');
  };

  /** Returns the caller that a redeemed token authenticates. */
  const callerOf = async ({ token }: RedeemedToken): Promise<DirectoryCaller> => ({
    principal: (await verify(token)) ?? expect.unreachable('the token is not valid'),
  });

  it('[A65] redeems a ticket for a token with the id and the grants of the one that requested it', async () => {
    const page = await parent();
    const redeemed = await redeem(holderOf(page));
    expect(redeemed).toMatchObject({ tokenId: page.id, grants: GRANTS });
    expect(redeemed.id).not.toBe(page.id);
    const expiresAt = Date.parse(redeemed.expiresAt);
    const principal = { tokenId: page.id, grants: GRANTS, pathWrite: false, expiresAt, redeemedId: redeemed.id };
    expect(await verify(redeemed.token)).toEqual(principal);
    await subject().restart();
    expect(await verify(redeemed.token)).toEqual(principal);
    expect(await subject().api.endedTokens([redeemed.id])).toEqual([]);
    expect(await subject().api.readOwnToken({ principal })).toEqual({
      id: page.id,
      name: 'page',
      grants: GRANTS,
      expiresAt: redeemed.expiresAt,
      root: false,
      redeemedId: redeemed.id,
    });
  });

  it('[A65] redeems tickets of root too', async () => {
    const redeemed = await redeem(BY_ROOT);
    expect(await verify(redeemed.token)).toMatchObject({ tokenId: 'root', redeemedId: redeemed.id });
    expect((await verify(redeemed.token))?.grants).toEqual(BY_ROOT.principal.grants);
  });

  it('[A65] expires the token after 12 hours, or with the one that requested the ticket', async () => {
    const { pass } = subject();
    const short = await redeem(holderOf(await parent({ expiresInMs: TOKEN_LIFE_MIN_MS })));
    const long = await redeem(holderOf(await parent()));
    expect(Date.parse(long.expiresAt) - Date.parse(short.expiresAt)).toBeGreaterThan(
      REDEEMED_TOKEN_LIFE_MAX_MS - 2 * TOKEN_LIFE_MIN_MS,
    );
    await pass(TOKEN_LIFE_MIN_MS);
    expect([await verify(short.token), await subject().api.endedTokens([short.id])]).toEqual([null, [short.id]]);
    await pass(REDEEMED_TOKEN_LIFE_MAX_MS - TOKEN_LIFE_MIN_MS - 1_000);
    expect(await verify(long.token)).not.toBeNull();
    await pass(1_000);
    expect(await verify(long.token)).toBeNull();
  });

  it('[A66] redeems a ticket once, even if two requests have it at the same time, and never after a restart', async () => {
    const caller = holderOf(await parent());
    const { ticket } = await subject().api.createTicket(caller);
    const { api } = subject();
    const outcomes = await Promise.all([
      api.exchangeTicket(ticket),
      api.redeemTicket(ticket),
      api.exchangeTicket(ticket),
    ]);
    expect(outcomes.filter((outcome) => outcome !== null)).toHaveLength(1);
    await subject().restart();
    expect(await subject().api.exchangeTicket(ticket)).toBeNull();
    const { ticket: late } = await subject().api.createTicket(caller);
    await subject().pass(TICKET_LIFE_MS);
    expect(await subject().api.exchangeTicket(late)).toBeNull();
    expect(await subject().api.exchangeTicket('')).toBeNull();
  });

  it('[A67] ends the token with the one that requested the ticket', async () => {
    const { api } = subject();
    const page = await parent();
    const redeemed = await redeem(holderOf(page));
    const { ticket } = await api.createTicket(await callerOf(redeemed));
    await api.revokeToken(BY_ROOT, page.id);
    expect(await verify(redeemed.token)).toBeNull();
    expect(await api.endedTokens([redeemed.id])).toEqual([redeemed.id]);
    expect(await api.redeemTicket(ticket)).toBeNull();
  });

  it('[A67] ends the token with the secret that requested the ticket', async () => {
    const { api, pass } = subject();
    const page = await parent();
    const before = page.createdAt;
    const first = await redeem(holderOf(page));
    await api.rotateToken(BY_ROOT, page.id, { overlapMs: TOKEN_LIFE_MIN_MS });
    // It is unknown which of the two secrets requested this ticket.
    const second = await redeem(holderOf(page));
    for (const { token } of [first, second]) {
      // Sockets are closed at that time, so it must be known before it comes.
      const leftMs = ((await verify(token))?.expiresAt ?? 0) - Date.parse(before);
      expect([leftMs > 0, leftMs <= 2 * TOKEN_LIFE_MIN_MS]).toEqual([true, true]);
    }
    await pass(TOKEN_LIFE_MIN_MS - 1_000);
    const { ticket } = await api.createTicket(holderOf(page));
    await pass(1_000);
    expect([await verify(first.token), await verify(second.token), await api.exchangeTicket(ticket)]).toEqual([
      null,
      null,
      null,
    ]);
    const third = await redeem(holderOf(page));
    const { ticket: unused } = await api.createTicket(holderOf(page));
    await api.rotateToken(BY_ROOT, page.id, { overlapMs: 0 });
    expect([await verify(third.token), await api.exchangeTicket(unused)]).toEqual([null, null]);
    expect(await verify((await redeem(holderOf(page))).token)).not.toBeNull();
  });

  it('[A68] issues no secret to a redeemed token that could outlive it', async () => {
    const { api, pass } = subject();
    const admin = await parent({ grants: [{ scope: 'admin', ns: '*' }] });
    const caller = await callerOf(await redeem(holderOf(admin)));
    const request = { name: 'new', grants: GRANTS, pathWrite: false, expiresInMs: TOKEN_LIFE_MIN_MS };
    await expect(api.createToken(caller, request)).rejects.toEqual(refusal('FORBIDDEN'));
    await expect(api.rotateToken(caller, admin.id, { overlapMs: 0 })).rejects.toEqual(refusal('FORBIDDEN'));
    const { ticket } = await api.createTicket(caller);
    await expect(api.exchangeTicket(ticket)).rejects.toEqual(refusal('FORBIDDEN'));
    expect(await api.redeemTicket(ticket)).toEqual(caller.principal);
    await pass(REDEEMED_TOKEN_LIFE_MAX_MS - TICKET_LIFE_MS / 2);
    const { expiresAt } = await api.createTicket(caller);
    expect(Date.parse(expiresAt)).toBe(caller.principal.expiresAt);
  });

  it('[A69] revokes the token for itself, for the one that requested the ticket, and for its admins', async () => {
    const { api } = subject();
    const page = await parent();
    const tokens = [
      await redeem(holderOf(page)),
      await redeem(holderOf(page)),
      await redeem(holderOf(page)),
      await redeem(holderOf(page)),
    ];
    const revoke = (index: number, caller: DirectoryCaller) => api.revokeToken(caller, tokens[index]?.id ?? '');
    const first = await callerOf(tokens[0] ?? expect.unreachable());
    const strangers = [by({ scope: 'operate', ns: '*' }), by({ scope: 'admin', ns: 'b' }), holderOf(await parent())];
    for (const caller of strangers) await expect(revoke(0, caller)).rejects.toEqual(refusal('TOKEN_NOT_FOUND'));
    await expect(revoke(1, first), 'a sibling').rejects.toEqual(refusal('TOKEN_NOT_FOUND'));
    await revoke(0, first);
    await revoke(1, holderOf(page));
    await revoke(2, by({ scope: 'admin', ns: 'a' }));
    const valid = await Promise.all(tokens.map(async ({ token }) => (await verify(token)) !== null));
    expect(valid).toEqual([false, false, false, true]);
    expect(await api.endedTokens(tokens.map(({ id }) => id))).toEqual(tokens.slice(0, 3).map(({ id }) => id));
    await revoke(1, holderOf(page));
    await expect(api.createTicket(first)).rejects.toEqual(refusal('UNAUTHENTICATED'));
    expect(await verify(page.token)).not.toBeNull();
  });

  it('[A65] limits how many tickets of a token are redeemed in 12 hours, and leaves the next one unused', async () => {
    const { api, pass } = subject();
    const caller = holderOf(await parent());
    for (let count = 0; count < REDEEMED_TOKENS_PER_TOKEN_MAX_COUNT; count++) {
      const { id } = await redeem(caller);
      if (count % 2 === 0) await api.revokeToken(caller, id);
    }
    const { ticket } = await api.createTicket(caller);
    await expect(api.exchangeTicket(ticket)).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
    expect(await api.redeemTicket(ticket)).not.toBeNull();
    await redeem(holderOf(await parent()));
    await pass(REDEEMED_TOKEN_LIFE_MAX_MS);
    await redeem(caller);
  });

  it('[A27] records the redemption of a ticket', async () => {
    const { api } = subject();
    const page = await parent();
    const { ticket } = await api.createTicket(holderOf(page));
    const redeemed = await api.exchangeTicket(ticket, '203.0.113.9');
    const { entries } = await api.readAudit(BY_ROOT, { limit: 1 });
    expect(entries).toMatchObject([
      {
        action: 'ticket-redeemed',
        actor: page.id,
        target: redeemed?.id,
        address: '203.0.113.9',
        ns: 'a',
        detail: 'page',
        outcome: 'done',
      },
    ]);
  });
}
