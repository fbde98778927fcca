import { chmod, chown, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What is in a backup tells tokens' digests and who did what: it is for its owner alone. */
const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** Makes a folder for its owner alone, and those above it where they are absent. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: OWNER_ONLY_FOLDER });
}

/** Has a file or a folder written to the disk. */
export async function toDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Gives a file, or a whole folder, to the owner of another: what root restores, the user that the registry runs as has to
 * read. Any other user has nothing to give away.
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

/** Takes a whole folder from all others, and has it written to the disk, with the entry above it. */
export async function secureFolder(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    await chmod(path, entry.isDirectory() ? OWNER_ONLY_FOLDER : OWNER_ONLY_FILE);
    await toDisk(path);
  }
  await toDisk(folder);
  await toDisk(dirname(folder));
}
