import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CACHED_READ_FOLLOW_MAX_MS, CACHED_READS_MAX_BYTES, CACHED_READS_MAX_COUNT } from '../../model/limits';
import type { ReadAnswer } from '../../model/namespace-api';
import { CachedReads, type Copy, type SharedCache } from './cached-reads';

/** A namespace that counts its calls, and responds on demand. */
class Asked {
  readonly keptFor: number[] = [];
  #waiting: { resolve: (answer: ReadAnswer<unknown>) => void; reject: (reason: unknown) => void }[] = [];

  readonly ask = (keepForMs: number): Promise<ReadAnswer<unknown>> => {
    this.keptFor.push(keepForMs);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  };

  /** Answers the oldest call that waits. */
  answer(body: string): void {
    this.#waiting.shift()?.resolve({ cursor: 'c1', body });
  }

  fail(reason: Error): void {
    this.#waiting.shift()?.reject(reason);
  }
}

const ONE = 'https://one.example';

const answering = (body: string) => async () => ({ cursor: 'c1', body });

describe('CachedReads', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const make = (shared?: SharedCache) => new CachedReads({ now: () => Date.now(), shared });

  it('[Q5] serves a copy up to the requested age, then reads again', async () => {
    const reads = make();
    const ask = vi.fn(answering('one'));
    const first = await reads.read('k', 5_000, ask);
    vi.advanceTimersByTime(4_999);
    expect(await reads.read('k', 5_000, ask)).toBe(first);
    expect(reads.ageOf(first)).toBe(4_999);
    vi.advanceTimersByTime(1);
    expect(await reads.read('k', 5_000, ask)).not.toBe(first);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('[Q5] refreshes for a caller that requests a younger copy', async () => {
    const reads = make();
    const ask = vi.fn(answering('one'));
    await reads.read('k', 60_000, ask);
    vi.advanceTimersByTime(2_000);
    await reads.read('k', 1_000, ask);
    await reads.read('k', 0, ask);
    expect(ask).toHaveBeenCalledTimes(3);
  });

  it('counts the age from the start of the read, also if the clock goes back', async () => {
    const reads = make();
    const asked = new Asked();
    const reading = reads.read('k', 5_000, asked.ask);
    vi.advanceTimersByTime(3_000);
    asked.answer('slow');
    const copy = await reading;
    expect(reads.ageOf(copy)).toBe(3_000);
    vi.setSystemTime(0);
    expect(reads.ageOf(copy)).toBe(0);
  });

  it('passes on to the namespace how long a response may be cached', async () => {
    const asked = new Asked();
    void make().read('k', 7_000, asked.ask);
    expect(asked.keptFor).toEqual([7_000]);
  });

  it('[Q6] shares one call among identical concurrent reads, and none among different ones', async () => {
    const reads = make();
    const asked = new Asked();
    const one = [
      reads.read('k', 5_000, asked.ask),
      reads.read('k', 5_000, asked.ask),
      reads.read('k', 5_000, asked.ask),
    ];
    const other = reads.read('j', 5_000, asked.ask);
    expect(asked.keptFor).toHaveLength(2);
    asked.answer('k');
    asked.answer('j');
    expect((await Promise.all(one)).map(({ body }) => body)).toEqual(['k', 'k', 'k']);
    expect((await other).body).toBe('j');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('makes a call for a follower if the call of the leader fails', async () => {
    const reads = make();
    const asked = new Asked();
    const leader = reads.read('k', 5_000, asked.ask);
    const follower = reads.read('k', 5_000, asked.ask);
    asked.fail(new Error('gone'));
    await expect(leader).rejects.toThrow('gone');
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.keptFor).toHaveLength(2);
    asked.answer('own');
    expect((await follower).body).toBe('own');
  });

  it('makes a call for a follower if the leader never gets a response, and for later reads at once', async () => {
    const reads = make();
    const asked = new Asked();
    void reads.read('k', 5_000, () => new Promise(() => undefined));
    const follower = reads.read('k', 5_000, asked.ask);
    await vi.advanceTimersByTimeAsync(CACHED_READ_FOLLOW_MAX_MS - 1);
    expect(asked.keptFor).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked.keptFor).toHaveLength(1);
    asked.answer('own');
    expect((await follower).body).toBe('own');
    vi.advanceTimersByTime(6_000);
    void reads.read('k', 5_000, asked.ask);
    expect(asked.keptFor).toHaveLength(2);
  });

  it('caches no failure', async () => {
    const reads = make();
    await expect(reads.read('k', 5_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect((await reads.read('k', 5_000, answering('yes'))).body).toBe('yes');
  });

  it('evicts the least recently read copies beyond the limits of count and size', async () => {
    const reads = make();
    const ask = vi.fn(answering('x'));
    for (let index = 0; index <= CACHED_READS_MAX_COUNT; index++) await reads.read(`k${index}`, 60_000, ask);
    ask.mockClear();
    await reads.read(`k${CACHED_READS_MAX_COUNT}`, 60_000, ask);
    await reads.read('k1', 60_000, ask);
    expect(ask).not.toHaveBeenCalled();
    await reads.read('k0', 60_000, ask);
    expect(ask).toHaveBeenCalledOnce();

    const third = vi.fn(answering('x'.repeat(CACHED_READS_MAX_BYTES / 6)));
    for (const key of ['a', 'b', 'c', 'd']) await reads.read(key, 60_000, third);
    third.mockClear();
    await reads.read('d', 60_000, third);
    await reads.read('c', 60_000, third);
    expect(third).not.toHaveBeenCalled();
    await reads.read('a', 60_000, third);
    expect(third).toHaveBeenCalledOnce();
  });

  it('serves a response that is too large for the cache', async () => {
    const reads = make();
    const ask = vi.fn(answering('x'.repeat(CACHED_READS_MAX_BYTES)));
    await reads.read('k', 60_000, ask);
    await reads.read('k', 60_000, ask);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('[Q7] reads the shared cache before the namespace, under the origin of the request, and stores the copy there', async () => {
    const kept = new Map<string, Copy>([
      ['https://one.example near', { cursor: 'c0', body: 'near', readAt: Date.now() - 4_000 }],
    ]);
    const puts: number[] = [];
    const shared: SharedCache = {
      match: async (origin, key) => kept.get(`${origin} ${key}`),
      put: async (origin, key, copy, keepForMs) => {
        puts.push(keepForMs);
        kept.set(`${origin} ${key}`, copy);
      },
    };
    const work: Promise<unknown>[] = [];
    const reads = new CachedReads({ now: () => Date.now(), shared, waitUntil: (promise) => work.push(promise) });
    const ask = vi.fn(answering('fresh'));
    expect((await reads.read('near', 5_000, ask, ONE)).body).toBe('near');
    expect(ask).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect((await reads.read('near', 5_000, ask, ONE)).body).toBe('fresh');
    await Promise.all(work);
    expect(kept.get(`${ONE} near`)?.body).toBe('fresh');
    expect(puts).toEqual([5_000]);
    vi.advanceTimersByTime(5_000);
    expect((await reads.read('near', 5_000, answering('other'), 'https://two.example')).body).toBe('other');
    expect(kept.get(`${ONE} near`)?.body).toBe('fresh');
  });
});
