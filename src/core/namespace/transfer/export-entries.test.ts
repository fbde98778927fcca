import { describe, expect, it, vi } from 'vitest';
import { OWNER } from '../../../../test/fixtures/callers';
import { ALL, EntryCalls } from '../../../../test/fixtures/entry-calls';
import { exportLines, importLines, instanceLine } from '../../../../test/fixtures/files';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { SeededRandom } from '../../../../test/simulation/seeded-random';
import { utf8Bytes } from '../../../model/bytes';
import { RecordLine } from '../../../model/export-line';
import { readJsonText } from '../../../model/json';
import {
  ENTRY_KEY_MAX_BYTES,
  ENTRY_VALUE_MAX_BYTES,
  EXPORT_PART_MAX_BYTES,
  IMPORT_ENTRY_LINE_MAX_BYTES,
} from '../../../model/limits';
import { commit } from '../commit/commit';
import { Draft } from '../commit/draft';

const bytes = (random: SeededRandom, length: number): string =>
  String.fromCharCode(...Array.from({ length }, () => random.whole(0, 255)));

const put = (namespace: NodeNamespace, key: string, value: string, contentType?: string) =>
  namespace.api.putEntry(OWNER, { key, value, contentType, precondition: {} });

const linesOf = async ({ api }: NodeNamespace): Promise<Record<string, unknown>[]> =>
  (await exportLines(api)).map((line) => JSON.parse(line));

