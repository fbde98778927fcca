import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SqlStorage } from '../../src/core/storage/sql-storage';
import { Crash, FaultyDisk } from './faulty-disk';
import { SeededRandom } from './seeded-random';
import { settle, VirtualTime } from './virtual-time';

const LONG_ENOUGH_MS = 1_000;

const numbers = (storage: SqlStorage) => [...storage.read('SELECT n FROM t ORDER BY n')].map(([n]) => n);
const write = (storage: SqlStorage, n: number) => storage.run('INSERT INTO t VALUES (?)', n);

describe('FaultyDisk', () => {
  let time: VirtualTime;
  let disk: FaultyDisk<number>;
  let deaths: number;

  beforeEach(() => open(1));
  afterEach(() => disk.close());

  function open(seed: number): void {
    deaths = 0;
    time = new VirtualTime();
    disk = new FaultyDisk({
      time,
      random: new SeededRandom(seed),
      probe: (storage) => {
        storage.run('CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)');
        return numbers(storage).length;
      },
      died: () => {
        deaths += 1;
      },
    });
  }

  async function sync(storage: SqlStorage): Promise<void> {
    const synced = storage.sync();
    await time.runUntil(time.now + LONG_ENOUGH_MS);
    await synced;
  }

  function crash(): SqlStorage {
    disk.die();
    disk.restart();
    return disk.mount();
  }

  it('keeps everything that was synced', async () => {
    const storage = disk.mount();
    for (let n = 0; n < 20; n++) write(storage, n);
    await sync(storage);
    expect(numbers(crash())).toHaveLength(20);
    expect(numbers(crash())).toHaveLength(20);
    expect(deaths).toBe(2);
  });

  it('keeps a prefix of varying length of what was not synced', async () => {
    const kept = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      disk.close();
      open(seed);
      const storage = disk.mount();
      write(storage, 0);
      await sync(storage);
      for (let n = 1; n <= 3; n++) write(storage, n);
      const left = numbers(crash());
      expect(left).toEqual([0, 1, 2, 3].slice(0, left.length));
      kept.add(left.length);
    }
    expect([...kept].sort()).toEqual([1, 2, 3, 4]);
  });

  it('keeps a transaction completely or not at all', async () => {
    const kept = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      disk.close();
      open(seed);
      const storage = disk.mount();
      await sync(storage);
      storage.transaction(() => {
        for (let n = 0; n < 5; n++) write(storage, n);
      });
      kept.add(numbers(crash()).length);
    }
    expect([...kept].sort()).toEqual([0, 5]);
  });

  it('makes durable what was written before the sync was called, not before it resolved', async () => {
    const storage = disk.mount();
    write(storage, 1);
    const synced = storage.sync();
    write(storage, 2);
    expect(disk.durable).toBe(0);
    await time.runUntil(LONG_ENOUGH_MS);
    await synced;
    expect(disk.durable).toBe(1);
    await sync(storage);
    expect(disk.durable).toBe(2);
  });

  it('reports what is durable after a crash that cut a page in two', async () => {
    for (let seed = 0; seed < 40; seed++) {
      disk.close();
      open(seed);
      const before = disk.mount();
      write(before, 0);
      await sync(before);
      for (let n = 1; n <= 3; n++) write(before, n);
      const after = crash();
      const left = numbers(after).length;
      expect(disk.durable).toBe(left);
      write(after, 9);
      expect(disk.durable).toBe(left);
      await sync(after);
      expect(disk.durable).toBe(left + 1);
    }
  });

  it('makes durable what another sync wrote before, whichever of the two resolves first', async () => {
    const storage = disk.mount();
    for (let n = 0; n < 200; n++) {
      write(storage, n);
      void storage.sync();
    }
    const seen: number[] = [];
    for (let at = 1; at < LONG_ENOUGH_MS; at++) {
      await time.runUntil(at);
      seen.push(disk.durable);
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(disk.durable).toBe(200);
  });

  it('crashes at each step in turn: before and after a statement, in and around a transaction, around a sync', async () => {
    const work = async (storage: SqlStorage) => {
      write(storage, 1);
      storage.transaction(() => {
        write(storage, 2);
        write(storage, 3);
      });
      await storage.sync();
      numbers(storage);
    };
    const steps = 12;
    for (let step = 1; step <= steps + 1; step++) {
      disk.close();
      open(step);
      const storage = disk.mount();
      disk.crashIn(step);
      const worked = work(storage).then(
        () => 'done',
        (error: unknown) => error,
      );
      await time.runUntil(LONG_ENOUGH_MS);
      expect(deaths).toBe(step <= steps ? 1 : 0);
      if (step > steps) expect(await worked).toBe('done');
      else expect(await worked).toBeInstanceOf(Crash);
    }
  });

  it('is unusable to the run that crashed: every call throws, and a pending sync never resolves', async () => {
    const storage = disk.mount();
    write(storage, 1);
    let resolved = false;
    void storage.sync().then(() => {
      resolved = true;
    });
    const next = crash();
    await time.runUntil(LONG_ENOUGH_MS);
    expect(resolved).toBe(false);
    for (const use of [() => write(storage, 2), () => numbers(storage), () => storage.sync()]) {
      expect(use).toThrow(Crash);
    }
    write(next, 3);
    expect(numbers(next)).toContain(3);
  });

  it('fails one commit on request, and rolls it back', async () => {
    const storage = disk.mount();
    disk.failNextCommit();
    expect(() => storage.transaction(() => write(storage, 1))).toThrow('disk is full');
    storage.transaction(() => write(storage, 2));
    expect(numbers(storage)).toEqual([2]);
    expect(deaths).toBe(0);
  });

  it('loses nothing when its WAL is checkpointed into the database', async () => {
    let storage = disk.mount();
    for (let n = 0; n < 2_000; n++) {
      write(storage, n);
      if (n % 100 === 0) await sync(storage);
      if (n % 700 === 0) storage = crash();
    }
    await sync(storage);
    expect(numbers(crash())).toHaveLength(2_000);
    await settle();
  });
});
