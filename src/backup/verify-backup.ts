import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIRECTORY_SCHEMA_VERSION } from '../core/directory/tables';
import { mayRead } from '../core/storage/bring-up-to-date';
import { SCHEMA_VERSION } from '../core/storage/schema';
import { DIRECTORY_FILE, namespaceFile } from '../host/resident/data-files';
import { STORAGE_NAME } from '../launcher/data-folder';
import { systemErrorCode } from '../launcher/launch-error';
import { quote } from '../model/errors';
import { BackupError } from './backup-error';
import { checksumOf, damaged, MANIFEST_FILE, type Manifest, parseManifest, readChecksums } from './manifest';
import type { Sqlite } from './sqlite';
import { factsOf } from './stored-database';

/** A complete backup that this version can read. */
export interface VerifiedBackup {
  manifest: Manifest;
  /** SHA-256 by file; paths are relative to the folder of the backup. */
  checksums: Map<string, string>;
}

/**
 * Verifies a backup: every file exists and has its checksum, every database is intact, and none has tables of a newer
 * version.
 *
 * @param progress Called with the number of files verified, and the total.
 * @throws {BackupError} If the backup is damaged or too new. The message names the file.
 */
export async function verifyBackup(
  sqlite: Sqlite,
  folder: string,
  progress: (verified: number, all: number) => void = () => {},
): Promise<VerifiedBackup> {
  const checksums = await readChecksums(folder);
  let verified = 0;
  for (const [file, checksum] of checksums) {
    const found = await checksumOf(join(folder, file)).catch((error: unknown) => {
      throw systemErrorCode(error) === 'ENOENT' ? damaged(file, 'it is missing') : error;
    });
    if (found !== checksum) throw damaged(file, 'its checksum does not match');
    progress(++verified, checksums.size);
  }
  if (!checksums.has(MANIFEST_FILE)) throw damaged(MANIFEST_FILE, 'it has no checksum');
  const manifest = parseManifest(await readFile(join(folder, MANIFEST_FILE), 'utf8'));
  const verify = (file: string, expected: string, known: number) => {
    // Files that a manifest names are read and copied, so it may name only the expected ones.
    if (file !== join(STORAGE_NAME, expected)) throw damaged(MANIFEST_FILE, `it names ${quote(file)}`);
    if (!checksums.has(file)) throw damaged(file, 'it has no checksum');
    verifyDatabase(sqlite, join(folder, file), file, known, manifest.version);
  };
  verify(manifest.directory.file, DIRECTORY_FILE, DIRECTORY_SCHEMA_VERSION);
  for (const { id, file } of manifest.namespaces) verify(file, namespaceFile(id), SCHEMA_VERSION);
  return { manifest, checksums };
}

function verifyDatabase(sqlite: Sqlite, path: string, file: string, known: number, version: string): void {
  const { schema, readableFrom, damage } = examine(sqlite, path, file);
  if (damage !== undefined) throw damaged(file, damage);
  if (schema === undefined) throw damaged(file, 'nothing is stored in it');
  if (!mayRead(known, schema, readableFrom)) {
    throw new BackupError(
      `The backup was made by Rollcall ${version}, which uses schema ${schema}; this version supports schemas up to ` +
        `${known}. Restore it with ${version} or later. (${file})`,
    );
  }
}

/** Reads the facts of a database, and reports an error of SQLite as damage. */
function examine(sqlite: Sqlite, path: string, file: string) {
  try {
    return factsOf(sqlite, path);
  } catch (error) {
    if (systemErrorCode(error) === undefined || !(error instanceof Error)) throw error;
    throw damaged(file, error.message);
  }
}
