import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../launcher/launch-error';
import { quote } from '../model/errors';
import { isRecord, parseJson } from '../model/json';
import { BackupError } from './backup-error';

/** Name of the file that lists the content of a backup. */
export const MANIFEST_FILE = 'manifest.json';

/** Version of the layout of a backup. Format 1 had the files of workerd. */
export const BACKUP_FORMAT = 2;

/** A database in a backup. */
interface StoredDatabase {
  /** Path relative to the folder of the backup. */
  file: string;
  bytes: number;
  /** Version of its tables. */
  schema: number;
}

/** Format of backups of a registry that ran in workerd, whose databases can't be read. */
const WORKERD_FORMAT = 1;

/** Returns the refusal of a backup that a version on workerd made, with the commands that move its data. */
function oldFormat(version: string): BackupError {
  const old = `npx rollcall@${version}`;
  return new BackupError(
    `The backup was made by Rollcall ${version}, in a format that this version does not read. Restore it with that ` +
      'version and start it:\n' +
      `  ${old} restore <backup> --data <new folder>\n` +
      `  ${old} serve --data <new folder> --port 8788\n` +
      'Then move each namespace to a registry of this version with two commands:\n' +
      '  rollcall export public.jsonl -n public --url http://127.0.0.1:8788\n' +
      '  rollcall import public.jsonl -n public --url http://127.0.0.1:8787 --merge',
  );
}

/** The content of a backup. */
export interface Manifest {
  format: typeof BACKUP_FORMAT;
  /** Version of Rollcall that made it. */
  version: string;
  /** RFC 3339. The backup contains all changes acknowledged before `startedAt`, and none made after `endedAt`. */
  startedAt: string;
  endedAt: string;
  directory: StoredDatabase;
  namespaces: (StoredDatabase & { id: string; epoch: string; revision: number })[];
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isTime = (value: unknown): boolean => isText(value) && !Number.isNaN(Date.parse(String(value)));

const isStoredDatabase = (value: unknown): boolean =>
  isRecord(value) && isText(value.file) && isCount(value.bytes) && isCount(value.schema) && value.schema !== 0;

const isNamespace = (value: unknown): boolean =>
  isStoredDatabase(value) && isRecord(value) && isText(value.id) && isText(value.epoch) && isCount(value.revision);

/** Checks of the members. Not a schema, because no command should load zod (design/decisions/0010-command-line.md). */
const MEMBERS: Readonly<Record<keyof Manifest, (value: unknown) => boolean>> = {
  format: (value) => value === BACKUP_FORMAT,
  version: isText,
  startedAt: isTime,
  endedAt: isTime,
  directory: isStoredDatabase,
  namespaces: (value) => Array.isArray(value) && value.every(isNamespace),
};

/** Returns every database in a backup. */
export function storedDatabases({ directory, namespaces }: Manifest): StoredDatabase[] {
  return [directory, ...namespaces];
}

/**
 * Parses the text of a manifest.
 *
 * @throws {BackupError} If it has another format, or is not a manifest.
 */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw damaged(MANIFEST_FILE, 'it is not JSON');
  }
  if (!isRecord(value)) throw damaged(MANIFEST_FILE, 'it is not an object');
  const { format, version } = value;
  if (format === WORKERD_FORMAT) throw oldFormat(String(version));
  if (typeof format === 'number' && format > BACKUP_FORMAT) {
    throw new BackupError(
      `The backup has format ${format}; this version of Rollcall supports formats up to ${BACKUP_FORMAT}. Restore it with ` +
        'the version that made it, or a later one.',
    );
  }
  for (const [member, isRight] of Object.entries(MEMBERS)) {
    if (!isRight(value[member])) throw damaged(MANIFEST_FILE, `its ${member} is invalid: ${quote(value[member])}`);
  }
  return value as unknown as Manifest; // `as`: each member was just checked
}

/** Name of the file with the checksums. A backup without it is incomplete. `sha256sum -c SHA256SUMS` can read it. */
export const CHECKSUMS_FILE = 'SHA256SUMS';

/** Returns the SHA-256 of a file, in hexadecimal. */
export async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** Formats checksums by file in the format of `sha256sum`. */
export function checksumsText(checksums: ReadonlyMap<string, string>): string {
  return [...checksums].map(([file, digest]) => `${digest}  ${file}\n`).join('');
}

/**
 * Reads the checksums of a backup.
 *
 * @throws {BackupError} If the file is missing or malformed.
 */
export async function readChecksums(folder: string): Promise<Map<string, string>> {
  const text = await readFile(join(folder, CHECKSUMS_FILE), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === undefined) throw error;
    const advice = 'Check the folder; if the backup was interrupted, make a new one.';
    throw new BackupError(`${folder} is not a complete backup: it has no ${CHECKSUMS_FILE}. ${advice}`, {
      cause: error,
    });
  });
  const lines = text.split('\n').slice(0, -1);
  const matches = lines.map((line) => /^([0-9a-f]{64}) {2}([\w./+-]+)$/.exec(line));
  if (!text.endsWith('\n') || matches.includes(null))
    throw damaged(CHECKSUMS_FILE, 'it is not in the format of sha256sum');
  return new Map(matches.map((match) => [match?.[2] ?? '', match?.[1] ?? '']));
}

/** Returns the error of a damaged backup. */
export function damaged(file: string, how: string): BackupError {
  return new BackupError(`The backup is damaged: ${file}: ${how}. Use another backup.`);
}
