import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { flushDescriptor } from './disk';

/** The WAL's header, and the header of each frame. Source: https://www.sqlite.org/walformat.html */
const HEADER_LENGTH = 32;
const FRAME_HEADER_LENGTH = 24;
const SALT_OFFSET_IN_HEADER = 16;
const SALT_OFFSET_IN_FRAME = 8;
const SALT_LENGTH = 8;

/**
 * The `-wal` file of a database, through a descriptor of our own. The file carries no locks, so that closing the
 * descriptor drops none of SQLite's; those are on the database and the `-shm` file, which nothing but SQLite may open.
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

  /** Flushes what SQLite has written to the file so far, while the event loop goes on. */
  flush(): Promise<void> {
    return flushDescriptor(this.#descriptor);
  }

  /** Returns what changes when SQLite begins to write at the start of the file again. */
  round(): string {
    const length = readSync(this.#descriptor, this.#salt, 0, SALT_LENGTH, SALT_OFFSET_IN_HEADER);
    return this.#salt.toString('latin1', 0, length);
  }

  /**
   * Tells whether the current round has more than `count` frames. The length of the file does not tell: SQLite writes over
   * frames of earlier rounds. Call {@link round} before.
   */
  hasMoreFrames(count: number): boolean {
    const offset = HEADER_LENGTH + count * this.#frameLength + SALT_OFFSET_IN_FRAME;
    const length = readSync(this.#descriptor, this.#frameSalt, 0, SALT_LENGTH, offset);
    return length === SALT_LENGTH && this.#frameSalt.equals(this.#salt);
  }

  /** Returns how many frames fit into so many bytes. */
  framesIn(bytes: number): number {
    return Math.floor(bytes / this.#frameLength);
  }

  /** Says why the file at the path is no longer the one that is flushed; undefined where it is. */
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
