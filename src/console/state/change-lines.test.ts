import { describe, expect, it } from 'vitest';
import type { Cause, HistoryChange, HistoryEntry } from '../../client/wire/history-answers';
import { binsOf, factsOf, foldLines, idOf, isFold, linesOf } from './change-lines';

const START = Date.parse('2026-11-20T03:12:00.000Z');

/** Makes entries of overrides, newest first, from `[seconds, cause, actor, id]`, oldest first. */
function entriesOf(...made: [number, Cause, string, ...string[]][]): HistoryEntry[] {
  return made
    .map(([seconds, cause, actor, ...ids], index): HistoryEntry => {
      const changes = ids.map(
        (id): HistoryChange => ({
          kind: 'override',
          group: 'g',
          service: 'orders',
          id,
          cause,
          before: null,
          after: null,
          watchers: 0,
        }),
      );
      const at = new Date(START + seconds * 1_000).toISOString();
      return { revision: index + 1, cursor: `c${index + 1}`, at, cause, actor, changes };
    })
    .reverse();
}

/** Formats rows: a line as its id, a fold as its ids in brackets. */
const textOf = (entries: readonly HistoryEntry[]): string =>
  foldLines(linesOf(entries, undefined))
    .map((row) => {
      const ids = (isFold(row) ? row.lines : [row]).map(({ change }) => idOf(change) || 's');
      return isFold(row) ? `[${ids.join(' ')}]` : ids.join('');
    })
    .join(' ');

describe('foldLines', () => {
  it('folds three changes of one cause and actor within ten seconds', () => {
    expect(textOf(entriesOf([0, 'registered', 'deploy', 'a'], [5, 'registered', 'deploy', 'b']))).toBe('b a');
    expect(
      textOf(
        entriesOf(
          [0, 'registered', 'deploy', 'a'],
          [5, 'registered', 'deploy', 'b'],
          [10, 'registered', 'deploy', 'c'],
          [10.001, 'registered', 'deploy', 'd'],
        ),
      ),
    ).toBe('d [c b a]');
  });

  it('folds the changes of one revision', () => {
    expect(textOf(entriesOf([0, 'updated', 'deploy', 'a', 'b', 'c']))).toBe('[a b c]');
  });

  it('folds across changes of others, at the place of the newest change', () => {
    expect(
      textOf(
        entriesOf(
          [0, 'registered', 'deploy', 'a'],
          [1, 'quarantined', 'ops', 'x'],
          [2, 'registered', 'deploy', 'b'],
          [3, 'registered', 'other', 'y'],
          [4, 'registered', 'deploy', 'c'],
          [5, 'expired', 'registry', 'z'],
        ),
      ),
    ).toBe('z [c b a] y x');
  });

  it('leaves a fold as it is when newer changes come', () => {
    const older = entriesOf(
      [0, 'updated', 'deploy', 'a'],
      [4, 'updated', 'deploy', 'b'],
      [8, 'updated', 'deploy', 'c'],
      [12, 'updated', 'deploy', 'd'],
    );
    const newer = entriesOf([14, 'updated', 'deploy', 'e'], [16, 'updated', 'deploy', 'f']);
    expect(textOf(older)).toBe('d [c b a]');
    expect(textOf([...newer, ...older])).toBe('[f e d] [c b a]');
    // The fold takes in what follows within ten seconds, and keeps its key.
    const joined = [...entriesOf([10, 'updated', 'deploy', 'g']), ...older.slice(1)];
    expect(textOf(joined)).toBe('[g c b a]');
    const keysOf = (entries: HistoryEntry[]) => foldLines(linesOf(entries, undefined)).map(({ key }) => key);
    expect(keysOf([...newer, ...older])).toContain(keysOf(older)[1]);
    expect(keysOf(joined)).toEqual([keysOf(older)[1]]);
  });
});

describe('linesOf', () => {
  it('gives each change the cursors before and after its revision', () => {
    const entries = entriesOf([0, 'updated', 'deploy', 'a'], [1, 'updated', 'deploy', 'b', 'c']);
    const cursorsOf = (isGapless?: boolean) =>
      linesOf(entries, 'c0', isGapless).map(({ before, cursor }) => [before, cursor]);
    expect(cursorsOf()).toEqual([
      ['c1', 'c2'],
      ['c1', 'c2'],
      ['c0', 'c1'],
    ]);
    expect(cursorsOf(false)[0]).toEqual(['2026-11-20T03:12:00.999Z', 'c2']);
  });

  it('gives each change a key of its own', () => {
    const lines = linesOf(entriesOf([0, 'updated', 'deploy', 'a', 'b'], [1, 'updated', 'deploy', 'a']), undefined);
    expect(new Set(lines.map(({ key }) => key)).size).toBe(3);
  });
});

describe('factsOf', () => {
  it('counts records and changes, and names what is the only one', () => {
    const factsFor = (entries: HistoryEntry[]) => {
      const [row] = foldLines(linesOf(entries, undefined));
      return row !== undefined && isFold(row) ? factsOf(row) : undefined;
    };
    expect(
      factsFor(
        entriesOf(
          [0, 'updated', 'deploy', 'a'],
          [1, 'updated', 'deploy', 'b'],
          [2, 'updated', 'deploy', 'a'],
          [3, 'updated', 'deploy', 'b'],
        ),
      ),
    ).toMatchObject({ changes: 4, records: 2, id: undefined, service: { service: 'orders' }, of: 'instances' });
    expect(
      factsFor(entriesOf([0, 'updated', 'd', 'a'], [1, 'updated', 'd', 'a'], [2, 'updated', 'd', 'a'])),
    ).toMatchObject({
      records: 1,
      id: 'a',
      from: '2026-11-20T03:12:00.000Z',
      to: '2026-11-20T03:12:02.000Z',
    });
  });
});

describe('binsOf', () => {
  it('counts times in equal parts, and none outside of the range', () => {
    expect(binsOf([0, 24, 25, 99, 100, 101, -1], 0, 100, 4)).toEqual([2, 1, 0, 2]);
  });
});

describe('changes of entries', () => {
  const change = (key: object): HistoryChange => ({
    kind: 'entry',
    ...key,
    cause: 'imported',
    before: null,
    after: null,
  });
  const [imported] = entriesOf([0, 'imported', 'root', 'a', 'b', 'c']);
  const keys = [{ key: 'config/a' }, { key: 'config/b' }, { keyBase64: '/wA=' }].map(change);
  const rows = foldLines(
    linesOf(imported === undefined ? [] : [{ ...imported, changes: [...imported.changes, ...keys] }], undefined),
  );

  it('have keys of their own, and fold apart from instances', () => {
    expect(rows.map((row) => (isFold(row) ? row.lines.map(({ change }) => idOf(change)) : []))).toEqual([
      ['a', 'b', 'c'],
      ['config/a', 'config/b', '/wA='],
    ]);
    expect(new Set(rows.flatMap((row) => (isFold(row) ? row.lines : [row])).map(({ key }) => key)).size).toBe(6);
  });

  it('are counted as entries, without a service', () => {
    const [, fold] = rows;
    const facts = fold !== undefined && isFold(fold) ? factsOf(fold) : undefined;
    expect(facts).toMatchObject({ of: 'entries', records: 3, service: undefined, id: undefined });
  });
});
