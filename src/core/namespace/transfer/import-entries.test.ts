import { expect, it } from 'vitest';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import {
  ADMIN,
  applyStaged,
  exportLines,
  idsOfOrders,
  importLines,
  instanceLine,
  instanceLines,
  planOf,
  stageLines,
} from '../../../../test/fixtures/files';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { utf8Bytes } from '../../../model/bytes';
import { readJsonText } from '../../../model/json';
import {
  ENTRIES_PER_NAMESPACE_MAX_COUNT,
  ENTRY_VALUE_MAX_BYTES,
  IMPORT_ENTRY_SLICE_MAX_BYTES,
  IMPORT_RESUME_MS,
  IMPORT_SLICE_MAX_COUNT,
} from '../../../model/limits';
import type { NamespaceLimits } from '../../../model/namespace';
import { commit } from '../commit/commit';
import { Draft } from '../commit/draft';
import { entryLimitBelow } from './import-entries';

const line = (key: string, value: string, more: object = {}): object => ({ kind: 'entry', key, value, ...more });

/** Returns the keys and values that a namespace has. */
async function valuesOf(namespace: NodeNamespace): Promise<string[]> {
  const { entries } = await new EntryCalls(namespace.api).range();
  return entries.map(({ key, value }) => `${key}=${value}`);
}

/** Puts an entry as a lease holds it. */
function putHeld({ state }: NodeNamespace, key: string): void {
  const draft = new Draft(state, state.time.now());
  draft.entries.put(key, { value: utf8Bytes('held'), lease: 7, facts: null }, 'put');
  commit(state, draft, 'holder');
}

it('[Z8] a merge writes the entries of the file that differ, and leaves all others', async () => {
  const namespace = new NodeNamespace();
  const calls = new EntryCalls(namespace.api);
  await calls.put('changed', 'old');
  await calls.put('other', 'stays');
  await calls.put('same', 'same', {}, 'text/plain');
  await calls.put('type', 'same', {}, 'text/plain');
  const sameBefore = await calls.read('same');
  const lines = [line('added', 'new'), line('changed', 'new'), line('type', 'same'), instanceLine('a')];
  const importId = await stageLines(namespace.api, [...lines, line('same', 'same', { contentType: 'text/plain' })]);
  expect(await planOf(namespace.api, importId, 'merge')).toEqual({
    ...{ added: 2, changed: 2, removed: 0, unchanged: 1 },
    differences: ['+a', '+added', '~changed', '~type'],
  });
  await applyStaged(namespace.api, importId, 'merge');
  expect(await valuesOf(namespace)).toEqual(['added=new', 'changed=new', 'other=stays', 'same=same', 'type=same']);
  expect(await calls.read('same')).toEqual(sameBefore);
  expect(await calls.read('changed')).toMatchObject({ version: 2, createdRevision: 1 });
  const { changes } = await calls.history('changed');
  expect(changes[0]).toMatchObject({ cause: 'imported', actor: ADMIN.tokenId, before: { value: 'old' } });
  const { revision } = namespace.state.journal;
  await importLines(namespace.api, lines, 'merge');
  expect(namespace.state.journal.revision).toBe(revision);
});

it('[Z10] a replace removes the entries that are not in the file, but none that a lease holds', async () => {
  const namespace = new NodeNamespace();
  const calls = new EntryCalls(namespace.api);
  for (const key of ['a', 'b', 'c']) await calls.put(key, 'old');
  putHeld(namespace, 'held');
  putHeld(namespace, 'named');
  const lines = [line('b', 'new'), line('named', 'held'), line('z', 'new')];
  const importId = await stageLines(namespace.api, lines);
  expect(await planOf(namespace.api, importId, 'replace')).toEqual({
    ...{ added: 1, changed: 2, removed: 2, unchanged: 0 },
    differences: ['~b', '~named', '+z', '-a', '-c'],
  });
  await applyStaged(namespace.api, importId, 'replace');
  expect(await valuesOf(namespace)).toEqual(['b=new', 'held=held', 'named=held', 'z=new']);
  expect(namespace.state.entries.get('named')?.lease).toBeNull();
  expect(namespace.state.entries.get('held')?.lease).toBe(7);
});

