import { describe, expect, it } from 'vitest';
import { BY_ROOT, by } from '../../../test/contracts/directory/test-directory';
import { NodeDirectory } from '../../../test/fixtures/node-directory';
import { readTokenText, secretDigest } from '../../auth/token-text';
import type { Grant } from '../../model/grant';
import { TOKENS_MAX_COUNT, TOKENS_PER_NAMESPACE_MAX_COUNT, TOKENS_RESERVED_COUNT } from '../../model/limits';

const REQUEST = { name: 't', grants: [{ scope: 'read', ns: 'a' }] satisfies Grant[], pathWrite: false };

describe('Tokens', () => {
  it('[A21] stores only the digest of a secret or a ticket', async () => {
    const directory = new NodeDirectory();
    const { api, platform } = directory;
    const first = await api.createToken(BY_ROOT, REQUEST);
    const second = await api.rotateToken(BY_ROOT, first.id, { overlapMs: 1_000 });
    const { ticket } = await api.createTicket(BY_ROOT);
    const redeemed = await api.exchangeTicket((await api.createTicket(BY_ROOT)).ticket);
    const redeemedSecret = readTokenText(redeemed?.token ?? '')?.secret ?? expect.unreachable();
    const stored = ['token', 'ticket', 'redeemed_token', 'audit', 'errand', 'property', 'namespace']
      .flatMap((table) => platform.storage.rows(`SELECT * FROM ${table}`))
      .join('\n');
    for (const { token } of [first, second]) {
      const { id, secret = '' } = readTokenText(token) ?? {};
      expect(id).toBe(first.id);
      expect(stored).not.toContain(secret);
      expect(stored).toContain(await secretDigest(secret));
    }
    expect(stored).not.toContain(redeemedSecret);
    expect(stored).toContain(await secretDigest(redeemedSecret));
    expect(stored).not.toContain(directory.rootToken);
    expect(stored).not.toContain(ticket);
    expect(stored).toContain(await secretDigest(ticket));
    expect(JSON.stringify(platform.logs)).not.toContain('rc_');
  });

  it('[A25] stores the last use of a token at most once an hour, and nothing for a wrong secret', async () => {
    const { api, platform } = new NodeDirectory();
    const { id, token } = await api.createToken(BY_ROOT, REQUEST);
    const digest = await secretDigest(readTokenText(token)?.secret ?? '');
    platform.storage.takeWritten();
    await api.verify(id, digest.toLowerCase());
    await api.verify('unknown', digest);
    expect(platform.storage.takeWritten()).toEqual({});
    for (let minute = 0; minute < 120; minute++) {
      await api.verify(id, digest);
      platform.jump(60_000);
    }
    const rows = Object.values(platform.storage.takeWritten()).reduce((sum, count) => sum + count, 0);
    expect(rows).toBe(2);
  });

  it('[L19] serves tokens and namespaces while nothing can be stored, and refuses every change with the reason', async () => {
    const directory = new NodeDirectory();
    const { api, platform } = directory;
    const { id, token } = await api.createToken(BY_ROOT, REQUEST);
    const { ticket } = await api.createTicket(BY_ROOT);
    const digest = await secretDigest(readTokenText(token)?.secret ?? '');
    platform.fill('attempt to write a readonly database');
    expect(await api.verify(id, digest)).toMatchObject({ tokenId: id });
    expect(await api.findNamespace('public')).not.toBeNull();
    expect(await api.endedTokens([id, 'unknown'])).toEqual(['unknown']);
    expect((await api.listTokens(BY_ROOT, {})).tokens).toMatchObject([{ id }]);
    const calls = [
      () => api.createToken(BY_ROOT, REQUEST),
      () => api.revokeToken(BY_ROOT, id),
      () => api.rotateToken(BY_ROOT, id, { overlapMs: 0 }),
      () => api.createTicket(BY_ROOT),
      () => api.redeemTicket(ticket),
      () => api.exchangeTicket(ticket),
      () => api.createNamespace(BY_ROOT, { id: 'b' }),
      () => api.patchNamespace(BY_ROOT, 'public', { limits: { instances: 1 } }),
      () => api.beginAudit({ action: 'rolled-back', actor: 'o', target: 't' }),
      () => directory.fireAlarm(),
    ];
    const refusal = {
      code: 'UNAVAILABLE',
      message: expect.stringContaining('nothing can be stored: attempt to write a readonly database'),
    };
    for (const call of calls) await expect(call(), String(call)).rejects.toMatchObject(refusal);
    platform.empty();
    expect(await api.redeemTicket(ticket)).toMatchObject({ tokenId: 'root' });
    expect(platform.aborts).toEqual([]);
  });

  it('[A26] removes the tickets of a revoked token', async () => {
    const { api, platform } = new NodeDirectory();
    const { id, grants } = await api.createToken(BY_ROOT, REQUEST);
    await api.createTicket({ principal: { tokenId: id, grants } });
    await api.revokeToken(BY_ROOT, id);
    expect(platform.storage.rows('SELECT token FROM ticket')).toEqual([]);
  });

  it('accepts a limited number of tokens', async () => {
    const { api, platform } = new NodeDirectory();
    const { id } = await api.createToken(BY_ROOT, REQUEST);
    platform.storage.transaction(() => {
      for (let number = 1; number < TOKENS_MAX_COUNT; number++) {
        platform.storage.run("INSERT INTO token (id, digest, record) VALUES (?, '', '{}')", `filler-${number}`);
      }
    });
    await expect(api.createToken(BY_ROOT, REQUEST)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await api.revokeToken(BY_ROOT, id);
    await api.createToken(BY_ROOT, REQUEST);
  });

  const ADMIN_OF_A = by({ scope: 'admin', ns: 'a' });
  const REQUEST_B = { ...REQUEST, grants: [{ scope: 'read', ns: 'b' }] satisfies Grant[] };

  /** Tokens of a namespace, as they are stored. */
  function fill({ platform }: NodeDirectory, count: number, ns: string): void {
    platform.storage.transaction(() => {
      for (let number = 0; number < count; number++) {
        const record = JSON.stringify({ grants: [{ scope: 'read', ns }] });
        platform.storage.run("INSERT INTO token (id, digest, record) VALUES (?, '', ?)", `${ns}-${number}`, record);
      }
    });
  }

  it('[A58] lets the admin of one namespace create only its share of tokens, and leaves others theirs', async () => {
    const directory = new NodeDirectory();
    const { api } = directory;
    fill(directory, TOKENS_PER_NAMESPACE_MAX_COUNT - 1, 'a');
    const { id } = await api.createToken(ADMIN_OF_A, REQUEST);
    await expect(api.createToken(ADMIN_OF_A, REQUEST)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(/"a" has 1000 tokens; the maximum is 1000: revoke one/),
    });
    await api.createToken(by({ scope: 'admin', ns: 'b' }), REQUEST_B);
    await api.createToken(BY_ROOT, REQUEST);
    await api.revokeToken(BY_ROOT, id);
    await expect(api.createToken(ADMIN_OF_A, REQUEST)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await api.revokeToken(BY_ROOT, 'a-1');
    await api.createToken(ADMIN_OF_A, REQUEST);
  });

  it('[A58] reserves the last tokens for operators of all namespaces', async () => {
    const directory = new NodeDirectory();
    const { api } = directory;
    fill(directory, TOKENS_MAX_COUNT - TOKENS_RESERVED_COUNT, 'c');
    await expect(api.createToken(ADMIN_OF_A, REQUEST)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('reserved for tokens with "admin" on all namespaces'),
    });
    await api.createToken(BY_ROOT, REQUEST);
  });

  it('[A58] counts ended tokens until their namespace has closed their sockets', async () => {
    const { api, controls, platform, pass } = lost();
    for (let count = 0; count < TOKENS_PER_NAMESPACE_MAX_COUNT; count++) {
      const { id } = await api.createToken(ADMIN_OF_A, REQUEST);
      await api.revokeToken(ADMIN_OF_A, id);
    }
    await expect(api.createToken(ADMIN_OF_A, REQUEST)).rejects.toMatchObject({
      message: expect.stringMatching(/has 0 tokens, and 1000 ended ones/),
    });
    expect(platform.storage.rows('SELECT COUNT(*) FROM errand')).toEqual([[TOKENS_PER_NAMESPACE_MAX_COUNT]]);
    controls.lost.clear();
    await pass(60_000);
    await api.createToken(ADMIN_OF_A, REQUEST);
  });

  /** A directory with an unreachable namespace. */
  function lost() {
    const directory = new NodeDirectory();
    const { api, controls, platform } = directory;
    platform.storage.run("INSERT INTO namespace (id, state, settings) VALUES ('a', 'there', '{}')");
    controls.lost.add('a');
    return { api, controls, platform, pass: (ms: number) => directory.pass(ms) };
  }

  it('responds only once the result is durable', async () => {
    const { api, platform } = new NodeDirectory();
    platform.storage.failNextSync();
    await expect(api.createToken(BY_ROOT, REQUEST)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(platform.aborts).toHaveLength(1);
  });
});
