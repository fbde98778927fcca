import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { CACHED_MAX_AGE_MAX_MS, PLAIN_READS_WINDOW_MS, POLLER_LINGER_MS } from '../../../model/limits';
import { prepareStorage, writeProperty } from '../../storage/schema';
import { ReaderHolds } from './reader-holds';

const HOUR_MS = 60 * 60 * 1_000;
/** Late in a minute, so that minutes of the clock and of the test differ. */
const NOW = 59_000;

function stage() {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'epoch');
  let rows = 0;
  let isFull = false;
  const wake = (now = NOW, isNew = false) =>
    new ReaderHolds(
      disk,
      (write) => {
        if (isFull) return false;
        rows += 1;
        write();
        return true;
      },
      { now, isNew, pollerLingerMs: POLLER_LINGER_MS },
    );
  const fill = (full: boolean) => {
    isFull = full;
  };
  return { disk, wake, rows: () => rows, fill };
}

describe('ReaderHolds', () => {
  it('[W26] knows all readers of a new namespace, but no plain ones after a wake', () => {
    const { wake } = stage();
    expect(wake(NOW, true).unknownAt(NOW)).toEqual({ kinds: [], safeAfterMs: 0 });
    const woken = wake();
    expect(woken.unknownAt(2 * PLAIN_READS_WINDOW_MS - 1)).toEqual({ kinds: ['plain'], safeAfterMs: 0 });
    expect(woken.unknownAt(2 * PLAIN_READS_WINDOW_MS)).toEqual({ kinds: [], safeAfterMs: 0 });
  });

  it('[W25] bounds the hold of cached readers by the longest age, from the wake on', () => {
    const { wake } = stage();
    const before = wake(NOW, true);
    before.noteCached(NOW, 20_000);
    before.noteCached(NOW, 5_000);
    expect(before.unknownAt(NOW).kinds).toEqual([]);
    const woken = wake(NOW + 10_000);
    expect(woken.unknownAt(NOW + 10_000)).toEqual({ kinds: ['cached', 'plain'], safeAfterMs: 20_000 });
    expect(woken.unknownAt(NOW + 29_999)).toMatchObject({ safeAfterMs: 1 });
    expect(woken.unknownAt(NOW + 30_000)).toMatchObject({ kinds: ['plain'], safeAfterMs: 0 });
    expect(wake(NOW + HOUR_MS).unknownAt(NOW + HOUR_MS)).toMatchObject({ safeAfterMs: 0 });
  });

  it('[W25] keeps the longest hold of shared copies, in memory alone', () => {
    const { wake, rows } = stage();
    const holds = wake();
    expect(holds.sharedUntil).toBe(0);
    holds.noteShared(NOW, 20_000);
    holds.noteShared(NOW + 1_000, 5_000);
    expect([holds.sharedUntil, rows()]).toEqual([NOW + 20_000, 0]);
    holds.noteShared(NOW + 1_000, 20_000);
    expect(holds.sharedUntil).toBe(NOW + 21_000);
  });

  it('[W25] never reports less than a copy may still be served, whenever memory is lost', () => {
    const { wake } = stage();
    let holds = wake(NOW, true);
    let servedUntil = 0;
    for (let step = 0; step < 2_000; step++) {
      const now = NOW + step * 700;
      const keepForMs = 1 + ((step * 7_919) % CACHED_MAX_AGE_MAX_MS);
      if (step % 3 === 0) {
        holds.noteCached(now, keepForMs);
        servedUntil = Math.max(servedUntil, now + keepForMs);
      }
      if (step % 17 === 0) {
        holds = wake(now);
        expect(holds.unknownAt(now).safeAfterMs).toBeGreaterThanOrEqual(servedUntil - now);
      }
    }
  });

  it('[W25, I8] writes about one row a minute for a stream of cached reads, and few for varying ages', () => {
    const { wake, rows } = stage();
    const holds = wake();
    for (let at = 0; at < HOUR_MS; at += 200) holds.noteCached(NOW + at, 5_000);
    expect(rows()).toBe(60);
    for (let at = HOUR_MS; at < 2 * HOUR_MS; at += 200) holds.noteCached(NOW + at, 1 + (at % CACHED_MAX_AGE_MAX_MS));
    expect(rows()).toBeLessThan(60 + 60 + 12);
  });

  it('[W25, L19] keeps in memory what can’t be stored, and stores it with the next reader', () => {
    const { wake, rows, fill } = stage();
    const holds = wake();
    fill(true);
    holds.noteCached(NOW, HOUR_MS);
    expect(rows()).toBe(0);
    fill(false);
    holds.noteCached(NOW, 1_000);
    holds.noteCached(NOW, 1_000);
    expect(rows()).toBe(1);
    expect(wake().unknownAt(NOW)).toMatchObject({ safeAfterMs: HOUR_MS });
  });

  it('[W26, I8] writes one row an hour for a stream of polls', () => {
    const { wake, rows } = stage();
    const holds = wake();
    for (let at = 0; at < 3 * HOUR_MS; at += 1_000) holds.notePoll(NOW + at);
    expect(rows()).toBe(3);
  });

  it('[W26] expects pollers to return within ten seconds of a wake, however long their polls may last', () => {
    const { wake } = stage();
    wake().notePoll(NOW);
    const woken = wake(NOW + 300_000);
    expect(woken.unknownAt(NOW + 300_000)).toEqual({ kinds: ['plain', 'poll'], safeAfterMs: POLLER_LINGER_MS });
    expect(woken.unknownAt(NOW + 300_000 + POLLER_LINGER_MS).kinds).toEqual(['plain']);
    expect(wake(NOW + 2 * HOUR_MS).unknownAt(NOW + 2 * HOUR_MS).kinds).toEqual(['plain']);
  });

  it('[W25, U8] reads what an earlier or later version left', () => {
    const { disk, wake } = stage();
    writeProperty(disk, 'reader-holds', JSON.stringify({ cachedUntil: NOW + 9_000, cachedForMs: 5_000, later: {} }));
    expect(wake().unknownAt(NOW)).toEqual({ kinds: ['cached', 'plain'], safeAfterMs: 5_000 });
  });
});
