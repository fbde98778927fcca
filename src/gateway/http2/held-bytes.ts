/**
 * Counts the bytes that clients make a server hold: parts of requests that are not complete, and answers that are not read.
 * The bytes of each connection also count towards the total of all connections.
 */
export class HeldBytes {
  readonly #maxBytes: number;
  readonly #all: HeldBytes | undefined;
  #bytes = 0;

  /** @param all Count of which this one is a part. */
  constructor(maxBytes: number, all?: HeldBytes) {
    this.#maxBytes = maxBytes;
    this.#all = all;
  }

  /** Bytes that are held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds bytes, or removes them if negative. Returns false if more is held than may be; the caller then drops its own. */
  add(bytes: number): boolean {
    this.#bytes += bytes;
    const fits = this.#all?.add(bytes) ?? true;
    return fits && this.#bytes <= this.#maxBytes;
  }
}
