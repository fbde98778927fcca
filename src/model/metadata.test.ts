import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METADATA_MAX_BYTES, METADATA_MAX_COUNT } from './limits';
import { Metadata, MetadataPatch, mergeMetadata, sortedByKey } from './metadata';

const problem = (schema: typeof Metadata | typeof MetadataPatch, value: unknown): string | undefined =>
  schema.safeParse(value).error?.issues[0]?.message;

const entries = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));

describe('Metadata', () => {
  it('is stored in the order of its keys, so that equal maps have one text', () => {
    const one = Metadata.parse({ b: '2', a: '1' });
    expect(JSON.stringify(one)).toBe(JSON.stringify(Metadata.parse({ a: '1', b: '2' })));
  });

  it('[R14] accepts entries and bytes up to the limits, and no more', () => {
    expect(problem(Metadata, entries(METADATA_MAX_COUNT))).toBeUndefined();
    expect(problem(Metadata, entries(METADATA_MAX_COUNT + 1))).toBe('metadata has 65 entries; at most 64 are allowed');
    expect(problem(Metadata, { k: 'v'.repeat(METADATA_MAX_BYTES - 1) })).toBeUndefined();
    expect(problem(Metadata, { k: 'v'.repeat(METADATA_MAX_BYTES) })).toBe(
      'metadata has 8193 bytes; at most 8192 are allowed',
    );
    expect(problem(Metadata, { k: 'ü'.repeat(METADATA_MAX_BYTES / 2) })).toContain('8193 bytes');
  });

  it('refuses __proto__ instead of losing it, and accepts what only looks dangerous', () => {
    expect(problem(Metadata, JSON.parse('{"__proto__":"x"}'))).toBe('the key "__proto__" is not allowed');
    expect(problem(MetadataPatch, JSON.parse('{"__proto__":null}'))).toBe('the key "__proto__" is not allowed');
    const odd = { constructor: 'a', prototype: 'b', toString: 'c', hasOwnProperty: 'd' };
    expect(Metadata.parse(odd)).toEqual(odd);
  });

  it('refuses invalid metadata', () => {
    for (const value of [
      { a: 1 },
      { a: null },
      { a: { b: 'c' } },
      { '': 'x' },
      { a: '\ud800' },
      { '\ud800': 'a' },
      [[]],
      'a',
      null,
      7,
    ]) {
      expect(problem(Metadata, value), JSON.stringify(value)).toBeDefined();
    }
  });
});

describe('MetadataPatch', () => {
  it('accepts null for a key to remove', () => {
    expect(MetadataPatch.parse({ a: null, b: '1' })).toEqual({ a: null, b: '1' });
  });

  it('refuses invalid patches', () => {
    for (const value of [{ a: 1 }, { a: undefined }, { '': null }]) {
      expect(problem(MetadataPatch, value), JSON.stringify(value)).toBeDefined();
    }
  });
});

describe('mergeMetadata', () => {
  it('[R8] sets, removes, and leaves the rest', () => {
    expect(mergeMetadata({ a: '1', b: '2', c: '3' }, { b: null, c: '4', d: '5', gone: null })).toEqual({
      a: '1',
      c: '4',
      d: '5',
    });
  });

  it('changes none of its arguments, and is idempotent', () => {
    const map = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });
    const patch = fc.dictionary(fc.string(), fc.option(fc.string()), { noNullPrototype: true });
    fc.assert(
      fc.property(map, patch, (before, change) => {
        const copy = structuredClone(before);
        const once = mergeMetadata(before, change);
        expect(before).toEqual(copy);
        expect(mergeMetadata(once, change)).toEqual(once);
      }),
    );
  });
});

describe('sortedByKey', () => {
  it('returns the same map if it is in order', () => {
    const map = { a: 1, b: 2 };
    expect(sortedByKey(map)).toBe(map);
    expect(Object.keys(sortedByKey({ b: 2, a: 1 }))).toEqual(['a', 'b']);
  });
});
