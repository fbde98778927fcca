import fc from 'fast-check';
import { expect, it } from 'vitest';
import { byteString } from '../../../model/bytes';
import { ENTRY_KEY_MAX_BYTES, ENTRY_VALUE_MAX_BYTES, JOURNAL_PART_MAX_BYTES } from '../../../model/limits';
import type { WholeEntry } from './entry';
import { changeHeads, decodeEntryChanges, deletedKeys, encodeEntryParts, type JournaledEntry } from './entry-changes';

const REVISION = 77;

const BYTES = fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes));

const CHANGE = fc
  .record({
    key: BYTES.map(byteString),
    previous: fc.nat(),
    before: fc.option(BYTES),
    after: fc.option(BYTES),
    lease: fc.option(fc.nat()),
    facts: fc.option(fc.record({ actor: fc.string() })),
  })
  .map(({ key, previous, before, after, lease, facts }): JournaledEntry => {
    const entry = (revision: number, value: Uint8Array<ArrayBuffer> | null): WholeEntry | null =>
      value && { key, revision, createdRevision: 3, version: 2, lease, facts, size: value.length, value };
    return { key, cause: 'put', previous, before: entry(previous, before), after: entry(REVISION, after) };
  });

const decoded = (parts: ArrayBuffer[]) => parts.flatMap((part) => decodeEntryChanges(part, REVISION));

it('[KV1] keeps any changes as they are, in order', () => {
  fc.assert(
    fc.property(fc.array(CHANGE, { minLength: 1, maxLength: 8 }), (changes) => {
      const parts = encodeEntryParts(changes);
      expect(decoded(parts)).toEqual(changes);
      expect(parts.flatMap(changeHeads)).toMatchObject(changes.map(({ key, cause }) => ({ key, cause })));
      expect(parts.flatMap(deletedKeys)).toEqual(changes.filter(({ after }) => after === null).map(({ key }) => key));
    }),
  );
});

it('[J2] keeps the largest change in one part, and splits many into parts that fit a row', () => {
  const value = new Uint8Array(ENTRY_VALUE_MAX_BYTES).fill(255);
  const change = (index: number): JournaledEntry => {
    const key = byteString(new Uint8Array(ENTRY_KEY_MAX_BYTES).fill(index + 128));
    const numbers = { key, createdRevision: 1, version: 1, lease: null, facts: null, size: value.length, value };
    const [before, after] = [5, REVISION].map((revision) => ({ ...numbers, revision }));
    return { key, cause: 'put', previous: 5, before: before ?? null, after: after ?? null };
  };
  const changes = Array.from({ length: 5 }, (_, index) => change(index));
  const parts = encodeEntryParts(changes);
  expect(parts).toHaveLength(5);
  // A row of the platform has at most 2 MB.
  for (const part of parts) expect(part.byteLength).toBeLessThan(1.1 * JOURNAL_PART_MAX_BYTES);
  expect(decoded(parts).map(({ key }) => key)).toEqual(changes.map(({ key }) => key));
  expect(encodeEntryParts([])).toEqual([]);
});

it('[J2] splits many small changes into parts that fit a row', () => {
  const changes = Array.from({ length: 30_000 }, (_, index): JournaledEntry => {
    const key = `k${index}`;
    const before = { key, revision: 5, createdRevision: 5, version: 1, lease: 2 ** 52, facts: null, size: 0 };
    return { key, cause: 'expired', previous: 5, before: { ...before, value: new Uint8Array(0) }, after: null };
  });
  const parts = encodeEntryParts(changes);
  for (const part of parts) expect(part.byteLength).toBeLessThan(1.1 * JOURNAL_PART_MAX_BYTES);
  expect(parts.flatMap(changeHeads).map(({ key }) => key)).toEqual(changes.map(({ key }) => key));
});
