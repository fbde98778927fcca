import { LRUCache } from 'lru-cache';
import { SharedCalls } from '../../auth/shared-calls';
import { CACHED_READ_FOLLOW_MAX_MS, CACHED_READS_MAX_BYTES, CACHED_READS_MAX_COUNT } from '../../model/limits';
import type { ReadAnswer } from '../../model/namespace-api';

/** A cached response. */
export interface Copy {
  cursor: string;
  body: string;
  /** Start of the read that returned it, in milliseconds since the epoch, so its age is never understated. */
  readAt: number;
}

/** A cache beyond this isolate: the platform's, near the caller. Each origin of the registry has its own copies. */
export interface SharedCache {
  /** Returns the copy of a key, whatever its age; undefined if there is none. */
  match(origin: string, key: string): Promise<Copy | undefined>;
  /** Stores a copy for a time in milliseconds. */
  put(origin: string, key: string, copy: Copy, keepForMs: number): Promise<void>;
}

/** Reads from the namespace; the response may be cached for this time in milliseconds. */
export type AskNamespace = (keepForMs: number) => Promise<ReadAnswer<unknown>>;

/** Dependencies of {@link CachedReads}. */
export interface CachedReadsOptions {
  /** Milliseconds since the epoch. */
  now: () => number;
  shared?: SharedCache | undefined;
  /** Keeps work running after the response has been sent, on platforms that would stop it. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** Returns the size of a copy; text takes up to two bytes per character. */
const bytesOf = (copy: Copy, key: string): number => 2 * (key.length + copy.body.length);

/**
 * Caches recent responses, for reads that accept a stale one.
 *
 * A key is path and query, which include the maximum age: no copy is served for longer than the time that was passed to
 * the namespace, and a drain's `safeAfterMs` relies on that.
 *
 * Identical concurrent reads share one call, but only cached reads do. A strong read must reflect every change that
 * completed before it started; a call that is already in progress may have been evaluated before such a change.
 */
export class CachedReads {
  readonly #copies = new LRUCache<string, Copy>({
    max: CACHED_READS_MAX_COUNT,
    maxSize: CACHED_READS_MAX_BYTES,
    sizeCalculation: bytesOf,
  });
  readonly #reads: SharedCalls<Copy>;
  readonly #options: CachedReadsOptions;

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

  /** Returns the copy in this isolate if it is younger than `maxAgeMs`; synchronous, as it serves most cached reads. */
  cached(key: string, maxAgeMs: number): Copy | undefined {
    const copy = this.#copies.get(key);
    return copy !== undefined && this.ageOf(copy) < maxAgeMs ? copy : undefined;
  }

  /**
   * Returns a copy that is younger than `maxAgeMs`, or a fresh response.
   *
   * @param key Path and query, and everything else that the response depends on. The caller is authorized already.
   * @param origin Origin of the request, such as `https://registry.example`. Without it the shared cache is not used.
   */
  async read(key: string, maxAgeMs: number, ask: AskNamespace, origin?: string): Promise<Copy> {
    const cached = this.cached(key, maxAgeMs);
    if (cached !== undefined) return cached;
    const isYoung = (copy: Copy) => this.ageOf(copy) < maxAgeMs;
    return this.#reads.call(key, () => this.#refresh(key, maxAgeMs, ask, origin), isYoung);
  }

  /** Returns the age of a copy in milliseconds; never negative, even if the clock went back. */
  ageOf(copy: Copy): number {
    return Math.max(0, this.#options.now() - copy.readAt);
  }

  async #refresh(key: string, maxAgeMs: number, ask: AskNamespace, origin: string | undefined): Promise<Copy> {
    const { shared, waitUntil } = this.#options;
    const near = origin === undefined ? undefined : await shared?.match(origin, key);
    if (near !== undefined && this.ageOf(near) < maxAgeMs) {
      this.#copies.set(key, near);
      return near;
    }
    const readAt = this.#options.now();
    const { cursor, body } = await ask(maxAgeMs);
    // The read was unconditional, so there is a body.
    const copy: Copy = { cursor, body: body ?? '', readAt };
    this.#copies.set(key, copy);
    if (shared !== undefined && origin !== undefined) waitUntil?.(shared.put(origin, key, copy, maxAgeMs));
    return copy;
  }
}