it('[EL8] an import leaves locks as they are, a replace keeps locked entries, and an export has no locks', async () => {
  const { api } = new NodeNamespace();
  const leases = new LeaseCalls(api);
  const { id } = await leases.grant();
  const { lock } = await leases.acquire('in the file', id, 'before');
  await leases.acquire('not in it', id, 'kept');
  await leases.acquire('released', id);
  await leases.release('released', id, 'gone');
  await importLines(api, [line('in the file', 'after')], 'replace');
  const entries = new EntryCalls(api);
  expect(await entries.keys()).toEqual(['in the file', 'not in it']);
  expect(await entries.read('in the file')).toMatchObject({ value: 'after', lock });
  expect((await leases.read(id)).locks).toEqual([{ key: 'in the file' }, { key: 'not in it' }]);
  expect((await exportLines(api)).map((line) => JSON.parse(line))).toEqual([
    { kind: 'entry', key: 'in the file', value: 'after' },
    { kind: 'entry', key: 'not in it', value: 'kept' },
  ]);
});

it('[Z10] a replace with a file without entries removes all entries, and an instance import alone none', async () => {
  const namespace = new NodeNamespace();
  await new EntryCalls(namespace.api).put('a', 'old');
  await importLines(namespace.api, [instanceLine('a')], 'merge');
  expect(await valuesOf(namespace)).toEqual(['a=old']);
  const importId = await stageLines(namespace.api, [instanceLine('a')]);
  expect(await planOf(namespace.api, importId, 'replace')).toMatchObject({ removed: 1, differences: ['-a'] });
  await applyStaged(namespace.api, importId, 'replace');
  expect(await valuesOf(namespace)).toEqual([]);
});

it('[Z8, Z10] a slice has no more of values, before and after, than may be in memory at once', async () => {
  const namespace = new NodeNamespace();
  const large = 'x'.repeat(ENTRY_VALUE_MAX_BYTES);
  const keys = Array.from({ length: 8 }, (_, index) => `k${String(index).padStart(2, '0')}`);
  const sizes = () => {
    const { entries } = namespace.state.journal;
    const parts = [...entries.partsAfter(0, namespace.state.journal.storedRevision)];
    const bytes = new Map<number, number>();
    for (const { revision, part } of parts) bytes.set(revision, (bytes.get(revision) ?? 0) + part.byteLength);
    return [...bytes.values()];
  };
  await importLines(
    namespace.api,
    keys.map((key) => line(key, large)),
    'merge',
  );
  expect(sizes()).toHaveLength(2);
  await importLines(
    namespace.api,
    keys.map((key) => line(key, 'small')),
    'merge',
  );
  await importLines(
    namespace.api,
    keys.map((key) => line(key, large)),
    'merge',
  );
  await importLines(namespace.api, [], 'replace');
  expect(Math.max(...sizes())).toBeLessThan(IMPORT_ENTRY_SLICE_MAX_BYTES + 100_000);
  expect(sizes().length).toBeGreaterThanOrEqual(8);
  expect(await valuesOf(namespace)).toEqual([]);
});

it('[Z11, I1] continues after a restart in the middle, and ends with all of the file', async () => {
  const namespace = new NodeNamespace();
  const lines = Array.from({ length: 9_000 }, (_, index) => line(`k${index}`, `value ${index}`));
  await new EntryCalls(namespace.api).put('old', 'old');
  const importId = await stageLines(namespace.api, lines);
  const first = await namespace.api.applyImport(ADMIN, { importId, mode: 'replace' });
  expect(readJsonText(first.body).isDone).toBe(false);
  expect(namespace.state.entries.count).toBeLessThan(9_000);
  await namespace.restart();
  await namespace.pass(IMPORT_RESUME_MS + 1);
  await applyStaged(namespace.api, importId, 'replace');
  expect(namespace.state.entries.count).toBe(9_000);
  expect(await exportLines(namespace.api)).toHaveLength(9_000);
  expect(namespace.state.entries.get('k77')?.version).toBe(1);
});

