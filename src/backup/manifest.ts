import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../launcher/launch-error';
import { quote } from '../model/errors';
import { isRecord, parseJson } from '../model/json';
import { BackupError } from './backup-error';

/** The file that says what is in a backup. */
export const MANIFEST_FILE = 'manifest.json';

/** Version of how a backup is laid out. */
export const BACKUP_FORMAT = 1;

/** A database in a backup. */
interface StoredObject {
  /** From the folder of the backup. */
  file: string;
  bytes: number;
  /** Version of its tables. */
  schema: number;
}

/** What is in a backup. */
export interface Manifest {
  format: typeof BACKUP_FORMAT;
  /** Version of Rollcall that made it. */
  version: string;
  /** Everything that was acknowledged before `startedAt` is in it, and nothing that came after `endedAt`. RFC 3339. */
  startedAt: string;
  endedAt: string;
  /** Null where the registry has none yet: nobody has called it with anything but its root token. */
  directory: StoredObject | null;
  namespaces: (StoredObject & { id: string; epoch: string; revision: number })[];
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isTime = (value: unknown): boolean => isText(value) && !Number.isNaN(Date.parse(String(value)));

const isStoredObject = (value: unknown): boolean =>
  isRecord(value) && isText(value.file) && isCount(value.bytes) && isCount(value.schema) && value.schema !== 0;

const isNamespace = (value: unknown): boolean =>
  isStoredObject(value) && isRecord(value) && isText(value.id) && isText(value.epoch) && isCount(value.revision);

/** What the members have to be. By hand: no command is to load what schemas take (design/decisions/0010-command-line.md). */
const MEMBERS: Readonly<Record<keyof Manifest, (value: unknown) => boolean>> = {
  format: (value) => value === BACKUP_FORMAT,
  version: isText,
  startedAt: isTime,
  endedAt: isTime,
  directory: (value) => value === null || isStoredObject(value),
  namespaces: (value) => Array.isArray(value) && value.every(isNamespace),
};

/** Every database in a backup. */
export function storedObjects({ directory, namespaces }: Manifest): StoredObject[] {
  return directory === null ? namespaces : [directory, ...namespaces];
}

/**
 * Reads the text of a manifest.
 *
 * @throws {BackupError} Where it is of a newer version, or no manifest.
 */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw damaged(MANIFEST_FILE, 'it is not JSON');
  }
  if (!isRecord(value)) throw damaged(MANIFEST_FILE, 'it is no object');
  const { format } = value;
  if (typeof format === 'number' && format > BACKUP_FORMAT) {
    throw new BackupError(
      `The backup has format ${format}; this version of Rollcall knows ${BACKUP_FORMAT} at most. Restore it with the ` +
        'version that made it, or a later one.',
    );
  }
  for (const [member, isRight] of Object.entries(MEMBERS)) {
    if (!isRight(value[member])) throw damaged(MANIFEST_FILE, `its ${member} can't be ${quote(value[member])}`);
  }
  return value as unknown as Manifest; // `as`: each member is what it has to be
}

/** Written last, so that a backup without it is none; `sha256sum -c SHA256SUMS` reads it, too. */
export const CHECKSUMS_FILE = 'SHA256SUMS';

/** SHA-256 of a file, in hexadecimal digits. */
export async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** Checksums by file, as `sha256sum` writes them. */
export function checksumsText(checksums: ReadonlyMap<string, string>): string {
  return [...checksums].map(([file, digest]) => `${digest}  ${file}\n`).join('');
}

/**
 * Reads the checksums of a backup.
 *
 * @throws {BackupError} Where there are none, or they are no checksums.
 */
export async function readChecksums(folder: string): Promise<Map<string, string>> {
  const text = await readFile(join(folder, CHECKSUMS_FILE), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === undefined) throw error;
    const advice = 'Either it is another folder, or the backup was interrupted: make a new one.';
    throw new BackupError(`${folder} is not a whole backup: it has no ${CHECKSUMS_FILE}. ${advice}`, { cause: error });
  });
  const lines = text.split('\n').slice(0, -1);
  const matches = lines.map((line) => /^([0-9a-f]{64}) {2}([\w./-]+)$/.exec(line));
  if (!text.endsWith('\n') || matches.includes(null)) throw damaged(CHECKSUMS_FILE, 'it is not what sha256sum writes');
  return new Map(matches.map((match) => [match?.[2] ?? '', match?.[1] ?? '']));
}

/** A backup that can't be trusted. */
export function damaged(file: string, how: string): BackupError {
  return new BackupError(`The backup is damaged: ${file}: ${how}. Use another backup.`);
}
