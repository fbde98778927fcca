import { chmod, chown, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Modes of a backup's files and folders. They contain digests of tokens and the audit trail, so only the owner may read. */
const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** Creates a folder that only its owner can access, and missing folders above it. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: OWNER_ONLY_FOLDER });
}

/** Flushes a file or a folder to disk. */
export async function toDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Changes the owner of a file or a whole folder to that of another, so that the registry's user can read files that root
 * restores. Does nothing for other users, who can't change owners.
 */
export async function giveToOwnerOf(other: string, path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(other);
  await chown(path, uid, gid);
  if (!(await stat(path)).isDirectory()) return;
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    await chown(join(entry.parentPath, entry.name), uid, gid);
  }
}

/** Makes a whole folder accessible only to its owner, and flushes it to disk with its entry in the parent folder. */
export async function secureFolder(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    await chmod(path, entry.isDirectory() ? OWNER_ONLY_FOLDER : OWNER_ONLY_FILE);
    await toDisk(path);
  }
  await toDisk(folder);
  await toDisk(dirname(folder));
}