it('[Z7] refuses a key that the file has twice, in the same call and in a later one', async () => {
  const { api } = new NodeNamespace();
  const problem = { code: 'INVALID_REQUEST', message: 'line 3: the entry "a" is already in line 2' };
  await expect(
    stageLines(api, [line('a', '1'), { kind: 'entry', keyBase64: 'YQ==', value: '2' }]),
  ).rejects.toMatchObject(problem);
  await expect(stageLines(api, [line('a', '1'), line('a', '2')], 1)).rejects.toMatchObject(problem);
});

it('[Z7] refuses more entries than a namespace can hold: of the file at a line, and together with others before it begins', async () => {
  const max = ENTRIES_PER_NAMESPACE_MAX_COUNT;
  expect(entryLimitBelow({ entries: max, keyBytes: 1, entryBytes: 1 })).toBeUndefined();
  expect(entryLimitBelow({ entries: max + 1, keyBytes: 1, entryBytes: 1 })).toBe('100000 entries');
  expect(entryLimitBelow({ entries: 1, keyBytes: 2 ** 24 + 1, entryBytes: 1 })).toBe('16777216 bytes of keys');
  expect(entryLimitBelow({ entries: 1, keyBytes: 1, entryBytes: 2 ** 28 + 1 })).toBe('268435456 bytes of entries');
  const key = (index: number) => `${String(index).padStart(4, '0')}${'k'.repeat(4_090)}`;
  const longKeys = (count: number, first = 0) =>
    Array.from({ length: count }, (_, index) => line(key(first + index), ''));
  const namespace = new NodeNamespace();
  await expect(stageLines(namespace.api, longKeys(4_200))).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: expect.stringMatching(/^line 4\d\d\d: the file has more than 16777216 bytes of keys/),
  });
  await importLines(namespace.api, longKeys(2_500), 'merge');
  await expect(importLines(namespace.api, longKeys(2_500, 2_500), 'merge')).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: expect.stringContaining('the namespace would have more than 16777216 bytes of keys'),
  });
  expect(namespace.state.entries.count).toBe(2_500);
  // The same keys need no room, and a replace makes room first.
  await importLines(namespace.api, longKeys(2_500), 'merge');
  await importLines(namespace.api, longKeys(2_500, 2_500), 'replace');
  expect(namespace.state.entries.get(key(0))).toBeUndefined();
  expect(namespace.state.entries.count).toBe(2_500);
});

it('[Z8, Z10, S2] an import of records and entries ends, even if the namespace sleeps after each call', async () => {
  for (const mode of ['merge', 'replace'] as const) {
    const namespace = new NodeNamespace();
    for (const id of ['x', 'y']) await new EntryCalls(namespace.api).put(id, 'old');
    const count = 3 * IMPORT_SLICE_MAX_COUNT;
    const entries = Array.from({ length: count }, (_, index) => line(`k${index}`, 'new'));
    const importId = await stageLines(namespace.api, [...instanceLines(count), ...entries]);
    let calls = 0;
    for (let isDone = false; !isDone; calls++) {
      expect(calls, mode).toBeLessThan(5);
      ({ isDone } = readJsonText((await namespace.api.applyImport(ADMIN, { importId, mode })).body));
      await namespace.hibernate();
    }
    expect(calls, mode).toBeGreaterThan(1);
    expect(idsOfOrders(namespace), mode).toHaveLength(count);
    expect(namespace.state.entries.count, mode).toBe(mode === 'merge' ? count + 2 : count);
  }
});

it('[N25] refuses more entries than the limits of the namespace, before it begins', async () => {
  const namespace = new NodeNamespace();
  const { api } = namespace;
  const lines = [line('a', '1'), line('b', '2')];
  const configure = (limits: NamespaceLimits) => namespace.configure({ retention: {}, limits });
  await configure({ entries: 1 });
  const refused = (name: string) => ({ code: 'LIMIT_EXCEEDED', message: expect.stringContaining(name) });
  await expect(importLines(api, lines, 'merge')).rejects.toMatchObject(refused('limits.entries '));
  await configure({ entryBytes: 3 });
  await expect(importLines(api, lines, 'replace')).rejects.toMatchObject(refused('limits.entryBytes '));
  await configure({ entries: 2, entryBytes: 4 });
  await importLines(api, lines, 'merge');
  expect(await new EntryCalls(api).keys()).toEqual(['a', 'b']);
});