describe('an export of entries', () => {
  it('[Z5] has keys and values as text, or as base64 where they are no text, in the order of the keys', async () => {
    const namespace = new NodeNamespace();
    await put(namespace, 'z', '', 'text/plain');
    await put(namespace, 'a/"json"', '{"a":"\\n"}\n', 'application/json');
    await put(namespace, '\u00ff\u0000', 'a\u0000b');
    await put(namespace, 'control', '\u0001\u0002\u0003\u0004\u0005\u0006');
    await importLines(namespace.api, [instanceLine('first')], 'merge');
    expect(await linesOf(namespace)).toEqual([
      expect.objectContaining({ kind: 'instance', id: 'first' }),
      { kind: 'entry', key: 'a/"json"', value: '{"a":"\\n"}\n', contentType: 'application/json' },
      { kind: 'entry', key: 'control', valueBase64: 'AQIDBAUG' },
      { kind: 'entry', key: 'z', value: '', contentType: 'text/plain' },
      { kind: 'entry', keyBase64: '/wA=', valueBase64: 'YQBi' },
    ]);
  });

  it.each([1, 2, 3, 4])('[Z12] imported elsewhere, exports to the same lines, with seed %i', async (seed) => {
    const random = new SeededRandom(seed);
    const [one, other] = [new NodeNamespace(), new NodeNamespace()];
    for (let index = 0; index < 150; index++) {
      const value = random.chance(0.5) ? bytes(random, random.whole(0, 2_000)) : 'ü {"}\n'.repeat(random.whole(0, 90));
      const utf8 = String.fromCharCode(...utf8Bytes(value));
      const type = random.chance(0.3) ? 'text/plain; charset="utf-8"' : undefined;
      await put(one, bytes(random, random.whole(1, 9)), random.chance(0.5) ? utf8 : bytes(random, 99), type);
    }
    const lines = await exportLines(one.api);
    await importLines(other.api, lines, 'replace');
    expect(await exportLines(other.api)).toEqual(lines);
    const range = async ({ api }: NodeNamespace) => {
      const { body } = await api.rangeEntries({ interval: ALL });
      const { entries } = body === null ? { entries: [] } : readJsonText(body);
      return entries.map(({ revision: _r, createdRevision: _c, version: _v, ...entry }) => entry);
    };
    expect(await range(other)).toEqual(await range(one));
  });

  it('[Z5] has everything at one cursor, whatever changes between the parts', async () => {
    const namespace = new NodeNamespace();
    const calls = new EntryCalls(namespace.api);
    const key = (index: number) => `k${String(index).padStart(4, '0')}`;
    for (let index = 0; index < 60; index++) await calls.put(key(index), `${index}`.repeat(40_000));
    const expected = await exportLines(namespace.api);
    const first = await namespace.api.exportPart({});
    const { header, lines: none, next } = readJsonText(first.body);
    expect(header?.counts).toEqual({ services: 0, overrides: 0, instances: 0, entries: 60 });
    expect(none).toBe('');
    const lines: string[] = [];
    let after = next;
    for (let part = 0; after !== undefined; part++) {
      // Large values become small, so that a part has more of them than fit; others are deleted or created.
      for (let index = 0; index < 60; index++) await calls.put(key(index), 'small');
      await calls.delete(key(50 - part));
      await calls.put(`k0010${part}`, 'new');
      const { cursor, body } = await namespace.api.exportPart({ after });
      expect(cursor).toBe(first.cursor);
      const more = readJsonText(body);
      expect(more.lines.length).toBeLessThan(EXPORT_PART_MAX_BYTES + 100_000);
      lines.push(more.lines);
      after = more.next;
    }
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.join('').trim().split('\n')).toEqual(expected);
  });

  it('[Z5] lets other calls run between its parts, and counts the entries only once', async () => {
    const namespace = new NodeNamespace();
    for (let index = 0; index < 5; index++) await put(namespace, `k${index}`, 'x'.repeat(ENTRY_VALUE_MAX_BYTES));
    const nextTurn = vi.spyOn(namespace.state.platform, 'nextTurn');
    const within = vi.spyOn(namespace.state.entries, 'within');
    let parts = 0;
    for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
      after = readJsonText((await namespace.api.exportPart({ after })).body).next;
      parts += 1;
    }
    expect(parts).toBe(4);
    expect(nextTurn).toHaveBeenCalledTimes(parts - 1);
    expect(within.mock.calls.filter(([{ from, to }]) => from === '' && to === undefined)).toHaveLength(2);
  });

  it('[Z5] leaves out entries that a lease holds', async () => {
    const namespace = new NodeNamespace();
    await put(namespace, 'plain', '1');
    const { state } = namespace;
    const draft = new Draft(state, state.time.now());
    draft.entries.put('held', { value: utf8Bytes('1'), lease: 7, facts: null }, 'put');
    commit(state, draft, 'holder');
    const { header } = readJsonText((await namespace.api.exportPart({})).body);
    expect(header?.counts.entries).toBe(1);
    expect(await linesOf(namespace)).toMatchObject([{ key: 'plain' }]);
  });

  it('[Z5, Z7] has no line that an import would refuse for its length, and none that it reads differently', async () => {
    const namespace = new NodeNamespace();
    const fill = (text: string) => text.repeat(ENTRY_VALUE_MAX_BYTES / text.length);
    const values = [fill('"'), fill('\\'), fill('\u0001'), fill('\u0000\u00ff'), fill('\u00c3\u00bc'), fill('a\u0001')];
    for (const [index, value] of values.entries()) {
      const key = [fill('"'), fill('\u0001'), fill('\u00ff')][index % 3]?.slice(0, ENTRY_KEY_MAX_BYTES - 1);
      await put(namespace, `${key}${index}`, value, 'x'.repeat(255));
    }
    const lines = await exportLines(namespace.api);
    expect(Math.max(...lines.map((line) => utf8Bytes(line).length))).toBeLessThanOrEqual(IMPORT_ENTRY_LINE_MAX_BYTES);
    const read = lines.map((line) => RecordLine.parse(JSON.parse(line)));
    expect(new Set(read.map((record) => record.kind === 'entry' && record.value))).toEqual(new Set(values));
  });

  it('[Z5] refuses to continue from a position it did not return', async () => {
    const { api } = new NodeNamespace();
    for (const after of ['["x",""]', '["c",1]', '["c","a"]', '["c","a"']) {
      await expect(api.exportPart({ after })).rejects.toMatchObject({
        code: expect.stringMatching(/REQUEST|COMPACTED/),
      });
    }
  });
});
