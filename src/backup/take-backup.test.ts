import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { note, noted, StoredRegistry } from '../../test/fixtures/stored-registry';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import { DIRECTORY_SCHEMA_VERSION } from '../core/directory/tables';
import { prepareStorage, SCHEMA_VERSION } from '../core/storage/schema';
import { DIRECTORY_FILE, namespaceFile } from '../host/resident/data-files';
import { CheckpointWorker } from '../host/resident/storage/checkpoint-worker';
import { DatabaseFile } from '../host/resident/storage/database-file';
import { DurabilityMarker } from '../host/resident/storage/durability-marker';
import { takeBackup } from './take-backup';

const VERSION = '1.2.3';

function begin() {
  const registry = new StoredRegistry();
  const target = join(temporaryFolder(), 'backups', 'first');
  const back = (progress?: (copied: number, known: number) => void) =>
    takeBackup({ data: registry.data, target, version: VERSION, progress });
  const at = (file: string) => join(target, 'storage', file);
  return { registry, target, back, at };
}

test('[U1] every database is copied with what is not in its main file yet, readable only by its owner', async () => {
  const { registry, target, back, at } = begin();
  note(registry.makeNamespace('team-a'), 'newest');
  note(registry.directory, 'of the directory');
  const manifest = await back();
  expect(manifest).toMatchObject({ format: 2, version: VERSION, directory: { schema: DIRECTORY_SCHEMA_VERSION } });
  expect(manifest.namespaces).toMatchObject([
    { id: 'public', epoch: 'epoch-public', revision: 0, schema: SCHEMA_VERSION },
    { id: 'team-a', epoch: 'epoch-team-a' },
  ]);
  expect(noted(at(namespaceFile('team-a')))).toBe('newest');
  expect(noted(at(DIRECTORY_FILE))).toBe('of the directory');
  for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
    expect(statSync(join(entry.parentPath, entry.name)).mode & 0o077, entry.name).toBe(0);
  }
});

test('[U1] its checksums are those of sha256sum', async () => {
  const { target, back } = begin();
  await back();
  expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: target, encoding: 'utf8' })).toMatch(
    /^manifest.json: OK/,
  );
});

test('[U2] a namespace created, changed or recreated meanwhile is copied in the state of the directory’s copy', async () => {
  const { registry, back, at } = begin();
  const changed = registry.makeNamespace('changed');
  const removed = registry.makeNamespace('removed');
  const anew = registry.makeNamespace('anew');
  note(anew, 'the old one');
  let isFirst = true;
  const manifest = await back((copied, known) => {
    if (copied !== 4 || !isFirst) return;
    expect(known).toBe(5);
    isFirst = false;
    // All namespaces are copied, and the directory is not.
    note(changed, 'after its settings changed');
    registry.list('changed', { settings: { title: 'T' }, updatedAt: 7 });
    note(registry.makeNamespace('made'), 'made meanwhile');
    registry.removeNamespace('removed', removed);
    registry.removeNamespace('anew', anew);
    note(registry.makeNamespace('anew', 9), 'the new one');
  });
  expect(manifest.namespaces.map(({ id }) => id).sort()).toEqual(['anew', 'changed', 'made', 'public']);
  expect(noted(at(namespaceFile('changed')))).toBe('after its settings changed');
  expect(noted(at(namespaceFile('made')))).toBe('made meanwhile');
  expect(noted(at(namespaceFile('anew')))).toBe('the new one');
  expect(existsSync(at(namespaceFile('removed')))).toBe(false);
});

test('[U1] a database that lacks changes its marker lists is not backed up as complete', async () => {
  const { registry, target, back } = begin();
  const path = registry.path(namespaceFile('shop'));
  registry.list('shop');
  const checkpoints = new CheckpointWorker();
  const file = await DatabaseFile.open({ path, checkpoints, onLost: () => {} });
  prepareStorage(file.storage, () => 'epoch-shop');
  await file.close();
  await checkpoints.close();
  const whole = await back();
  expect(whole.namespaces.map(({ id }) => id)).toEqual(['public', 'shop']);
  const marker = DurabilityMarker.open(DurabilityMarker.pathOf(path));
  onTestFinished(() => marker.close());
  const found = marker.sequence;
  marker.write(found + 1);
  rmSync(target, { recursive: true });
  const damage = `change number ${found + 1} was durable, but the last one found is number ${found}`;
  await expect(back()).rejects.toThrow(`${path} is damaged: ${damage}`);
  rmSync(path);
  await expect(back()).rejects.toThrow(`${path} is damaged: change number ${found + 1} was durable`);
  expect(readdirSync(join(target, '..'))).toEqual([]);
  rmSync(marker.path);
  expect((await back()).namespaces.map(({ id }) => id)).toEqual(['public']);
});

test('[U1] namespaces that differ only in case are kept apart', async () => {
  const { registry, back, at } = begin();
  for (const id of ['Shop', 'shop', 'SHOP']) note(registry.makeNamespace(id), id);
  await back();
  for (const id of ['Shop', 'shop', 'SHOP']) expect(noted(at(namespaceFile(id)))).toBe(id);
});

test('[U9] storage of a version with more tables is backed up with its schema', async () => {
  const { registry, back } = begin();
  const [next, nextDirectory] = [SCHEMA_VERSION + 1, DIRECTORY_SCHEMA_VERSION + 1];
  const upgrade = (to: number) => `UPDATE property SET value = '${to}' WHERE name = 'schema'`;
  registry.makeNamespace('later').exec(`CREATE TABLE later (id TEXT); ${upgrade(next)}`);
  registry.directory.exec(upgrade(nextDirectory));
  const { directory, namespaces } = await back();
  expect(directory.schema).toBe(nextDirectory);
  expect(namespaces.map(({ schema }) => schema)).toEqual([next, SCHEMA_VERSION]);
});

test('a data folder of workerd is refused with the commands to migrate it', async () => {
  const { registry, target } = begin();
  mkdirSync(registry.path('rollcall-NamespaceObject'));
  const refused = takeBackup({ data: registry.data, target, version: VERSION });
  await expect(refused).rejects.toThrow(
    /a format that this version does not read.*rollcall export .*rollcall import /s,
  );
});

test('a backup of constantly changing namespaces is abandoned, and leaves nothing', async () => {
  const { registry, target, back } = begin();
  let settings = 0;
  registry.makeNamespace('restless');
  const restless = back(() => registry.list('restless', { updatedAt: ++settings }));
  await expect(restless).rejects.toThrow('faster than they can be copied');
  expect(readdirSync(join(target, '..'))).toEqual([]);
});

test('a failed backup is reported, and leaves nothing', async () => {
  const { registry, target, back, at } = begin();
  const empty = temporaryFolder();
  await expect(takeBackup({ data: empty, target, version: VERSION })).rejects.toThrow(`no registry in ${empty}`);
  registry.list('broken');
  writeFileSync(join(registry.data, 'storage', namespaceFile('broken')), 'no database');
  await expect(back()).rejects.toThrow(/can't be made: file is not a database/);
  expect(existsSync(at(''))).toBe(false);
  expect(readdirSync(join(target, '..'))).toEqual([]);
});

test('an existing folder is left unchanged', async () => {
  const { target, back } = begin();
  await back();
  const before = readdirSync(target);
  await expect(back()).rejects.toThrow(`${target} already exists`);
  expect(readdirSync(target)).toEqual(before);
});
