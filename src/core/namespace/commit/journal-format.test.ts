import { describe, expect, it } from 'vitest';
import { key } from '../../../../test/fixtures/definition';
import { JOURNAL_PART_MAX_BYTES } from '../../../model/limits';
import { decodeChanges, encodeParts, type JournaledChange, RevisionGaps } from './journal-format';

/** Revisions 1 to 10, 101 to 105 and 1001 to 1003. */
function gaps() {
  const made = new RevisionGaps(undefined);
  made.add(10, 101);
  made.add(105, 1001);
  return made;
}

const REVISIONS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 101, 102, 103, 104, 105, 1001, 1002, 1003];

it('[Z3, J3] counts the revisions that exist', () => {
  for (const after of [0, 3, 10, 50, 100, 103, 105, 1000, 1002]) {
    for (const upTo of REVISIONS.filter((each) => each > after)) {
      const there = REVISIONS.filter((each) => each > after && each <= upTo).length;
      expect(gaps().count(after, upTo), `(${after}, ${upTo}]`).toBe(there);
    }
  }
});

it('[Z3, J3] finds the revision that has a given number after it', () => {
  // The head always belongs to the newest epoch.
  for (const head of [1001, 1002, 1003]) {
    const upToHead = REVISIONS.filter((each) => each <= head);
    for (let count = 1; count < upToHead.length; count++) {
      const found = gaps().before(head, count);
      expect(
        upToHead.filter((each) => each > found),
        `${count} before ${head}`,
      ).toHaveLength(count);
    }
  }
});

it('[Z3] reads back as written, without the epochs that were compacted', () => {
  const text = gaps().toText(500);
  expect(text).toBe('[{"after":105,"next":1001}]');
  expect(new RevisionGaps(text).count(104, 1002)).toBe(3);
  expect(new RevisionGaps(undefined).count(3, 7)).toBe(4);
});

it('[Z3] knows the revision that started the newest epoch', () => {
  expect(new RevisionGaps(undefined).newest).toBeUndefined();
  expect(gaps().newest).toBe(1001);
  expect(new RevisionGaps(gaps().toText(105)).newest).toBe(1001);
  expect(new RevisionGaps(gaps().toText(1001)).newest).toBeUndefined();
});

const change = (id: string, given: Partial<JournaledChange> = {}): JournaledChange => ({
  kind: 'instance',
  ...key(id),
  cause: 'registered',
  previous: 0,
  servicePrevious: 0,
  before: null,
  after: '{}',
  ...given,
});

describe('encodeParts', () => {
  it('[J1] reads back as written, with the texts of records unchanged', () => {
    const changes = [
      change('a', { before: '{"x":"\\"}"}', after: null, renewals: { lastAt: 1, longestGapMs: 2, gapsSince: 3 } }),
      change('ä', { kind: 'override', watchers: 3 }),
    ];
    const parts = encodeParts(changes);
    expect(parts).toHaveLength(1);
    expect(parts.flatMap(decodeChanges)).toEqual(changes);
  });

  it('[J2] ends a part before it is too large for a row, counted in bytes', () => {
    const after = JSON.stringify('ä'.repeat(JOURNAL_PART_MAX_BYTES / 5));
    const parts = encodeParts([change('a', { after }), change('b', { after }), change('c', { after })]);
    expect(parts.map((part) => decodeChanges(part).map(({ id }) => id))).toEqual([['a', 'b'], ['c']]);
  });
});
