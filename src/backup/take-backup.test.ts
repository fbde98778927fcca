import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { note, noted, StoredRegistry } from '../../test/fixtures/stored-registry';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import { DIRECTORY_SCHEMA_VERSION } from '../core/directory/tables';
import { SCHEMA_VERSION } from '../core/storage/schema';
import { DIRECTORY_FILE, namespaceFile } from '../host/resident/data-files';
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

test('[U1] every database is copied with what is not in its main file yet, for its owner alone', async () => {
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

test('[U2] a namespace that is made, changed or made anew meanwhile is copied as the directory’s copy knows it', async () => {
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

test('namespaces that change all the time are given up, and nothing is left', async () => {
  const { registry, target, back } = begin();
  let settings = 0;
  registry.makeNamespace('restless');
  const restless = back(() => registry.list('restless', { updatedAt: ++settings }));
  await expect(restless).rejects.toThrow('faster than they can be copied');
  expect(readdirSync(join(target, '..'))).toEqual([]);
});

test('what can’t be backed up is said, and nothing is left', async () => {
  const { registry, target, back, at } = begin();
  const empty = temporaryFolder();
  await expect(takeBackup({ data: empty, target, version: VERSION })).rejects.toThrow(`no registry in ${empty}`);
  registry.list('broken');
  writeFileSync(join(registry.data, 'storage', namespaceFile('broken')), 'no database');
  await expect(back()).rejects.toThrow(/can't be made: file is not a database/);
  expect(existsSync(at(''))).toBe(false);
  expect(readdirSync(join(target, '..'))).toEqual([]);
});

test('a folder that is there is left as it is', async () => {
  const { target, back } = begin();
  await back();
  const before = readdirSync(target);
  await expect(back()).rejects.toThrow(`${target} is there already`);
  expect(readdirSync(target)).toEqual(before);
});
