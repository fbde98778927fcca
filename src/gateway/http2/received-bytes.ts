const EMPTY = new Uint8Array(0);

/**
 * Bytes that were received and not read yet, as one sequence.
 *
 * A chunk is a part of a buffer of the socket, which it keeps in memory as a whole, and each one is an object: a client that
 * sends single bytes could make each take a thousand times its size. So chunks are read in place as long as nothing is left of
 * them, and all that is left is copied to a buffer that grows.
 */
export class ReceivedBytes {
  #bytes: Uint8Array = EMPTY;
  #at = 0;
  #end = 0;
  /** True if the buffer is not one of a socket. */
  #isOwn = false;

  /** Number of bytes that can be read. */
  get size(): number {
    return this.#end - this.#at;
  }

  /** Memory that is held by bytes that have been kept. */
  get heldBytes(): number {
    return this.#isOwn ? this.#bytes.length : 0;
  }

  /** Appends a chunk. `keep` has to be called before the turn ends. */
  push(chunk: Uint8Array): void {
    if (this.size === 0) {
      this.#bytes = chunk;
      this.#at = 0;
      this.#end = chunk.length;
      this.#isOwn = false;
      return;
    }
    this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Copies what has not been read from the buffer of the socket. */
  keep(): void {
    if (this.size === 0) this.#drop();
    else if (!this.#isOwn) this.#makeRoom(0);
  }

  /** Returns the byte at an offset from the first one that has not been read. */
  byteAt(offset: number): number {
    return this.#bytes[this.#at + offset] ?? 0;
  }

  /** Reads bytes that are there. They are not overwritten later. */
  take(size: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    if (this.size === 0) this.#drop();
    return taken;
  }

  #drop(): void {
    this.#bytes = EMPTY;
    this.#at = 0;
    this.#end = 0;
    this.#isOwn = false;
  }

  /** Makes the buffer one of our own with room at its end. Bytes that were taken from it stay in the former one. */
  #makeRoom(size: number): void {
    const needed = this.size + size;
    if (this.#isOwn && this.#end + size <= this.#bytes.length) return;
    const grown = new Uint8Array(this.#isOwn ? Math.max(needed, 2 * this.size) : needed);
    grown.set(this.#bytes.subarray(this.#at, this.#end));
    this.#bytes = grown;
    this.#end = this.size;
    this.#at = 0;
    this.#isOwn = true;
  }
}
