import { expect, it } from 'vitest';
import type { DirectoryCaller } from '../../../src/model/directory-api';
import { BY_ROOT, by, refusal, type TestDirectory } from './test-directory';

const ADMIN_OF_A = by({ scope: 'admin', ns: 'a' });

/** Tests every directory's promises about namespaces. */
export function namespaces(subject: () => TestDirectory): void {
  const ids = async (caller: DirectoryCaller = BY_ROOT, page = {}): Promise<string[]> => {
    const { namespaces, next } = await subject().api.listNamespaces(caller, page);
    return [...namespaces.map(({ id }) => id), ...(next === undefined ? [] : [`next=${next}`])];
  };

  it('[N11] has the namespace public from the start and never removes it', async () => {
    const { api } = subject();
    expect(await ids()).toEqual(['public']);
    expect(await api.readNamespace(BY_ROOT, 'public')).toEqual({ id: 'public', retention: {}, limits: {} });
    expect(await api.findNamespace('public')).toEqual({});
    expect((await api.createNamespace(BY_ROOT, { id: 'public' })).created).toBe(false);
    await expect(api.removeNamespace(BY_ROOT, 'public', true)).rejects.toEqual(refusal('CONFLICT'));
    expect(await ids()).toEqual(['public']);
  });

  it('[N1, N11] creates a namespace once, as it is defined', async () => {
    const { api } = subject();
    const definition = {
      id: 'a',
      title: 'Team A',
      placement: { hint: 'weur' as const },
      retention: { maxCount: 10 },
      limits: { instances: 5, perToken: { sockets: 2, watches: 3 } },
    };
    const { created, view } = await api.createNamespace(BY_ROOT, definition);
    expect(created).toBe(true);
    expect(view).toEqual({
      ...definition,
      createdBy: 'root',
      createdAt: expect.any(String),
      updatedAt: view.createdAt,
    });
    expect(await api.findNamespace('a')).toEqual({ placement: { hint: 'weur' } });

    const reordered = { ...definition, limits: { perToken: { watches: 3, sockets: 2 }, instances: 5 } };
    expect(await api.createNamespace(BY_ROOT, reordered)).toEqual({ created: false, view });
    await expect(api.createNamespace(BY_ROOT, { ...definition, title: 'B' })).rejects.toEqual(refusal('CONFLICT'));
    await expect(api.createNamespace(BY_ROOT, { id: 'a' })).rejects.toEqual(refusal('CONFLICT'));
    expect(await api.readNamespace(BY_ROOT, 'a')).toEqual(view);
  });

  it('[N11] replaces members as a whole and removes them by null', async () => {
    const { api } = subject();
    await api.createNamespace(BY_ROOT, { id: 'a', title: 'A', retention: { maxCount: 10, maxBytes: 20 } });
    expect(
      await api.patchNamespace(ADMIN_OF_A, 'a', { retention: { maxCount: 3 }, limits: { sockets: 2 } }),
    ).toMatchObject({ title: 'A', retention: { maxCount: 3 }, limits: { sockets: 2 } });
    const view = await api.patchNamespace(ADMIN_OF_A, 'a', { title: null, retention: null });
    expect(view).toMatchObject({ retention: {}, limits: { sockets: 2 } });
    expect(view.title).toBeUndefined();
    expect(await api.readNamespace(BY_ROOT, 'a')).toEqual(view);
    expect(await api.patchNamespace(BY_ROOT, 'public', { title: 'All' })).toMatchObject({ id: 'public', title: 'All' });
    await expect(api.patchNamespace(BY_ROOT, 'b', {})).rejects.toEqual(refusal('NAMESPACE_NOT_FOUND'));
  });

  it('[N11] lists the namespaces on which the caller has a grant, by id and in pages', async () => {
    const { api } = subject();
    for (const id of ['c', 'b', 'a', 'B-2']) await api.createNamespace(BY_ROOT, { id });
    expect(await ids()).toEqual(['B-2', 'a', 'b', 'c', 'public']);
    expect(await ids(BY_ROOT, { limit: 2 })).toEqual(['B-2', 'a', 'next=a']);
    expect(await ids(BY_ROOT, { limit: 3, after: 'a' })).toEqual(['b', 'c', 'public']);
    const reader = by(
      { scope: 'read', ns: 'b', services: ['g@@s'] },
      { scope: 'register', ns: 'c' },
      { scope: 'metrics', ns: 'a' },
    );
    expect(await ids(reader)).toEqual(['b', 'c']);
    expect(await ids(reader, { limit: 1 })).toEqual(['b', 'next=b']);
    expect(await ids(by({ scope: 'read', ns: '*' }))).toHaveLength(5);
    expect(await ids(by({ scope: 'read', ns: 'd' }))).toEqual([]);
  });

  it('[G12] lists the first ids with their placement, and counts all', async () => {
    const { api } = subject();
    for (const id of ['c', 'a']) await api.createNamespace(BY_ROOT, { id, placement: { hint: 'weur' } });
    const placement = { hint: 'weur' };
    const first = [
      { id: 'a', placement },
      { id: 'c', placement },
    ];
    expect(await api.firstNamespaces(2)).toEqual({ namespaces: first, count: 3 });
    expect(await api.firstNamespaces(9)).toEqual({ namespaces: [...first, { id: 'public' }], count: 3 });
  });

  it('[N11] lets global admins create and remove a namespace, its admins change it, and any holder of a grant read it', async () => {
    const { api } = subject();
    for (const caller of [ADMIN_OF_A, by({ scope: 'operate', ns: '*' }), by({ scope: 'read', ns: '*' })]) {
      await expect(api.createNamespace(caller, { id: 'a' })).rejects.toEqual(refusal('FORBIDDEN'));
      await expect(api.removeNamespace(caller, 'a', true)).rejects.toEqual(refusal('FORBIDDEN'));
    }
    expect(await api.findNamespace('a')).toBeNull();
    await api.createNamespace(by({ scope: 'admin', ns: '*' }), { id: 'a' });
    for (const caller of [by({ scope: 'operate', ns: 'a' }), by({ scope: 'admin', ns: 'b' })]) {
      await expect(api.patchNamespace(caller, 'a', { title: 'x' })).rejects.toEqual(refusal('FORBIDDEN'));
    }
    expect(await api.readNamespace(by({ scope: 'read', ns: 'a', services: ['g@@s'] }), 'a')).toMatchObject({ id: 'a' });
    await expect(api.readNamespace(by({ scope: 'admin', ns: 'b' }), 'a')).rejects.toEqual(refusal('FORBIDDEN'));
    await expect(api.readNamespace(by({ scope: 'admin', ns: 'b' }), 'b')).rejects.toEqual(
      refusal('NAMESPACE_NOT_FOUND'),
    );
  });

  it('[N13] removes an empty namespace, and succeeds where there is none', async () => {
    const { api } = subject();
    await api.createNamespace(BY_ROOT, { id: 'a' });
    await api.removeNamespace(BY_ROOT, 'a', false);
    expect(await api.findNamespace('a')).toBeNull();
    await expect(api.readNamespace(BY_ROOT, 'a')).rejects.toEqual(refusal('NAMESPACE_NOT_FOUND'));
    await api.removeNamespace(BY_ROOT, 'a', false);
    expect((await api.createNamespace(BY_ROOT, { id: 'a', title: 'again' })).created).toBe(true);
  });

  it('[N13] removes a namespace with contents only by force, and its contents with it', async () => {
    const { api, fill } = subject();
    await api.createNamespace(BY_ROOT, { id: 'a' });
    await fill('a');
    await expect(api.removeNamespace(BY_ROOT, 'a', false)).rejects.toEqual(refusal('CONFLICT'));
    expect(await api.findNamespace('a')).toEqual({});
    await api.removeNamespace(BY_ROOT, 'a', true);
    expect(await ids()).toEqual(['public']);
    await api.createNamespace(BY_ROOT, { id: 'a' });
    await api.removeNamespace(BY_ROOT, 'a', false);
  });

  it('[N11] keeps its contents through a restart', async () => {
    await subject().api.createNamespace(BY_ROOT, { id: 'a', title: 'A', placement: { hint: 'oc' } });
    const view = await subject().api.readNamespace(BY_ROOT, 'a');
    await subject().restart();
    expect(await subject().api.readNamespace(BY_ROOT, 'a')).toEqual(view);
    expect(await subject().api.findNamespace('a')).toEqual({ placement: { hint: 'oc' } });
  });
}
