import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { prepareDirectory } from './tables';

describe('prepareDirectory', () => {
  it('makes the tables once, and public in them', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    expect(disk.rows('SELECT id, state, created_at FROM namespace')).toEqual([['public', 'there', null]]);
    disk.run('UPDATE namespace SET settings = \'{"title":"All"}\'');
    prepareDirectory(disk);
    expect(disk.rows('SELECT id, settings FROM namespace')).toEqual([['public', '{"title":"All"}']]);
  });

  it('refuses a storage of a newer version, and leaves it alone', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    disk.run("UPDATE property SET value = '2'");
    expect(() => prepareDirectory(disk)).toThrow(
      /the directory's storage has schema 2; this version of Rollcall knows 1/,
    );
  });

  it('finds what is looked for by an index', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    const plan = (query: string) => disk.rows(`EXPLAIN QUERY PLAN ${query}`).map((row) => row.at(-1));
    for (const query of [
      'SELECT MIN(ends_at) FROM token WHERE ends_at IS NOT NULL',
      'SELECT MIN(due_at) FROM errand',
      "SELECT id FROM audit WHERE id < 9 AND ns = 'a' ORDER BY id DESC LIMIT 1",
      "SELECT COUNT(*) FROM ticket WHERE token = 'a'",
    ]) {
      expect(plan(query), query).toEqual([expect.stringMatching(/^SEARCH .* USING (COVERING )?INDEX/)]);
    }
  });
});
