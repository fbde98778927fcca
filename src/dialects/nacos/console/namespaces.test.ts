import { beforeEach, describe, expect, it } from 'vitest';
import { BY_ROOT } from '../../../../test/contracts/directory/test-directory';
import { eachRow } from '../../../../test/fixtures/every-row';
import { NodeDirectory } from '../../../../test/fixtures/node-directory';
import type { DirectoryApi } from '../../../model/directory-api';
import {
  createNamespace,
  findNamespace,
  listedNamespaces,
  removeNamespace,
  renameNamespace,
  shownNamespace,
} from './namespaces';

let directory: DirectoryApi;
beforeEach(() => {
  directory = new NodeDirectory().api;
});

const make = (id: string, name = 'name') => createNamespace(directory, BY_ROOT, { id, name });
const shown = async (publicId: '' | 'public' = '') =>
  (await listedNamespaces(directory, BY_ROOT)).map((view) => shownNamespace(view, publicId));

describe('namespaces of consoles', () => {
  it('[Y13] start with public, which has no id before Nacos 3', async () => {
    await make('a-first');
    expect(await shown()).toEqual([
      {
        namespace: '',
        namespaceShowName: 'public',
        namespaceDesc: 'Default Namespace',
        quota: 200,
        configCount: 0,
        type: 0,
      },
      { namespace: 'a-first', namespaceShowName: 'name', namespaceDesc: '', quota: 200, configCount: 0, type: 2 },
    ]);
    expect((await shown('public'))[0]?.namespace).toBe('public');
  });

  it('[Y13] are created, with a generated id by default, and not twice', async () => {
    expect(await make('dev', 'Development')).toBeUndefined();
    expect(await make('dev', 'Development')).toMatchObject({ details: { dialectCode: 22_002 } });
    expect(await make('dev', 'Other')).toMatchObject({ details: { dialectCode: 22_002 } });
    expect(await make('public')).toMatchObject({ details: { dialectCode: 22_002 } });
    expect(await make('', 'Anonymous')).toBeUndefined();
    const names = (await shown()).map(({ namespaceShowName }) => namespaceShowName);
    expect(names.sort()).toEqual(['Anonymous', 'Development', 'public']);
  });

  it('[Y13] have valid ids and names', () =>
    eachRow(
      [
        ['a b', 'name'],
        ['x'.repeat(65), 'name'],
        ['ok', ''],
        ['ok', 'a@b'],
        ['ok', 'x'.repeat(201)],
      ],
      async (id, name) => {
        expect(await make(id, name)).toMatchObject({ details: { dialectCode: 22_000 } });
        expect(await shown()).toHaveLength(1);
      },
    ));

  it('[Y13] are renamed if they exist', async () => {
    await make('dev');
    const rename = (id: string, name: string) => renameNamespace(directory, BY_ROOT, { id, name });
    expect(await rename('dev', 'Development')).toBeUndefined();
    expect(await rename('', 'Main')).toBeUndefined();
    expect(await rename('gone', 'Gone')).toMatchObject({ details: { dialectCode: 22_001 } });
    expect(await rename('dev', '#')).toMatchObject({ details: { dialectCode: 22_000 } });
    expect((await shown()).map(({ namespaceShowName }) => namespaceShowName)).toEqual(['Main', 'Development']);
    expect((await findNamespace(directory, BY_ROOT, 'dev'))?.title).toBe('Development');
    expect((await findNamespace(directory, BY_ROOT, ''))?.id).toBe('public');
    expect(await findNamespace(directory, BY_ROOT, 'gone')).toBeUndefined();
  });

  it('[Y13] are removed if empty, except public', async () => {
    await make('dev');
    expect(await removeNamespace(directory, BY_ROOT, 'dev')).toBeUndefined();
    expect(await removeNamespace(directory, BY_ROOT, 'gone')).toBeUndefined();
    expect(await removeNamespace(directory, BY_ROOT, '')).toMatchObject({ details: { dialectCode: 20_005 } });
    expect(await shown()).toHaveLength(1);
  });

  it('[Y13, I9] are refused to unauthorized callers', async () => {
    const reader = { principal: { tokenId: 'r', grants: [{ scope: 'read', ns: 'public' }] } } as const;
    const denied = expect.objectContaining({ code: 'FORBIDDEN' });
    await expect(createNamespace(directory, reader, { id: 'x', name: 'x' })).rejects.toEqual(denied);
    await expect(renameNamespace(directory, reader, { id: 'public', name: 'x' })).rejects.toEqual(denied);
    await expect(removeNamespace(directory, reader, 'x')).rejects.toEqual(denied);
    await expect(findNamespace(directory, reader, 'x')).rejects.toEqual(denied);
  });
});
