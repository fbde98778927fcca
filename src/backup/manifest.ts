import { quote } from '../model/errors';
import { isRecord, parseJson } from '../model/json';
import { BackupError } from './backup-error';
import { damaged } from './checksums';

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
