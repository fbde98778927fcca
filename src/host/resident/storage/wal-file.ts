import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { flushDescriptor } from './disk';

/** Layout of the WAL's header and of each frame's header. Source: https://www.sqlite.org/walformat.html */
const HEADER_LENGTH = 32;
const FRAME_HEADER_LENGTH = 24;
const SALT_OFFSET_IN_HEADER = 16;
const SALT_OFFSET_IN_FRAME = 8;
const SALT_LENGTH = 8;

/**
 * The `-wal` file of a database, opened through a separate descriptor. SQLite holds no locks on this file, so closing the
 * descriptor drops none. It locks the database and the `-shm` file, which nothing else may open.
 */
export class WalFile {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #frameLength: number;
  readonly #salt = Buffer.alloc(SALT_LENGTH);
  readonly #frameSalt = Buffer.alloc(SALT_LENGTH);

  constructor(path: string, pageLength: number) {
    this.#path = path;
    this.#descriptor = openSync(path, constants.O_RDWR);
    this.#frameLength = FRAME_HEADER_LENGTH + pageLength;
  }

  /** Flushes the bytes that SQLite has written so far, without blocking the event loop. */
  flush(): Promise<void> {
    return flushDescriptor(this.#descriptor);
  }

  /** Returns the salt of the current round, which changes when SQLite restarts the WAL from the beginning of the file. */
  round(): string {
    const length = readSync(this.#descriptor, this.#salt, 0, SALT_LENGTH, SALT_OFFSET_IN_HEADER);
    return this.#salt.toString('latin1', 0, length);
  }

  /**
   * Returns whether the current round has more than `count` frames. The file's length is no indication, because SQLite
   * overwrites the frames of earlier rounds. Call {@link round} first.
   */
  hasMoreFrames(count: number): boolean {
    const offset = HEADER_LENGTH + count * this.#frameLength + SALT_OFFSET_IN_FRAME;
    const length = readSync(this.#descriptor, this.#frameSalt, 0, SALT_LENGTH, offset);
    return length === SALT_LENGTH && this.#frameSalt.equals(this.#salt);
  }

  /** Returns the number of frames that fit into a number of bytes. */
  framesIn(bytes: number): number {
    return Math.floor(bytes / this.#frameLength);
  }

  /** Returns why the file at the path is not the one that is flushed; undefined if it is. */
  problem(): string | undefined {
    const { ino, dev, nlink } = fstatSync(this.#descriptor, { bigint: true });
    if (nlink === 0n) return `${this.#path} was deleted`;
    const atPath = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (atPath === undefined) return `${this.#path} was moved away`;
    return atPath.ino === ino && atPath.dev === dev ? undefined : `${this.#path} was replaced by another file`;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
