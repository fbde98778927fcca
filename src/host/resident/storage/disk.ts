import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fsync,
  fsyncSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';

/** Number of bytes that are read and written at a time. */
const BLOCK_LENGTH = 1024 * 1024;

/** False on Windows, which can't open a folder and needs no flush of its entries. */
const CAN_OPEN_FOLDERS = process.platform !== 'win32';

/** Flushes the entries of a folder to the disk, without blocking the event loop. */
export async function flushFolder(folder: string): Promise<void> {
  if (!CAN_OPEN_FOLDERS) return;
  const descriptor = openSync(folder, 'r');
  try {
    await settled((done) => fsync(descriptor, done));
  } finally {
    closeSync(descriptor);
  }
}

/** Like {@link flushFolder}, for the start of a process: returns once the entries are on the disk. */
export function flushFolderSync(folder: string): void {
  if (!CAN_OPEN_FOLDERS) return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Flushes a file's data and the metadata needed to read it, without blocking the event loop. */
export function flushDescriptor(descriptor: number): Promise<void> {
  return settled((done) => fdatasync(descriptor, done));
}

function settled(call: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

/** Returns the length of a file; 0 if it does not exist. */
export function lengthOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Overwrites a file with its own content and flushes it. After a failed flush, Linux keeps the unwritten pages but marks them
 * clean, so that a second flush reports success without writing them. Writing the same bytes again marks them dirty.
 */
export function rewriteFile(path: string): void {
  const descriptor = openSync(path, constants.O_RDWR);
  try {
    const block = Buffer.alloc(BLOCK_LENGTH);
    for (let offset = 0; ; ) {
      const length = readSync(descriptor, block, 0, BLOCK_LENGTH, offset);
      if (length === 0) break;
      for (let written = 0; written < length; ) {
        written += writeSync(descriptor, block, written, length - written, offset + written);
      }
      offset += length;
    }
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Returns the message of an error, or the text of any other thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
