import { describe, expect, it, vi } from 'vitest';
import { OWNER } from '../../../../test/fixtures/callers';
import { ALL, EntryCalls, keyOf } from '../../../../test/fixtures/entry-calls';
import { HandPlatform } from '../../../../test/fixtures/hand-platform';
import { settle } from '../../../../test/simulation/virtual-time';
import { intervalOf, intervalOfPrefix, type KeyInterval } from '../../../model/key-interval';
import {
  ENTRIES_UNWRITTEN_MAX_BYTES,
  ENTRY_DELETIONS_KNOWN_MAX_COUNT,
  ENTRY_VALUE_MAX_BYTES,
  LIST_TEXT_MAX_BYTES,
} from '../../../model/limits';
import { Registry } from '../core';
import { wake } from '../wake';

function begin() {
  const platform = new HandPlatform();
  const { state, hub } = wake(platform);
  const registry = new Registry(state, hub);
  return { platform, registry, entries: state.entries, calls: new EntryCalls(registry) };
}

describe('putEntry and readEntry', () => {
  it('[KV1, KV2] return what was put, with its numbers', async () => {
    const { registry, calls } = begin();
    const command = { key: keyOf('größe'), value: keyOf('日本'), contentType: 'text/plain', precondition: {} };
    const put = await registry.putEntry(OWNER, command);
    expect(put).toMatchObject({ created: true });
    const numbers = { createdRevision: 1, revision: 1, version: 1, bytes: 6, contentType: 'text/plain' };
    expect(JSON.parse(put.body)).toEqual({ key: 'größe', ...numbers });
    expect(await calls.read('größe')).toEqual({ key: 'größe', value: '日本', ...numbers });
    expect(await registry.putEntry(OWNER, command)).toMatchObject({ created: false });
    expect(await calls.read('größe')).toMatchObject({ createdRevision: 1, revision: 2, version: 2 });
  });

  it('[KV1] keep bytes that are no text', async () => {
    const { registry } = begin();
    const key = '\u0000\u00ff';
    await registry.putEntry(OWNER, { key, value: '\u0000\u00ff\u0000', precondition: {} });
    const { body } = await registry.readEntry({ key });
    expect(JSON.parse(body ?? '')).toMatchObject({ keyBase64: 'AP8=', valueBase64: 'AP8A', bytes: 3 });
  });

  it('report an absent entry by its key', async () => {
    const { calls } = begin();
    await expect(calls.read('größe')).rejects.toMatchObject({
      code: 'ENTRY_NOT_FOUND',
      message: 'there is no entry "größe"; check the key, or PUT it',
    });
    await calls.put('größe', '');
    const cursor = await calls.delete('größe');
    await expect(calls.read('größe')).rejects.toMatchObject({ code: 'ENTRY_NOT_FOUND' });
    expect(await calls.delete('größe')).toBe(cursor);
  });

  it('[KV3, Q4] change nothing if the precondition fails', async () => {
    const { registry, calls } = begin();
    const cursor = await calls.put('a', 'first');
    for (const precondition of [{ absent: true }, { revision: 7 }]) {
      await expect(calls.put('a', 'second', precondition)).rejects.toMatchObject({ code: 'REVISION_MISMATCH' });
      await expect(calls.delete('a', precondition)).rejects.toMatchObject({ code: 'REVISION_MISMATCH' });
    }
    expect((await registry.stats()).cursor).toBe(cursor);
    expect(await calls.read('a')).toMatchObject({ value: 'first', version: 1 });
  });

  it('[KV7] wait until the disk has caught up, so that large values do not pile up in memory', async () => {
    const { platform, calls, entries } = begin();
    const value = 'x'.repeat(ENTRY_VALUE_MAX_BYTES);
    platform.storage.hold();
    const puts = Array.from({ length: 40 }, (_, index) => calls.put(`key-${index}`, value));
    // All were called before anything could be written.
    expect(entries.unwrittenBytes).toBeGreaterThan(ENTRIES_UNWRITTEN_MAX_BYTES);
    expect(entries.unwrittenBytes).toBeLessThanOrEqual(ENTRIES_UNWRITTEN_MAX_BYTES + ENTRY_VALUE_MAX_BYTES);
    await settle();
    expect(entries.count).toBeLessThan(puts.length / 2);
    platform.storage.release();
    await Promise.all(puts);
    expect(entries.unwrittenBytes).toBe(0);
    expect((await calls.range({ keysOnly: true })).count).toBe(40);
  });

  it('[KV7] that waited use the room one after the other', async () => {
    const { platform, calls, entries } = begin();
    const value = 'x'.repeat(ENTRY_VALUE_MAX_BYTES);
    platform.storage.hold();
    const puts = Array.from({ length: 60 }, (_, index) => calls.put(`key-${index}`, value));
    await settle();
    let most = 0;
    const { put } = entries;
    vi.spyOn(entries, 'put').mockImplementation((entry) => {
      const write = put.call(entries, entry);
      most = Math.max(most, entries.unwrittenBytes);
      return write;
    });
    platform.storage.release();
    await Promise.all(puts);
    expect(most).toBeGreaterThan(ENTRIES_UNWRITTEN_MAX_BYTES);
    expect(most).toBeLessThanOrEqual(ENTRIES_UNWRITTEN_MAX_BYTES + ENTRY_VALUE_MAX_BYTES);
  });

  it('[Q2] return nothing new until the entry changes', async () => {
    const { registry, calls } = begin();
    const cursor = await calls.put('a', 'first');
    await calls.put('b', 'other');
    const again = () => registry.readEntry({ key: 'a', ifNoneMatch: cursor });
    expect((await again()).body).toBeNull();
    await calls.put('a', 'second');
    expect((await again()).body).not.toBeNull();
  });
});

