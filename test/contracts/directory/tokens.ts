import { expect, it } from 'vitest';
import { readTokenText, secretDigest } from '../../../src/auth/token-text';
import type { DirectoryCaller, VerifiedToken } from '../../../src/model/directory-api';
import type { Grant } from '../../../src/model/grant';
import type { IssuedToken } from '../../../src/model/token';
import { BY_ROOT, by, refusal, type TestDirectory } from './test-directory';

const HOUR_MS = 3_600_000;
const READ_A: Grant = { scope: 'read', ns: 'a' };

/** Tests every directory's promises about tokens. */
export function tokens(subject: () => TestDirectory): void {
  const create = (caller: DirectoryCaller, grants: Grant[], more = {}): Promise<IssuedToken> =>
    subject().api.createToken(caller, { name: 'test', grants, pathWrite: false, ...more });

  const verify = async (token: string): Promise<VerifiedToken | null> => {
    const { id = '', secret = '' } = readTokenText(token) ?? {};
    return subject().api.verify(id, await secretDigest(secret));
  };

  const list = async (caller: DirectoryCaller, page = {}): Promise<string[]> => {
    const { tokens, next } = await subject().api.listTokens(caller, page);
    return [...tokens.map(({ id }) => id), ...(next === undefined ? [] : [`next=${next}`])];
  };

  it('[A22] shows a token once and identifies it by its digest from then on', async () => {
    const { token, ...view } = await create(BY_ROOT, [READ_A], { name: 'orders' });
    expect(view).toEqual({
      id: readTokenText(token)?.id,
      name: 'orders',
      grants: [READ_A],
      pathWrite: false,
      createdAt: expect.any(String),
      createdBy: 'root',
    });
    expect(await subject().api.listTokens(BY_ROOT, {})).toEqual({ tokens: [view] });
    expect(await verify(token)).toEqual({ tokenId: view.id, grants: [READ_A], pathWrite: false });
    await subject().restart();
    expect(await verify(token)).toEqual({ tokenId: view.id, grants: [READ_A], pathWrite: false });
  });

  it('[A22] refuses a wrong secret exactly like an unknown token', async () => {
    const { api } = subject();
    const [one, other] = [await create(BY_ROOT, [READ_A]), await create(BY_ROOT, [READ_A])];
    const digest = await secretDigest(readTokenText(one.token)?.secret ?? '');
    expect(await api.verify(one.id, digest)).not.toBeNull();
    expect(await api.verify(other.id, digest)).toBeNull();
    expect(await api.verify('unknown', digest)).toBeNull();
    expect(await api.verify('unknown', '-'.repeat(43))).toBeNull();
    expect(await api.verify('root', digest)).toBeNull();
    for (const wrong of ['', digest.slice(1), `${digest}=`, digest.toLowerCase(), '-'.repeat(43)]) {
      expect(await api.verify(one.id, wrong), wrong).toBeNull();
    }
  });

  it('[A22] lets only an admin of everything that a token covers create, see, revoke and rotate it', async () => {
    const { api } = subject();
    const adminOfA = by({ scope: 'admin', ns: 'a' });
    const own = await create(adminOfA, [READ_A, { scope: 'admin', ns: 'a' }]);
    expect(own.createdBy).toBe('caller');
    const others = [
      await create(BY_ROOT, [READ_A, { scope: 'read', ns: 'b' }]),
      await create(BY_ROOT, [{ scope: 'read', ns: '*' }]),
    ];
    expect(await list(adminOfA)).toEqual([own.id]);
    expect(await list(by(READ_A, { scope: 'operate', ns: '*' }))).toEqual([]);
    for (const { id, grants, token } of others) {
      await expect(create(adminOfA, grants)).rejects.toEqual(refusal('FORBIDDEN'));
      await expect(api.rotateToken(adminOfA, id, { overlapMs: 0 })).rejects.toEqual(refusal('TOKEN_NOT_FOUND'));
      await expect(api.revokeToken(adminOfA, id)).rejects.toEqual(refusal('TOKEN_NOT_FOUND'));
      expect(await verify(token)).not.toBeNull();
    }
    await expect(create(by({ scope: 'operate', ns: 'a' }), [READ_A])).rejects.toEqual(refusal('FORBIDDEN'));
    await expect(api.revokeToken(by(READ_A), own.id)).rejects.toEqual(refusal('TOKEN_NOT_FOUND'));
    await api.revokeToken(adminOfA, own.id);
    expect(await list(BY_ROOT)).toHaveLength(2);
  });

  it('[A64] shows a caller its own token, and never the secret', async () => {
    const { api } = subject();
    const { id, expiresAt } = await create(BY_ROOT, [READ_A], { name: 'orders', expiresInMs: HOUR_MS });
    const caller = { principal: { tokenId: id, grants: [READ_A] } };
    const shown = { id, name: 'orders', grants: [READ_A], expiresAt, root: false };
    expect(await api.readOwnToken(caller)).toEqual(shown);
    const { grants } = BY_ROOT.principal;
    expect(await api.readOwnToken(BY_ROOT)).toEqual({ id: 'root', name: 'root token', grants, root: true });
    await api.revokeToken(BY_ROOT, id);
    await expect(api.readOwnToken(caller)).rejects.toEqual(refusal('UNAUTHENTICATED'));
  });

  it('[A55] answers as for an unknown token when a caller revokes or rotates a token that it could not have created', async () => {
    const { api } = subject();
    const adminOfA = by({ scope: 'admin', ns: 'a' });
    const foreign = await create(BY_ROOT, [{ scope: 'read', ns: 'b' }]);
    const revoked = await create(BY_ROOT, [READ_A]);
    await api.revokeToken(BY_ROOT, revoked.id);
    const words = async (call: (id: string) => Promise<unknown>, id: string): Promise<string> => {
      const error = await call(id).catch((caught: unknown) => caught);
      return String(error).replace(id, 'ID');
    };
    for (const call of [
      (id: string) => api.revokeToken(adminOfA, id),
      (id: string) => api.rotateToken(adminOfA, id, { overlapMs: 0 }),
    ]) {
      const said = await words(call, 'unknown');
      expect(said).toContain('there is no token "ID" that this token may manage');
      expect([await words(call, foreign.id), await words(call, revoked.id)]).toEqual([said, said]);
    }
    expect(await verify(foreign.token)).not.toBeNull();
  });

  it('[A55] repeats a revocation successfully for the token that made it, and for no other', async () => {
    const { api } = subject();
    const adminOfA = by({ scope: 'admin', ns: 'a' });
    const { id } = await create(BY_ROOT, [READ_A]);
    await api.revokeToken(adminOfA, id);
    await subject().restart();
    await api.revokeToken(adminOfA, id);
    await expect(api.revokeToken(BY_ROOT, id)).rejects.toEqual(refusal('TOKEN_NOT_FOUND'));
  });

  it('[A22] lists tokens by id, in pages', async () => {
    const made = [];
    for (let count = 0; count < 5; count++) made.push((await create(BY_ROOT, [READ_A])).id);
    const ids = made.sort();
    expect(await list(BY_ROOT)).toEqual(ids);
    expect(await list(BY_ROOT, { limit: 2 })).toEqual([...ids.slice(0, 2), `next=${ids[1]}`]);
    expect(await list(BY_ROOT, { limit: 3, after: ids[1] })).toEqual(ids.slice(2));
  });

  it('[A23] refuses a revoked token, and revokes it again without an error', async () => {
    const { api } = subject();
    const { id, token } = await create(BY_ROOT, [READ_A]);
    expect(await api.endedTokens([id, 'unknown', 'root'])).toEqual(['unknown']);
    await api.revokeToken(BY_ROOT, id);
    expect(await verify(token)).toBeNull();
    expect(await list(BY_ROOT)).toEqual([]);
    expect(await api.endedTokens([id, 'unknown', 'root'])).toEqual([id, 'unknown']);
    await api.revokeToken(BY_ROOT, id);
    await expect(api.revokeToken(BY_ROOT, 'root')).rejects.toEqual(refusal('CONFLICT'));
    await expect(api.rotateToken(BY_ROOT, id, { overlapMs: 0 })).rejects.toEqual(refusal('TOKEN_NOT_FOUND'));
  });

  it('[A23] refuses a token from the moment that it expires', async () => {
    const { api, pass } = subject();
    const { id, token, expiresAt = '', createdAt } = await create(BY_ROOT, [READ_A], { expiresInMs: HOUR_MS });
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(HOUR_MS);
    expect(await verify(token)).toMatchObject({ expiresAt: Date.parse(expiresAt) });
    await pass(HOUR_MS - 1);
    expect(await verify(token)).not.toBeNull();
    expect(await api.endedTokens([id])).toEqual([]);
    await pass(1);
    expect(await verify(token)).toBeNull();
    expect(await list(BY_ROOT)).toEqual([]);
    expect(await api.endedTokens([id])).toEqual([id]);
    await expect(api.rotateToken(BY_ROOT, id, { overlapMs: 0 })).rejects.toEqual(refusal('TOKEN_NOT_FOUND'));
  });

  it('[A24] gives a token a new secret under the same id and accepts the old one only during the overlap', async () => {
    const { api, pass } = subject();
    const first = await create(BY_ROOT, [READ_A], { expiresInMs: 100 * HOUR_MS });
    const second = await api.rotateToken(BY_ROOT, first.id, { overlapMs: HOUR_MS });
    expect(second).toMatchObject({ id: first.id, expiresAt: first.expiresAt, rotatedAt: expect.any(String) });
    expect(second.token).not.toBe(first.token);
    expect(await verify(first.token)).toEqual(await verify(second.token));
    await pass(HOUR_MS - 1);
    expect(await verify(first.token)).not.toBeNull();
    await pass(1);
    expect(await verify(first.token)).toBeNull();
    expect(await verify(second.token)).not.toBeNull();

    const third = await api.rotateToken(BY_ROOT, first.id, { overlapMs: 0 });
    expect(await verify(second.token)).toBeNull();
    expect(await verify(third.token)).not.toBeNull();
  });

  it('[A24] accepts at most the last two secrets', async () => {
    const { api } = subject();
    const first = await create(BY_ROOT, [READ_A]);
    const second = await api.rotateToken(BY_ROOT, first.id, { overlapMs: HOUR_MS });
    const third = await api.rotateToken(BY_ROOT, first.id, { overlapMs: HOUR_MS });
    expect(await verify(first.token)).toBeNull();
    expect(await verify(second.token)).not.toBeNull();
    expect(await verify(third.token)).not.toBeNull();
  });

  it('[A25] reports when a token was last used, to the hour', async () => {
    const { pass } = subject();
    const lastUse = async () => (await subject().api.listTokens(BY_ROOT, {})).tokens[0]?.lastUsedAt;
    const { token, createdAt } = await create(BY_ROOT, [READ_A]);
    expect(await lastUse()).toBeUndefined();
    await verify(token);
    const hour = Math.floor(Date.parse(createdAt) / HOUR_MS) * HOUR_MS;
    expect(await lastUse()).toBe(new Date(hour).toISOString());
    await pass(3 * HOUR_MS);
    await verify(token);
    expect(await lastUse()).toBe(new Date(hour + 3 * HOUR_MS).toISOString());
  });
}
