import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';

/** How much is read and written at a time. */
const BLOCK_LENGTH = 1024 * 1024;

/** Has the names in a folder written to the disk. */
export function flushFolder(folder: string): void {
  // Windows can't open a folder, and needs no flush of its names.
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Flushes a file's bytes, and what is needed to find them, while the event loop goes on. */
export function flushDescriptor(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

/** Returns the length of a file; 0 where there is none. */
export function lengthOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Writes a file over itself and flushes it. After a flush has failed, Linux holds pages that are not on the disk and counts
 * them as clean: a second flush of them reports success. Bytes that are written again are flushed.
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

/** Returns what a failure says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
