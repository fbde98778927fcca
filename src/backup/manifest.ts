import { z } from 'zod';
import { parseJson } from '../model/parse-json';
import { BackupError } from './backup-error';
import { damaged } from './checksums';

export const MANIFEST_FILE = 'manifest.json';

/** Version of how a backup is laid out. */
export const BACKUP_FORMAT = 1;

const StoredObject = z.object({
  /** From the folder of the backup. */
  file: z.string(),
  bytes: z.int().nonnegative(),
  /** Version of its tables. */
  schema: z.int().positive(),
});

/** What is in a backup. */
export const Manifest = z.object({
  format: z.literal(BACKUP_FORMAT),
  /** Version of Rollcall that made it. */
  version: z.string(),
  /** Everything that was acknowledged before `startedAt` is in it, and nothing that came after `endedAt`. */
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  /** Null where the registry has none yet: nobody has called it with anything but its root token. */
  directory: StoredObject.nullable(),
  namespaces: z.array(StoredObject.extend({ id: z.string(), epoch: z.string(), revision: z.int().nonnegative() })),
});
export type Manifest = z.output<typeof Manifest>;

/** Every database in a backup. */
export function storedObjects({ directory, namespaces }: Manifest): z.output<typeof StoredObject>[] {
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
  const { data: { format } = {} } = z.object({ format: z.int() }).safeParse(value);
  if (format !== undefined && format > BACKUP_FORMAT) {
    throw new BackupError(
      `The backup has format ${format}; this version of Rollcall knows ${BACKUP_FORMAT} at most. Restore it with the ` +
        'version that made it, or a later one.',
    );
  }
  const manifest = Manifest.safeParse(value);
  if (!manifest.success) throw damaged(MANIFEST_FILE, z.prettifyError(manifest.error).split('\n').join('; '));
  return manifest.data;
}
