import { describe, expect, it } from 'vitest';
import { BY_ROOT } from '../../../test/contracts/directory/lent-directory';
import { NodeDirectory } from '../../../test/fixtures/node-directory';
import { readTokenText, secretDigest } from '../../auth/token-text';
import type { Grant } from '../../model/grant';
import { TOKENS_MAX_COUNT } from '../../model/limits';

const REQUEST = { name: 't', grants: [{ scope: 'read', ns: 'a' }] satisfies Grant[], pathWrite: false };

describe('Tokens', () => {
  it('[A21] keeps nothing of a secret, or of a ticket, but its digest', async () => {
    const { api, platform } = new NodeDirectory();
    const first = await api.createToken(BY_ROOT, REQUEST);
    const second = await api.rotateToken(BY_ROOT, first.id, { overlapMs: 1_000 });
    const { ticket } = await api.createTicket(BY_ROOT);
    const stored = ['token', 'ticket', 'audit', 'errand', 'property', 'namespace']
      .flatMap((table) => platform.storage.rows(`SELECT * FROM ${table}`))
      .join('\n');
    for (const { token } of [first, second]) {
      const { id, secret = '' } = readTokenText(token) ?? {};
      expect(id).toBe(first.id);
      expect(stored).not.toContain(secret);
      expect(stored).toContain(await secretDigest(secret));
    }
    expect(stored).not.toContain(ticket);
    expect(stored).toContain(await secretDigest(ticket));
    expect(JSON.stringify(platform.logs)).not.toContain('rc_');
  });

  it('[A25] writes the use of a token down at most once an hour, and nothing for a wrong secret', async () => {
    const { api, platform } = new NodeDirectory();
    const { id, token } = await api.createToken(BY_ROOT, REQUEST);
    const digest = await secretDigest(readTokenText(token)?.secret ?? '');
    platform.storage.takeWritten();
    await api.verify(id, digest.toLowerCase());
    await api.verify('nobody', digest);
    expect(platform.storage.takeWritten()).toEqual({});
    for (let minute = 0; minute < 120; minute++) {
      await api.verify(id, digest);
      platform.jump(60_000);
    }
    const rows = Object.values(platform.storage.takeWritten()).reduce((sum, count) => sum + count, 0);
    expect(rows).toBe(2);
  });

  it('[A26] leaves no ticket of a token that was revoked', async () => {
    const { api, platform } = new NodeDirectory();
    const { id, grants } = await api.createToken(BY_ROOT, REQUEST);
    await api.createTicket({ principal: { tokenId: id, grants } });
    await api.revokeToken(BY_ROOT, id);
    expect(platform.storage.rows('SELECT token FROM ticket')).toEqual([]);
  });

  it('takes a limited number of tokens', async () => {
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

  it('waits for what it answers to be durable', async () => {
    const { api, platform } = new NodeDirectory();
    platform.storage.failNextSync();
    await expect(api.createToken(BY_ROOT, REQUEST)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(platform.aborts).toHaveLength(1);
  });
});
