import { describe, expect, it } from 'vitest';
import { refusal } from '../../../../test/contracts/namespace/scene';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { prepareStorage } from '../../storage/schema';
import { DEFAULT_RETENTION, Journal } from '../commit/journal';
import { momentOf, revisionBy } from './moment';

/** A journal whose revision `n` was made at `1000 n`, except that 3 and 4 share a time. */
function begin(keepsFrom = 1) {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'epoch');
  const journal = new Journal(disk, 'epoch', { retention: DEFAULT_RETENTION });
  const cursors = [journal.cursor];
  for (const at of [1_000, 2_000, 3_000, 3_000, 5_000]) {
    journal.append([], 'registered', 'owner', at, at)();
    cursors.push(journal.cursor);
  }
  if (keepsFrom > 1) journal.compact({ revision: keepsFrom - 1, removed: [], removedEntries: [] });
  return { journal, cursors, at: (point: string) => momentOf(journal, point, 5, 9_000) };
}

const time = (ms: number) => new Date(ms).toISOString();

describe('momentOf', () => {
  it('[J6] finds the newest revision made by a time', () => {
    const { at, cursors } = begin();
    const found = [999, 1_000, 2_999, 3_000, 4_999, 5_000, 9_000].map((ms) => at(time(ms)));
    expect(found.map(({ revision }) => revision)).toEqual([0, 1, 2, 4, 4, 5, 5]);
    expect(found.map(({ cursor }) => cursor)).toEqual([0, 1, 2, 4, 4, 5, 5].map((revision) => cursors[revision]));
    expect(found[2]?.at).toBe(2_999);
  });

  it('[J6] finds the revision of a cursor, with its stamp', () => {
    const { at, cursors } = begin();
    expect(cursors.map((cursor) => at(cursor))).toEqual(
      [0, 1_000, 2_000, 3_000, 3_000, 5_000].map((stamp, revision) => ({
        revision,
        cursor: cursors[revision],
        at: stamp,
      })),
    );
  });

  it('[J6] refuses a revision that is no longer retained, and names the oldest one', () => {
    const { at, cursors } = begin(3);
    const gone = { code: 'COMPACTED', message: expect.stringContaining('1970-01-01T00:00:03.000Z') };
    for (const point of [cursors[0], cursors[2], 'cother.3.x', time(1_500), time(2_999)]) {
      expect(() => at(point ?? ''), point).toThrow(expect.objectContaining(gone));
    }
    expect(at(time(3_000)).revision).toBe(4);
    expect(at(cursors[3] ?? '').revision).toBe(3);
  });

  it('[J10] finds the moment right after a revision, also after the newest compacted one', () => {
    const { at, cursors } = begin(3);
    expect([3, 5].map((revision) => at(`r${revision}`))).toEqual([
      { revision: 3, cursor: cursors[3], at: 3_000 },
      { revision: 5, cursor: cursors[5], at: 5_000 },
    ]);
    expect(at('r2')).toMatchObject({ revision: 2 });
    expect(() => at('r1')).toThrow(expect.objectContaining({ code: 'COMPACTED', details: { compactedRevision: 3 } }));
    expect(begin().at('r0')).toEqual({ revision: 0, cursor: begin().cursors[0], at: 0 });
  });

  it('[J10] refuses a revision in the future as invalid, and one between two epochs as compacted', () => {
    const { journal, at } = begin();
    const errors = [{ path: '', message: 'is in the future' }];
    expect(() => at('r6')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST', details: { errors } }));
    journal.beginEpoch('next', 'restored', 'operator', 6_000, 1)();
    const begun = journal.revision;
    const late = (point: string) => momentOf(journal, point, begun, 9_000);
    const details = { compactedRevision: begun };
    expect(() => late('r6')).toThrow(expect.objectContaining({ code: 'COMPACTED', details }));
    expect([late('r5').revision, late(`r${begun}`).revision]).toEqual([5, begun]);
  });

  it('refuses a time in the future', () => {
    expect(() => begin().at(time(9_001))).toThrow(refusal('INVALID_REQUEST'));
  });
});

describe('revisionBy', () => {
  it('finds nothing newer than the durable revision', () => {
    expect(revisionBy(begin().journal, 9_000, 4)).toBe(4);
  });

  it('distinguishes a known start of the history from an unknown one', () => {
    expect([revisionBy(begin().journal, 1, 5), revisionBy(begin(2).journal, 1, 5)]).toEqual([0, undefined]);
  });
});
