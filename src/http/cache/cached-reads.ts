import { SharedCalls } from '../../auth/shared-calls';
import { CACHED_READ_FOLLOW_MAX_MS, CACHED_READS_MAX_BYTES, CACHED_READS_MAX_COUNT } from '../../model/limits';
import type { ReadAnswer } from '../../model/namespace-api';

/** An answer that was kept. */
export interface Copy {
  cursor: string;
  body: string;
  /** When the read began that gave it, in milliseconds since the epoch: it is never younger than it says. */
  readAt: number;
}

/** A cache beyond this isolate: the platform's, near the caller. Each origin that requests come to has its own copies. */
export interface SharedCache {
  /** The copy kept under a key, however old; undefined where there is none. */
  match(origin: string, key: string): Promise<Copy | undefined>;
  /** Keeps a copy for a time in milliseconds. */
  put(origin: string, key: string, copy: Copy, keepForMs: number): Promise<void>;
}

/** Asks the namespace; the answer may be kept for this time in milliseconds. */
export type AskNamespace = (keepForMs: number) => Promise<ReadAnswer<unknown>>;

/** What cached reads stand on. */
export interface CachedReadsOptions {
  /** Milliseconds since the epoch. */
  now: () => number;
  shared?: SharedCache | undefined;
  /** Keeps work going after the answer has left, where the platform would end it. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** Text takes up to two bytes a character. */
const bytesOf = (key: string, copy: Copy): number => 2 * (key.length + copy.body.length);

/**
 * Keeps recent answers, for reads that accept an old one.
 *
 * A key is path and query, and so holds the age that the caller accepts: no copy is served for longer than the namespace
 * was told, and a drain's `safeAfterMs` counts on that.
 *
 * Identical reads under way are one call here, and only here. A strong read must show every change that was answered
 * before it began; a call that was already under way may have been evaluated before such a change.
 */
export class CachedReads {
  readonly #copies = new Map<string, Copy>();
  readonly #reads: SharedCalls<Copy>;
  readonly #options: CachedReadsOptions;
  #bytes = 0;

  constructor(options: CachedReadsOptions) {
    this.#options = options;
    this.#reads = new SharedCalls({
      now: options.now,
      waitUntil: options.waitUntil,
      followMaxMs: CACHED_READ_FOLLOW_MAX_MS,
      maxCount: CACHED_READS_MAX_COUNT,
      sharesFailures: false,
    });
  }

  /** The copy that is kept here, if it is younger than `maxAgeMs`: at once, as most cached reads are answered by it. */
  kept(key: string, maxAgeMs: number): Copy | undefined {
    const copy = this.#copies.get(key);
    return copy !== undefined && this.ageOf(copy) < maxAgeMs ? copy : undefined;
  }

  /**
   * A copy that is younger than `maxAgeMs`, or a fresh answer.
   *
   * @param key Path and query, and whatever else the answer depends on. The caller is authorized already.
   * @param origin Of the request, such as `https://registry.example`. Without one, no copy beyond this isolate is used.
   */
  async read(key: string, maxAgeMs: number, ask: AskNamespace, origin?: string): Promise<Copy> {
    const kept = this.kept(key, maxAgeMs);
    if (kept !== undefined) return kept;
    const isYoung = (copy: Copy) => this.ageOf(copy) < maxAgeMs;
    return this.#reads.call(key, () => this.#refresh(key, maxAgeMs, ask, origin), isYoung);
  }

  /** Milliseconds since a copy was read; never negative, even where the clock went back. */
  ageOf(copy: Copy): number {
    return Math.max(0, this.#options.now() - copy.readAt);
  }

  async #refresh(key: string, maxAgeMs: number, ask: AskNamespace, origin: string | undefined): Promise<Copy> {
    const { shared, waitUntil } = this.#options;
    const near = origin === undefined ? undefined : await shared?.match(origin, key);
    if (near !== undefined && this.ageOf(near) < maxAgeMs) {
      this.#keep(key, near);
      return near;
    }
    const readAt = this.#options.now();
    const { cursor, body } = await ask(maxAgeMs);
    // No condition was sent, so there is a body.
    const copy: Copy = { cursor, body: body ?? '', readAt };
    this.#keep(key, copy);
    if (shared !== undefined && origin !== undefined) waitUntil?.(shared.put(origin, key, copy, maxAgeMs));
    return copy;
  }

  #keep(key: string, copy: Copy): void {
    this.#drop(key);
    if (bytesOf(key, copy) > CACHED_READS_MAX_BYTES) return;
    this.#copies.set(key, copy);
    this.#bytes += bytesOf(key, copy);
    for (const oldest of this.#copies.keys()) {
      if (this.#copies.size <= CACHED_READS_MAX_COUNT && this.#bytes <= CACHED_READS_MAX_BYTES) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const copy = this.#copies.get(key);
    if (copy === undefined) return;
    this.#copies.delete(key);
    this.#bytes -= bytesOf(key, copy);
  }
}