describe('rangeEntries', () => {
  it('[KV4] returns a prefix in the order of bytes, with a limit, a count, and without values', async () => {
    const { calls } = begin();
    for (const key of ['b', 'config/z', 'config/a', 'config', 'config/ä', 'config0']) await calls.put(key, key);
    expect(await calls.keys({ interval: intervalOfPrefix('config/') })).toEqual(['config/a', 'config/z', 'config/ä']);
    expect(await calls.keys({ descending: true, limit: 2 })).toEqual(['config0', 'config/ä']);
    const limited = await calls.range({ limit: 2, keysOnly: true });
    expect(limited).toMatchObject({ count: 6, more: true, entries: [{ key: 'b', bytes: 1 }, { key: 'config' }] });
    expect(limited.entries[0]).not.toHaveProperty('value');
    expect(await calls.range({ countOnly: true })).toEqual({ entries: [], count: 6, more: false });
    expect(await calls.range({ interval: intervalOfPrefix('none') })).toEqual({ entries: [], count: 0, more: false });
  });

  it('[KV4] finds the oldest under a prefix, as an election does', async () => {
    const { calls } = begin();
    for (const key of ['lock/c', 'lock/a', 'lock/b']) await calls.put(key, '');
    await calls.delete('lock/c');
    await calls.put('lock/c', '');
    const oldest = { interval: intervalOfPrefix('lock/'), order: 'createdRevision', limit: 1 } as const;
    expect(await calls.keys(oldest)).toEqual(['lock/a']);
    expect(await calls.keys({ ...oldest, descending: true })).toEqual(['lock/c']);
  });

  it('[KV4, V8] ends at 8 MiB of text, in any order and at any revision', async () => {
    const { calls } = begin();
    const value = 'x'.repeat(ENTRY_VALUE_MAX_BYTES);
    let cursor = '';
    for (let index = 10; index < 30; index++) cursor = await calls.put(`key-${index}`, value);
    await calls.put('key-10', 'small');
    for (const command of [{}, { descending: true }, { order: 'revision' as const }, { at: cursor }]) {
      const range = await calls.range(command);
      expect(JSON.stringify(range).length).toBeLessThan(LIST_TEXT_MAX_BYTES + 100);
      expect(range.count).toBe(20);
      expect(range.more).toBe(true);
      expect(range.entries.length).toBeGreaterThanOrEqual(15);
    }
    // The rest follows from the last key.
    const first = await calls.range();
    const from = `${first.entries.at(-1)?.key}\u0000`;
    const rest = await calls.range({ interval: { from, to: undefined } });
    expect([first.entries.length + rest.entries.length, rest.more]).toEqual([20, false]);
  });

  it('[Q2, P1] returns nothing new until an entry of the range changes', async () => {
    const { registry, calls } = begin();
    await calls.put('b', '');
    const cursor = await calls.put('a', 'first');
    const again = async (interval = intervalOf('a'), ifNoneMatch = cursor) =>
      (await registry.rangeEntries({ interval, ifNoneMatch })).body;
    expect([await again(), await again(ALL)]).toEqual([null, null]);
    await calls.put('b', 'new');
    await calls.put('c', '');
    await calls.delete('b');
    expect(await again()).toBeNull();
    expect(await again(ALL)).not.toBeNull();
    const { cursor: later } = await registry.stats();
    await calls.delete('a');
    expect(await again()).toBe('{"entries":[],"count":0,"more":false}');
    expect(await again(intervalOf('c'), later)).toBeNull();
  });

  it('[Q2] and readEntry return nothing new until an entry of the range changes after a revision', async () => {
    const { registry, calls } = begin();
    for (const key of ['a', 'b', 'c']) await calls.put(key, '');
    const changed = async (interval: KeyInterval, ifChangedAfter: number) =>
      (await registry.rangeEntries({ interval, ifChangedAfter })).body !== null;
    expect([await changed(intervalOf('b'), 1), await changed(intervalOf('b'), 2)]).toEqual([true, false]);
    expect([await changed(intervalOf('none'), 0), await changed(ALL, 2), await changed(ALL, 3)]).toEqual([
      false,
      true,
      false,
    ]);
    expect((await registry.readEntry({ key: 'b', ifChangedAfter: 2 })).body).toBeNull();
    expect((await registry.readEntry({ key: 'b', ifChangedAfter: 1 })).body).not.toBeNull();
    expect(await changed(intervalOf('none'), 4)).toBe(true);
  });

  it('[Q2] returns a range anew if there were more deletions since than are known, or a sleep', async () => {
    const { platform, registry, calls } = begin();
    const cursor = await calls.put('a', 'first');
    const again = async (asked = registry) =>
      (await asked.rangeEntries({ interval: intervalOf('a'), ifNoneMatch: cursor })).body;
    for (let count = 0; count < ENTRY_DELETIONS_KNOWN_MAX_COUNT; count++) {
      await calls.put('other', '');
      await calls.delete('other');
    }
    expect(await again()).toBeNull();
    await settle();
    const { state, hub } = wake(platform);
    expect(await again(new Registry(state, hub))).not.toBeNull();
    await calls.put('other', '');
    await calls.delete('other');
    expect(await again()).not.toBeNull();
  });

  it('[KV7, I8] writes nothing', async () => {
    const { platform, calls } = begin();
    const cursor = await calls.put('a', 'first');
    await calls.put('a', 'second');
    platform.storage.takeWritten();
    await calls.range();
    await calls.range({ at: cursor });
    await calls.read('a');
    await calls.history('a');
    expect(platform.storage.takeWritten()).toEqual({});
  });
});

