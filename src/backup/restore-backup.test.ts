import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { note, noted, StoredRegistry } from '../../test/fixtures/stored-registry';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import { writeEntryRow } from '../core/namespace/entries/entry-rows';
import { EntryStore } from '../core/namespace/entries/entry-store';
import { DIRECTORY_FILE, namespaceFile } from '../host/resident/data-files';
import { nodeSqlite } from '../host/resident/storage/node-sqlite';
import { RESTORING_NAME, refuseInterruptedRestore } from '../launcher/data-folder';
import { DataLock } from '../launcher/data-lock';
import { ENTRY_VALUE_MAX_BYTES } from '../model/limits';
import { checkBackup, restoreBackup } from './restore-backup';
import { takeBackup } from './take-backup';

/** A backup of two namespaces, and a place to restore it. */
async function begin() {
  const registry = new StoredRegistry();
  note(registry.makeNamespace('team-a'), 'of team-a');
  const backup = join(temporaryFolder(), 'backup');
  await takeBackup({ data: registry.data, target: backup, version: '1.2.3' });
  const data = join(temporaryFolder(), 'elsewhere', 'data');
  return { registry, backup, data, storage: join(data, 'storage') };
}

function rows(path: string, query: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
}

test('[U5] a backup is restored to a data folder whose namespaces start a new epoch', async () => {
  const { backup, data, storage } = await begin();
  const { manifest, setAside } = await restoreBackup({ backup, data });
  expect(manifest.version).toBe('1.2.3');
  expect(setAside).toBeNull();
  expect(readdirSync(data).sort()).toEqual(['lock.sqlite', 'storage']);
  expect(noted(join(storage, namespaceFile('team-a')))).toBe('of team-a');
  for (const id of ['public', 'team-a']) {
    const path = join(storage, namespaceFile(id));
    expect(rows(path, "SELECT name FROM property WHERE name = 'new-epoch'")).toHaveLength(1);
    expect(statSync(path).mode & 0o077).toBe(0);
  }
  // A copy of a backup is a backup: it can be restored again.
  const kept = rows(join(backup, 'storage', namespaceFile('public')), 'SELECT name FROM property ORDER BY name');
  expect(kept.map(({ name }) => name)).toEqual(['epoch', 'readable-from', 'schema']);
  await checkBackup({ backup, data });
});

test('[U5] entries are restored with keys and values of any bytes, and a namespace reads them', async () => {
  const registry = new StoredRegistry();
  const storage = nodeSqlite(registry.makeNamespace('team-a'));
  const value = Uint8Array.from({ length: ENTRY_VALUE_MAX_BYTES }, (_, index) => index % 251);
  const entry = { revision: 3, createdRevision: 2, lease: null, facts: { actor: 'root', contentType: 'text/plain' } };
  const key = '\u0000\u00ff';
  storage.transaction(() => {
    writeEntryRow(storage, { ...entry, key, version: 2, value });
    writeEntryRow(storage, { ...entry, key: 'head', version: 0, facts: null, value: null });
  });
  const backup = join(temporaryFolder(), 'backup');
  await takeBackup({ data: registry.data, target: backup, version: '1.2.3' });
  const data = join(temporaryFolder(), 'elsewhere');
  await restoreBackup({ backup, data });
  const restored = new DatabaseSync(join(data, 'storage', namespaceFile('team-a')));
  const store = new EntryStore(nodeSqlite(restored));
  store.load();
  expect([...store.within({ from: '' })]).toEqual([{ ...entry, key, version: 2, size: value.length }]);
  expect(store.valueOf({ key })).toEqual(value);
  expect(store.changedAt('head')).toBe(3);
  restored.close();
});

test('[U4] a folder that is in use or holds a registry is left unchanged', async () => {
  const { registry, backup } = await begin();
  const lock = await DataLock.take(registry.data);
  await expect(restoreBackup({ backup, data: registry.data, force: true })).rejects.toThrow('in use by a registry');
  lock.release();
  const before = readdirSync(registry.data, { recursive: true });
  await expect(restoreBackup({ backup, data: registry.data })).rejects.toThrow(
    `${registry.data} already holds a registry`,
  );
  expect(readdirSync(registry.data, { recursive: true })).toEqual(before);
});

