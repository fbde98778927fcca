import { expect, it } from 'vitest';
import { BY_ROOT, by, refusal, type TestDirectory } from './test-directory';

/** Tests every directory's promises about the audit trail. */
export function audit(subject: () => TestDirectory): void {
  const story = async (query = {}): Promise<string[]> => {
    const { entries, next } = await subject().api.readAudit(BY_ROOT, query);
    const lines = entries.map(({ action, ns = '-', target = '-', outcome }) => `${action} ${ns} ${target} ${outcome}`);
    return next === undefined ? lines : [...lines, `next=${next}`];
  };

  it('[A27] records every change of namespaces and tokens, and no refused change', async () => {
    const { api } = subject();
    await api.createNamespace(BY_ROOT, { id: 'a' });
    await api.createNamespace(BY_ROOT, { id: 'a' });
    await expect(api.createNamespace(BY_ROOT, { id: 'a', title: 'x' })).rejects.toEqual(refusal('CONFLICT'));
    await api.patchNamespace(BY_ROOT, 'a', { title: 'A' });
    await api.patchNamespace(BY_ROOT, 'a', { title: 'A' });
    const request = { name: 'both', grants: [{ scope: 'read' as const, ns: 'a' }], pathWrite: false };
    const { id } = await api.createToken(BY_ROOT, request);
    await expect(api.createToken(by({ scope: 'operate', ns: 'a' }), request)).rejects.toEqual(refusal('FORBIDDEN'));
    const all = await api.createToken(BY_ROOT, { ...request, grants: [{ scope: 'read', ns: '*' }] });
    await api.rotateToken(BY_ROOT, id, { overlapMs: 0 });
    await api.revokeToken(BY_ROOT, id);
    await api.revokeToken(BY_ROOT, id);
    await api.removeNamespace(BY_ROOT, 'a', false);
    await api.removeNamespace(BY_ROOT, 'a', false);
    expect(await story()).toEqual([
      'namespace-deleted a - done',
      `token-revoked a ${id} done`,
      `token-rotated a ${id} done`,
      `token-created - ${all.id} done`,
      `token-created a ${id} done`,
      'namespace-changed a - done',
      'namespace-created a - done',
    ]);
    const { entries } = await api.readAudit(BY_ROOT, { limit: 1 });
    expect(entries).toEqual([
      expect.objectContaining({ id: 7, actor: 'root', address: '198.51.100.7', at: expect.stringMatching(/Z$/) }),
    ]);
  });

  it('[A27] stores an entry when an action begins, and its outcome the first time that it is reported', async () => {
    const { api } = subject();
    const note = { action: 'drained' as const, actor: 't', ns: 'a', target: 'g@@s/i', detail: 'by hand' };
    const first = await api.beginAudit(note);
    const second = await api.beginAudit({ ...note, address: '192.0.2.1' });
    expect(second - first).toBe(1);
    await api.endAudit(first, {});
    await api.endAudit(first, { code: 'INSTANCE_NOT_FOUND' });
    await api.endAudit(999, {});
    await subject().restart();
    const { entries } = await subject().api.readAudit(BY_ROOT, {});
    expect(entries).toEqual([
      { id: second, at: expect.any(String), ...note, address: '192.0.2.1', outcome: 'begun' },
      { id: first, at: expect.any(String), ...note, outcome: 'done' },
    ]);
  });

  it('[A56] keeps no entry for an action that was refused or changed nothing, and uses no number twice', async () => {
    const { api } = subject();
    const begin = () => api.beginAudit({ action: 'changed', actor: 't', ns: 'a' });
    const [refused, kept, unchanged] = [await begin(), await begin(), await begin()];
    await api.endAudit(refused, { code: 'FORBIDDEN' });
    await api.endAudit(unchanged, { isUnchanged: true });
    await subject().restart();
    const next = await subject().api.beginAudit({ action: 'changed', actor: 't', ns: 'a' });
    expect(next).toBe(unchanged + 1);
    await subject().api.endAudit(unchanged, { code: 'CONFLICT' });
    expect((await subject().api.readAudit(BY_ROOT, {})).entries.map(({ id }) => id)).toEqual([next, kept]);
  });

  it('[A27] returns entries in pages, newest first, of all namespaces or of one', async () => {
    const { api } = subject();
    for (const ns of ['a', 'b', 'a', 'b', 'a']) await api.beginAudit({ action: 'changed', actor: 't', ns, target: ns });
    const [a, b] = ['changed a a begun', 'changed b b begun'];
    expect(await story({ limit: 2 })).toEqual([a, b, 'next=4']);
    expect(await story({ limit: 3, after: '4' })).toEqual([a, b, a]);
    expect(await story({ ns: 'a', limit: 2 })).toEqual([a, a, 'next=3']);
    expect(await story({ ns: 'a', after: '3' })).toEqual([a]);
    expect(await story({ ns: 'c' })).toEqual([]);
    await expect(api.readAudit(BY_ROOT, { after: 'x' })).rejects.toEqual(refusal('INVALID_REQUEST'));
  });

  it('[A27] lets only an admin of a namespace read its entries', async () => {
    const { api } = subject();
    const adminOfA = by({ scope: 'admin', ns: 'a' });
    expect(await api.readAudit(adminOfA, { ns: 'a' })).toEqual({ entries: [] });
    await expect(api.readAudit(adminOfA, { ns: 'b' })).rejects.toEqual(refusal('FORBIDDEN'));
    await expect(api.readAudit(adminOfA, {})).rejects.toEqual(refusal('FORBIDDEN'));
    await expect(api.readAudit(by({ scope: 'operate', ns: '*' }), { ns: 'a' })).rejects.toEqual(refusal('FORBIDDEN'));
  });
}
