import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { TOKEN_USE_STEP_MS } from '../../model/limits';
import { prepareDirectory } from './tables';
import { migrateTokenNamespaces, TicketRows, type TokenRow, TokenRows, useToNote } from './token-rows';

const ROW: TokenRow = {
  id: 'b',
  digest: 'd',
  earlierDigest: null,
  earlierUntil: null,
  expiresAt: null,
  usedAt: null,
  record: { name: 'n', grants: [{ scope: 'read', ns: 'a' }], pathWrite: false, createdAt: 1, createdBy: 'root' },
};

describe('TokenRows', () => {
  it('[A58] counts the tokens of an earlier version, and writes nothing if only their last use changes', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    for (const trigger of ['token_added', 'token_removed']) disk.run(`DROP TRIGGER ${trigger}`);
    disk.run('DROP TABLE token_namespace');
    const write = (id: string, ...namespaces: string[]) => {
      const record = JSON.stringify({ grants: namespaces.map((ns) => ({ scope: 'read', ns })) });
      disk.run("INSERT OR REPLACE INTO token (id, digest, record) VALUES (?, '', ?)", id, record);
    };
    write('early', 'a', 'a', 'b');
    migrateTokenNamespaces(disk);
    const rows = new TokenRows(disk);
    const counts = () => ['a', 'b', '*'].map((ns) => rows.countOf(ns));
    expect(counts()).toEqual([1, 1, 0]);
    write('late', 'a', '*');
    write('late', 'a', '*');
    expect(counts()).toEqual([2, 1, 1]);
    rows.remove('early');
    expect(counts()).toEqual([1, 0, 1]);
  });

  it('stores every member, and lists no token that has ended', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    const rows = new TokenRows(disk);
    const ending = { ...ROW, id: 'a', earlierDigest: 'e', earlierUntil: 5, expiresAt: 10, usedAt: 0 };
    rows.put(ROW);
    rows.put(ending);
    expect([...rows.list(9)]).toEqual([ending, ROW]);
    expect([...rows.list(9, 'a')]).toEqual([ROW]);
    expect([...rows.list(10)]).toEqual([ROW]);
    expect(rows.find('a', 9)).toEqual(ending);
    expect(rows.find('a', 10)).toBeUndefined();
    expect(rows.has('a')).toBe(true);
    expect(rows.count).toBe(2);
  });

  it('[A29] returns two digests to compare for every id, and which of them are valid', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    const rows = new TokenRows(disk);
    rows.put({ ...ROW, earlierDigest: 'e', earlierUntil: 5 });
    rows.put({ ...ROW, id: 'plain' });
    const counting = (id: string, now: number) => rows.digests(id, now).map(({ digest, counts }) => counts && digest);
    expect(counting('b', 4)).toEqual(['d', 'e']);
    expect(counting('b', 5)).toEqual(['d', false]);
    expect(counting('plain', 4)).toEqual(['d', false]);
    expect(counting('gone', 4)).toEqual([false, false]);
    for (const { digest } of rows.digests('gone', 4)) expect(digest).toHaveLength(43);
  });

  it('finds the next token to end', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    const rows = new TokenRows(disk);
    rows.put(ROW);
    expect(rows.nextEnd).toBeUndefined();
    rows.put({ ...ROW, id: 'x', expiresAt: 30 });
    rows.put({ ...ROW, id: 'y', expiresAt: 40, earlierUntil: 20, earlierDigest: 'e' });
    expect(rows.nextEnd).toBe(20);
    expect(rows.endedBy(19, 10)).toEqual([]);
    expect(rows.endedBy(30, 10).map(({ id }) => id)).toEqual(['y', 'x']);
    expect(rows.endedBy(30, 1).map(({ id }) => id)).toEqual(['y']);
  });
});

describe('useToNote', () => {
  it('[A25] is the hour of use that isn’t stored yet', () => {
    expect(useToNote(ROW, 5)).toBe(0);
    expect(useToNote({ ...ROW, usedAt: 0 }, TOKEN_USE_STEP_MS - 1)).toBeUndefined();
    expect(useToNote({ ...ROW, usedAt: 0 }, TOKEN_USE_STEP_MS + 1)).toBe(TOKEN_USE_STEP_MS);
    expect(useToNote({ ...ROW, usedAt: TOKEN_USE_STEP_MS }, 5), 'after a jump back').toBeUndefined();
  });
});

it('[A26] drops a ticket that was used or has ended, or whose token has ended', () => {
  const disk = new HandDisk();
  prepareDirectory(disk);
  const tickets = new TicketRows(disk);
  for (const [digest, token, endsAt] of [
    ['a', 't', 10],
    ['b', 't', 20],
    ['c', 't', 20],
    ['d', 'u', 20],
  ] as const) {
    tickets.add(digest, token, endsAt);
  }
  expect(tickets.take('a', 10), 'too late').toBeUndefined();
  expect(tickets.take('b', 19)).toBe('t');
  expect(tickets.take('b', 19)).toBeUndefined();
  expect(tickets.count('t', 19)).toBe(1);
  expect(tickets.count('t', 20)).toBe(0);
  tickets.removeOf('u');
  expect(disk.rows('SELECT digest FROM ticket')).toEqual([]);
});