test('[U4] by force, the existing registry is set aside completely', async () => {
  const { registry, backup } = await begin();
  writeFileSync(join(registry.data, 'root-token'), 'kept');
  note(registry.directory, 'written after the backup');
  const { setAside } = await restoreBackup({ backup, data: registry.data, force: true });
  expect(setAside).toMatch(/storage-before-/);
  expect(noted(join(setAside ?? '', DIRECTORY_FILE))).toBe('written after the backup');
  expect(noted(join(registry.data, 'storage', DIRECTORY_FILE))).toBeUndefined();
  expect(readFileSync(join(registry.data, 'root-token'), 'utf8')).toBe('kept');
  expect(readdirSync(registry.data).sort()).toEqual(
    ['lock.sqlite', 'root-token', 'storage', basename(setAside ?? '')].sort(),
  );
});

test('[U3] a damaged backup changes nothing', async () => {
  const { backup, data } = await begin();
  writeFileSync(join(backup, 'storage', namespaceFile('public')), 'x');
  await expect(restoreBackup({ backup, data })).rejects.toThrow('The backup is damaged');
  expect(existsSync(data)).toBe(false);
});

test('[U5] files restored by root belong to the owner of the data folder', async () => {
  const { backup, data } = await begin();
  mkdirSync(data, { recursive: true });
  // Only root can change the owner of files; other users restore their own.
  if (process.getuid?.() === 0) chownSync(data, 4_321, 4_322);
  const owner = statSync(data);
  await restoreBackup({ backup, data });
  const files = readdirSync(data, { recursive: true, encoding: 'utf8' });
  expect(files).toEqual(expect.arrayContaining([join('storage', DIRECTORY_FILE), 'lock.sqlite']));
  for (const file of files) {
    const { uid, gid } = statSync(join(data, file));
    expect([file, uid, gid]).toEqual([file, owner.uid, owner.gid]);
  }
});

test('[U6] no registry starts after an interrupted restore until the restore is repeated', async () => {
  const { backup, data } = await begin();
  mkdirSync(join(data, RESTORING_NAME, 'namespaces'), { recursive: true });
  writeFileSync(join(data, RESTORING_NAME, namespaceFile('public')), 'half');
  expect(() => refuseInterruptedRestore(data)).toThrow(`A restore into ${data} was interrupted`);
  await restoreBackup({ backup, data });
  refuseInterruptedRestore(data);
  expect(readdirSync(data).sort()).toEqual(['lock.sqlite', 'storage']);
});

test('[U6] after a restore that was interrupted with a registry set aside, no message suggests continuing', async () => {
  const { registry } = await begin();
  const { data } = registry;
  mkdirSync(join(data, RESTORING_NAME));
  expect(() => refuseInterruptedRestore(data)).toThrow(`to keep the data from before the restore, delete ${data}`);
  renameSync(join(data, 'storage'), join(data, 'storage-before-then'));
  expect(() => refuseInterruptedRestore(data)).toThrow(`is in ${join(data, 'storage-before-<time>')}`);
});

test('[U6] a restore that fails over a registry leaves it unchanged, ready to start', async () => {
  const { registry, backup } = await begin();
  const { data, directory } = registry;
  note(directory, 'as it was');
  const obstruct = (what: string) => {
    if (what === 'copy') mkdirSync(join(data, RESTORING_NAME, namespaceFile('public')), { recursive: true });
  };
  const failing = restoreBackup({ backup, data, force: true, progress: obstruct });
  await expect(failing).rejects.toThrow(`can't be restored into ${data}: EISDIR`);
  refuseInterruptedRestore(data);
  expect(readdirSync(data).sort()).toEqual(['lock.sqlite', 'storage']);
  expect(noted(join(data, 'storage', DIRECTORY_FILE))).toBe('as it was');
});

test('[U6] a refused restore doesn’t allow a start after an interrupted one', async () => {
  const { registry, backup } = await begin();
  mkdirSync(join(registry.data, RESTORING_NAME));
  await expect(restoreBackup({ backup, data: registry.data })).rejects.toThrow('already holds a registry');
  expect(() => refuseInterruptedRestore(registry.data)).toThrow('was interrupted');
});

test('[U6] a restore that fails midway leaves nothing that starts', async () => {
  const { backup, data } = await begin();
  // A folder blocks a file of the restore: permissions would not stop root.
  const obstruct = (what: string) => {
    if (what === 'copy') mkdirSync(join(data, RESTORING_NAME, namespaceFile('public')), { recursive: true });
  };
  const failing = restoreBackup({ backup, data, progress: obstruct });
  await expect(failing).rejects.toThrow(`can't be restored into ${data}: EISDIR`);
  expect(() => refuseInterruptedRestore(data)).toThrow('was interrupted');
});
