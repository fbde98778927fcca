import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { settle } from '../../../../test/simulation/virtual-time';
import { utf8Bytes, utf8Text } from '../../../model/bytes';
import { ENTRY_CACHE_MAX_BYTES, ENTRY_VALUE_MAX_BYTES } from '../../../model/limits';
import type { EntryStore } from './entry-store';

const ALL = { from: '', to: undefined };

function put(awake: AwakeNamespace, key: string, text: string): void {
  awake.commit(({ entries }) =>
    entries.put(key, { value: utf8Bytes(text), lease: null, facts: { actor: 'a' } }, 'put'),
  );
}

function remove(awake: AwakeNamespace, key: string): void {
  awake.commit(({ entries }) => entries.delete(key, 'deleted'));
}

const textOf = (store: EntryStore, key: string) => {
  const entry = store.get(key);
  return entry && utf8Text(store.valueOf(entry));
};

const numbersOf = ({ count, keyBytes, valueBytes, revision }: EntryStore) => ({
  count,
  keyBytes,
  valueBytes,
  revision,
});

describe('EntryStore', () => {
  it('[KV2] returns what was put before it is on the disk, and after', async () => {
    const awake = new AwakeNamespace();
    const { entries } = awake.state;
    put(awake, 'a', 'first');
    put(awake, 'a', 'second');
    put(awake, 'b', '');
    remove(awake, 'b');
    expect([textOf(entries, 'a'), textOf(entries, 'b'), entries.changedAt('b')]).toEqual(['second', undefined, 4]);
    await settle();
    expect([textOf(entries, 'a'), textOf(entries, 'b'), entries.changedAt('b')]).toEqual(['second', undefined, 4]);
    expect(entries.changedAt('never')).toBe(0);
  });

  it('[KV9] wakes with the same keys and sums, without reading a value', async () => {
    const awake = new AwakeNamespace();
    for (let index = 0; index < 2_500; index++) put(awake, `key-${index % 2_100}`, `value ${index}`);
    for (let index = 0; index < 100; index++) remove(awake, `key-${index}`);
    put(awake, 'empty', '');
    await settle();
    const read: string[] = [];
    const { storage } = awake.platform;
    const originally = storage.read.bind(storage);
    storage.read = (query, ...bindings) => {
      read.push(query);
      return originally(query, ...bindings);
    };
    const woken = new AwakeNamespace(awake.platform);
    expect(read.filter((query) => /FROM entry\b/.test(query) && !/length\(value\)/.test(query))).toEqual([]);
    const [before, after] = [awake.state.entries, woken.state.entries];
    expect(numbersOf(after)).toEqual(numbersOf(before));
    expect([...after.within(ALL)]).toEqual([...before.within(ALL)]);
    expect([textOf(after, 'key-399'), textOf(after, 'empty'), after.changedAt('key-7')]).toEqual([
      'value 2499',
      '',
      2_508,
    ]);
  });

  it('[KV7] keeps values within the bound of its cache, whatever is put and read', async () => {
    const awake = new AwakeNamespace();
    const { entries } = awake.state;
    const text = 'x'.repeat(ENTRY_VALUE_MAX_BYTES);
    for (let index = 0; index < 40; index++) {
      put(awake, `key-${index}`, text);
      await settle();
    }
    for (const entry of entries.within(ALL)) expect(entries.valueOf(entry)).toHaveLength(text.length);
    expect(entries.cachedBytes).toBeLessThanOrEqual(ENTRY_CACHE_MAX_BYTES);
    expect(entries.cachedBytes).toBeGreaterThan(ENTRY_CACHE_MAX_BYTES / 2);
    for (const { value } of entries.whole([...entries.within(ALL)])) expect(value).toHaveLength(text.length);
    expect(entries.cachedBytes).toBeLessThanOrEqual(ENTRY_CACHE_MAX_BYTES);
  });

  it('[KV4] reads a range with values of which some are on the disk, some cached and some in memory', async () => {
    const awake = new AwakeNamespace();
    for (let index = 100; index < 200; index++) put(awake, `key-${index}`, `value ${index}`);
    await settle();
    const woken = new AwakeNamespace(awake.platform);
    const { entries } = woken.state;
    for (const key of ['key-105', 'key-150']) textOf(entries, key);
    put(woken, 'key-110', 'changed');
    put(woken, 'key-1105', 'new');
    remove(woken, 'key-120');
    const found = [...entries.whole([...entries.within(ALL)])].map(({ key, value }) => [key, utf8Text(value)]);
    const expected = Array.from({ length: 100 }, (_, index) => [`key-${index + 100}`, `value ${index + 100}`]);
    expected[10] = ['key-110', 'changed'];
    expected.splice(20, 1);
    expected.splice(11, 0, ['key-1105', 'new']);
    expect(found).toEqual(expected);
  });

  it('[KV4] reads entries in any order with their own values', async () => {
    const awake = new AwakeNamespace();
    for (const key of ['a', 'b', 'c', 'd']) put(awake, key, `value ${key}`);
    await settle();
    const { entries } = new AwakeNamespace(awake.platform).state;
    const inIndex = [...entries.within(ALL)];
    for (const order of ['abcd', 'dcba', 'acbd', 'dbca', 'abd', 'bcad', 'ad', 'c']) {
      const asked = [...order].flatMap((key) => inIndex.filter((entry) => entry.key === key));
      const found = [...entries.whole(asked)].map(({ key, value }) => [key, utf8Text(value)]);
      expect(found, order).toEqual([...order].map((key) => [key, `value ${key}`]));
    }
  });
});