describe('the past of entries', () => {
  it('[KV5, J6] is read at a cursor or a time', async () => {
    const { platform, calls } = begin();
    platform.jump(1_000);
    const first = await calls.put('a', 'first');
    const time = new Date(platform.clock.now()).toISOString();
    platform.jump(1_000);
    await calls.put('a', 'second');
    await calls.put('b', '');
    for (const at of [first, time]) {
      expect(await calls.read('a', at)).toMatchObject({ value: 'first', revision: 1 });
      await expect(calls.read('b', at)).rejects.toMatchObject({ code: 'ENTRY_NOT_FOUND' });
      expect(await calls.keys({ at })).toEqual(['a']);
    }
    await expect(calls.read('a', 'cnowhere.1.1')).rejects.toMatchObject({ code: 'COMPACTED' });
  });

  it('[KV6, J1] is a list of changes with cause, actor and time, newest first', async () => {
    const { calls } = begin();
    await calls.put('a', 'first', {}, 'text/plain');
    await calls.put('b', 'other');
    await calls.put('a', 'second');
    await calls.delete('a');
    const { changes, next, compacted } = await calls.history('a');
    expect([next, compacted]).toEqual([undefined, false]);
    expect(changes).toMatchObject([
      { revision: 4, cause: 'deleted', actor: OWNER.tokenId, before: { value: 'second', version: 2 }, after: null },
      { revision: 3, cause: 'put', before: { value: 'first', contentType: 'text/plain' }, after: { value: 'second' } },
      { revision: 1, cause: 'put', before: null, after: { value: 'first', createdRevision: 1 } },
    ]);
    const page = await calls.history('a', { limit: 2 });
    expect(page.changes).toEqual(changes.slice(0, 2));
    expect(await calls.history('a', { after: page.next })).toEqual({ changes: changes.slice(2), compacted: false });
    expect(await calls.history('never')).toEqual({ changes: [], compacted: false });
    await expect(calls.history('a', { after: 'x y' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
