import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { ACCOUNT } from './audit-accounts';
import { prepareDirectory } from './tables';

describe('prepareDirectory', () => {
  it('creates the tables once, with public in them', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    expect(disk.rows('SELECT id, state, created_at FROM namespace')).toEqual([['public', 'there', null]]);
    disk.run('UPDATE namespace SET settings = \'{"title":"All"}\'');
    prepareDirectory(disk);
    expect(disk.rows('SELECT id, settings FROM namespace')).toEqual([['public', '{"title":"All"}']]);
  });

  it('refuses storage of a newer version, and leaves it unchanged', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    disk.run("DELETE FROM property WHERE name = 'readable-from'");
    disk.run("UPDATE property SET value = '4' WHERE name = 'schema'");
    expect(() => prepareDirectory(disk)).toThrow(
      /the directory's storage has schema 4; this version of Rollcall supports 3/,
    );
  });

  it('has an index for each lookup', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    const plan = (query: string) => disk.rows(`EXPLAIN QUERY PLAN ${query}`).map((row) => row.at(-1));
    for (const query of [
      'SELECT MIN(ends_at) FROM token WHERE ends_at IS NOT NULL',
      'SELECT MIN(due_at) FROM errand',
      'SELECT MIN(ends_at) FROM redeemed_token',
      "SELECT COUNT(*), MIN(ends_at) FROM redeemed_token WHERE parent = 'a' AND ends_at > 1",
      'SELECT id FROM redeemed_token WHERE ends_at <= 1 ORDER BY ends_at LIMIT 4',
      "SELECT id FROM audit WHERE id < 9 AND ns = 'a' ORDER BY id DESC LIMIT 1",
      "SELECT COUNT(*) FROM ticket WHERE token = 'a'",
      `SELECT id FROM audit WHERE ${ACCOUNT} = 'a' AND actor = 't' ORDER BY id LIMIT 4`,
      "SELECT 1 FROM audit WHERE action = 'token-revoked' AND target = 'a' AND actor = 't' LIMIT 1",
      "SELECT actor FROM audit_actor WHERE account = 'a' ORDER BY entries DESC LIMIT 1",
    ]) {
      expect(plan(query), query).toEqual([expect.stringMatching(/^SEARCH .* USING (COVERING )?INDEX/)]);
    }
  });
});
