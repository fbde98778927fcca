import { describe, expect, it } from 'vitest';
import { BY_ROOT } from '../../../test/contracts/directory/test-directory';
import { NodeDirectory } from '../../../test/fixtures/node-directory';
import { RegistryError } from '../../model/errors';
import {
  LAST_KNOWN_MAX_AGE_MS,
  NAMESPACE_ABSENCE_MAX_AGE_MS,
  NAMESPACE_ENTRY_MAX_AGE_MS,
  NAMESPACES_REMEMBERED_MAX_COUNT,
} from '../../model/limits';
import { DirectoryReach } from './directory-reach';
import { KnownNamespaces, rememberingDirectory } from './known-namespaces';

function begin() {
  const directory = new NodeDirectory();
  const asked: string[] = [];
  const trouble: { is: RegistryError | undefined } = { is: undefined };
  const now = () => directory.platform.clock.now();
  const known = new KnownNamespaces(
    {
      findNamespace: async (id) => {
        asked.push(id);
        if (trouble.is !== undefined) throw trouble.is;
        return directory.api.findNamespace(id);
      },
    },
    new DirectoryReach({ now }).ask,
    (id, { placement }) => ({ id, placement }),
    now,
  );
  return { directory, known, asked, trouble };
}

describe('KnownNamespaces', () => {
  it('[N16] asks once for an existing namespace while it is cached', async () => {
    const { directory, known, asked } = begin();
    await directory.api.createNamespace(BY_ROOT, { id: 'a', placement: { hint: 'weur' } });
    expect(known.of('a')).toBeInstanceOf(Promise);
    const handle = await known.of('a');
    expect(handle).toEqual({ id: 'a', placement: { hint: 'weur' } });
    directory.platform.jump(NAMESPACE_ENTRY_MAX_AGE_MS - 1);
    expect(known.of('a'), 'at once, and the same').toBe(handle);
    expect(asked).toEqual(['a', 'a']);
    directory.platform.jump(1);
    expect(known.of('a')).toBeInstanceOf(Promise);
    directory.platform.jump(-2 * NAMESPACE_ENTRY_MAX_AGE_MS);
    expect(known.of('a'), 'after a jump back').toBeInstanceOf(Promise);
  });

  it('[N15, N16] opens nothing for an unknown namespace, and caches that for a moment', async () => {
    const { directory, known, asked } = begin();
    expect(await known.of('a')).toBeUndefined();
    expect(known.of('a')).toBeUndefined();
    await directory.api.createNamespace(BY_ROOT, { id: 'a' });
    directory.platform.jump(NAMESPACE_ABSENCE_MAX_AGE_MS - 1);
    expect(known.of('a')).toBeUndefined();
    directory.platform.jump(1);
    expect(await known.of('a')).toMatchObject({ id: 'a' });
    expect(asked).toHaveLength(2);
  });

  it('[N16, N30] uses a cached namespace for 10 minutes while the directory is unreachable, and no longer', async () => {
    const { known, trouble, directory } = begin();
    await known.of('public');
    expect(await known.of('a')).toBeUndefined();
    trouble.is = new RegistryError('UNAVAILABLE', 'out of reach');
    directory.platform.jump(NAMESPACE_ENTRY_MAX_AGE_MS);
    expect(await known.of('public')).toMatchObject({ id: 'public' });
    await expect(known.of('a'), 'it may exist by now').rejects.toMatchObject({ code: 'UNAVAILABLE' });
    directory.platform.jump(LAST_KNOWN_MAX_AGE_MS - NAMESPACE_ENTRY_MAX_AGE_MS - 1);
    expect(await known.of('public')).toMatchObject({ id: 'public' });
    directory.platform.jump(1);
    await expect(known.of('public')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(known.of('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    trouble.is = undefined;
    expect(await known.of('public')).toMatchObject({ id: 'public' });
  });

  it('reflects creations and removals by this isolate at once', async () => {
    const { directory, known } = begin();
    const api = rememberingDirectory(directory.api, known);
    expect(await known.of('a')).toBeUndefined();
    await api.createNamespace(BY_ROOT, { id: 'a' });
    expect(await known.of('a')).toMatchObject({ id: 'a' });
    await api.removeNamespace(BY_ROOT, 'a', false);
    expect(await known.of('a')).toBeUndefined();
  });

  it('[N30] keeps a namespace whose removal failed, even while the directory is unreachable', async () => {
    const { directory, known, trouble } = begin();
    const removeNamespace = () => Promise.reject(trouble.is);
    const api = rememberingDirectory({ ...directory.api, removeNamespace }, known);
    const handle = await known.of('public');
    trouble.is = new RegistryError('FORBIDDEN', 'this needs "admin"');
    await api.removeNamespace(BY_ROOT, 'public', true).catch(() => {});
    expect(known.of('public'), 'nothing to request').toBe(handle);
    trouble.is = new RegistryError('UNAVAILABLE', 'out of reach');
    await api.removeNamespace(BY_ROOT, 'public', true).catch(() => {});
    await api.removeNamespace(BY_ROOT, 'unknown', true).catch(() => {});
    expect(await known.of('public')).toBe(handle);
  });

  it('[N16] asks again for a namespace that may have been removed', async () => {
    const { directory, known } = begin();
    const removeNamespace: typeof directory.api.removeNamespace = async (...asked) => {
      await directory.api.removeNamespace(...asked);
      throw new RegistryError('UNAVAILABLE', 'the response was lost');
    };
    const api = rememberingDirectory({ ...directory.api, removeNamespace }, known);
    await directory.api.createNamespace(BY_ROOT, { id: 'a' });
    expect(await known.of('a')).toMatchObject({ id: 'a' });
    await api.removeNamespace(BY_ROOT, 'a', false).catch(() => {});
    expect(await known.of('a')).toBeUndefined();
  });

  it('[G12] doesn’t look up a namespace that the directory has just listed', async () => {
    const { directory, known, asked } = begin();
    for (const id of ['a', 'b']) await directory.api.createNamespace(BY_ROOT, { id, placement: { hint: 'weur' } });
    const { namespaces, count } = await rememberingDirectory(directory.api, known).firstNamespaces(2);
    expect([namespaces.map(({ id }) => id), count]).toEqual([['a', 'b'], 3]);
    expect(known.of('b')).toEqual({ id: 'b', placement: { hint: 'weur' } });
    expect(asked).toEqual([]);
    await known.of('public');
    expect(asked).toEqual(['public']);
  });

  it('caches a limited number, the most recently used', async () => {
    const { known, asked } = begin();
    for (let number = 0; number <= NAMESPACES_REMEMBERED_MAX_COUNT; number++) await known.of(`ns-${number}`);
    asked.length = 0;
    await known.of('ns-1');
    expect(asked).toEqual([]);
    await known.of('ns-0');
    expect(asked).toEqual(['ns-0']);
  });
});
