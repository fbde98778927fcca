import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sqlite from 'node:sqlite';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { StoredRegistry } from '../../test/fixtures/stored-registry';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import { DIRECTORY_FILE, namespaceFile } from '../host/resident/data-files';
import { checksumOf } from './manifest';
import { takeBackup } from './take-backup';
import { verifyBackup } from './verify-backup';

const PUBLIC = join('storage', namespaceFile('public'));

/** A backup, and a check of it. */
async function begin() {
  const registry = new StoredRegistry();
  const folder = join(temporaryFolder(), 'backup');
  await takeBackup({ data: registry.data, target: folder, version: '1.2.3' });
  const check = () => verifyBackup(sqlite, folder);
  /** Changes a file, and its checksum with it. */
  const forge = async (file: string, change: (path: string) => void) => {
    const path = join(folder, file);
    const before = await checksumOf(path);
    change(path);
    const sums = join(folder, 'SHA256SUMS');
    writeFileSync(sums, readFileSync(sums, 'utf8').replace(before, await checksumOf(path)));
  };
  const forgeManifest = (change: (text: string) => string) =>
    forge('manifest.json', (path) => writeFileSync(path, change(readFileSync(path, 'utf8'))));
  const forgeDatabase = (file: string, statement: string) =>
    forge(file, (path) => {
      const database = new DatabaseSync(path);
      database.exec(statement);
      database.close();
    });
  return { folder, check, forgeManifest, forgeDatabase, forge };
}

test('[U3] a complete backup is accepted', async () => {
  const { check } = await begin();
  const { manifest, checksums } = await check();
  expect(manifest.namespaces.map(({ id }) => id)).toEqual(['public']);
  expect([...checksums.keys()].sort()).toEqual(['manifest.json', join('storage', DIRECTORY_FILE), PUBLIC].sort());
});

test('[U3] one changed byte in any file is detected', async () => {
  const { folder, check } = await begin();
  for (const file of ['manifest.json', 'SHA256SUMS', PUBLIC, join('storage', DIRECTORY_FILE)]) {
    const path = join(folder, file);
    const whole = readFileSync(path);
    for (const place of [0, whole.length >> 1, whole.length - 1]) {
      const bytes = Uint8Array.from(whole);
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      writeFileSync(path, bytes);
      await expect(check(), `${file} at ${place}`).rejects.toThrow('The backup is damaged');
    }
    writeFileSync(path, whole);
  }
  await check();
});

test('[U3] a missing or incomplete file is detected', async () => {
  const { folder, check } = await begin();
  const copy = `${folder}-copy`;
  for (const file of ['manifest.json', PUBLIC]) {
    cpSync(folder, copy, { recursive: true });
    rmSync(join(copy, file));
    await expect(verifyBackup(sqlite, copy)).rejects.toThrow(`${file}: it is missing`);
    writeFileSync(join(copy, file), readFileSync(join(folder, file)).subarray(0, 100));
    await expect(verifyBackup(sqlite, copy)).rejects.toThrow('its checksum does not match');
    rmSync(copy, { recursive: true });
  }
  const sums = join(folder, 'SHA256SUMS');
  const lines = readFileSync(sums, 'utf8').split('\n');
  writeFileSync(sums, `${lines.filter((line) => !line.includes('manifest')).join('\n')}`);
  await expect(check()).rejects.toThrow('manifest.json: it has no checksum');
  writeFileSync(sums, `${lines.filter((line) => !line.includes(PUBLIC)).join('\n')}`);
  await expect(check()).rejects.toThrow(`${PUBLIC}: it has no checksum`);
  rmSync(sums);
  await expect(check()).rejects.toThrow('is not a complete backup: it has no SHA256SUMS');
});

test('[U3] a database that was damaged before its checksum was computed is detected', async () => {
  const { check, forge } = await begin();
  await forge(PUBLIC, (path) => {
    const bytes = readFileSync(path);
    // From the second page on: the first identifies it as a database.
    writeFileSync(path, bytes.fill(0xff, 4_096, 4_200));
  });
  await expect(check()).rejects.toThrow(/^The backup is damaged: .*sqlite: /);
});

test('[S3, U4] a backup by a newer version is refused with that version', async () => {
  for (const file of [PUBLIC, join('storage', DIRECTORY_FILE)]) {
    const { check, forgeDatabase } = await begin();
    await forgeDatabase(file, "UPDATE property SET value = '99' WHERE name IN ('schema', 'readable-from')");
    await expect(check()).rejects.toThrow(/made by Rollcall 1\.2\.3, which uses schema 99; this version supports/);
  }
  const { check, forgeManifest } = await begin();
  await forgeManifest((text) => text.replace('"format": 2', '"format": 3'));
  await expect(check()).rejects.toThrow('The backup has format 3; this version of Rollcall supports formats up to 2');
});

test('[U4] a backup of a registry under workerd is refused with the commands to migrate it', async () => {
  const { check, forgeManifest } = await begin();
  await forgeManifest((text) => text.replace('"format": 2', '"format": 1'));
  const commands = /npx rollcall@1\.2\.3 restore .*npx rollcall@1\.2\.3 serve .*rollcall export .*rollcall import /s;
  await expect(check()).rejects.toThrow(commands);
});

test('[U3] a manifest that names a wrong file is refused', async () => {
  const { check, forgeManifest } = await begin();
  await forgeManifest((text) => text.replace(PUBLIC, '../../../etc/passwd'));
  await expect(check()).rejects.toThrow('manifest.json: it names "../../../etc/passwd"');
});

test('an incomplete manifest is refused with the missing members', async () => {
  const { check, forgeManifest } = await begin();
  await forgeManifest((text) => text.replace('"startedAt"', '"begunAt"'));
  await expect(check()).rejects.toThrow(/manifest\.json: .*startedAt/);
});
