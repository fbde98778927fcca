import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as sqlite from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import { CheckpointWorker } from '../host/resident/storage/checkpoint-worker';
import { DatabaseFile } from '../host/resident/storage/database-file';
import { WAL_HOLD_BYTES } from '../model/limits';
import { copyDatabase, readDatabase } from './sqlite';

/** Opens a database as the registry does, with a table. */
async function begin() {
  const folder = temporaryFolder();
  const path = join(folder, 'ns', 'public.sqlite');
  mkdirSync(dirname(path));
  const checkpoints = new CheckpointWorker();
  const lost: string[] = [];
  const file = await DatabaseFile.open({ path, checkpoints, onLost: (reason) => lost.push(reason) });
  onTestFinished(async () => {
    await file.close();
    await checkpoints.close();
  });
  file.storage.run('CREATE TABLE change (id INTEGER PRIMARY KEY, bytes BLOB)');
  await file.storage.sync();
  /** Commits a change durably. */
  const commit = async () => {
    file.storage.run('INSERT INTO change (bytes) VALUES (zeroblob(100000))');
    await file.storage.sync();
  };
  const copy = async (from = path) => {
    const to = join(temporaryFolder(), 'copy.sqlite');
    await copyDatabase(sqlite, from, to);
    return to;
  };
  return { folder, path, file, lost, commit, copy };
}

const changesIn = (path: string) =>
  readDatabase(sqlite, path, (database) => database.prepare('SELECT COUNT(*) AS count FROM change').get()?.count);

test('[U1] a copy includes what is only in the WAL, and is one file without a WAL', async () => {
  const { commit, copy } = await begin();
  await commit();
  const to = await copy();
  expect(changesIn(to)).toBe(1);
  expect(readdirSync(dirname(to))).toEqual(['copy.sqlite']);
});

test('[U1] while a database is copied, commits continue past the size at which they wait for checkpoints', async () => {
  const { path, commit, copy, lost, file } = await begin();
  const reader = new sqlite.DatabaseSync(path, { readOnly: true });
  reader.exec('BEGIN');
  expect(reader.prepare('SELECT COUNT(*) AS count FROM change').get()?.count).toBe(0);
  let count = 0;
  for (; statSync(`${path}-wal`).size < 2 * WAL_HOLD_BYTES; count++) await commit();
  reader.close();
  file.check();
  expect(lost).toEqual([]);
  expect(changesIn(await copy())).toBe(count);
});

test('[U1] a copy of a sleeping database leaves no other file beside it', async () => {
  const { path, file, commit, copy } = await begin();
  await commit();
  await file.close();
  const before = readdirSync(dirname(path));
  expect(changesIn(await copy())).toBe(1);
  expect(readdirSync(dirname(path))).toEqual(before);
});

test('[U1] a WAL left by a killed registry is copied, and kept for the next start to examine', async () => {
  const { path, commit, copy } = await begin();
  await commit();
  const left = join(temporaryFolder(), 'left.sqlite');
  for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, `${left}${end}`);
  const before = readFileSync(`${left}-wal`);
  expect(changesIn(await copy(left))).toBe(1);
  expect(readFileSync(`${left}-wal`).equals(before)).toBe(true);
});

test('[U2] a database that was erased before it was opened is not created', async () => {
  const { path, file, copy } = await begin();
  await file.remove();
  await expect(copy()).rejects.toThrow('unable to open database file');
  expect(readdirSync(dirname(path))).toEqual([]);
});
