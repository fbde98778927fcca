import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs, {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqlStorageContract } from '../../../../test/contracts/sql-storage-contract';
import type { SqlStorage } from '../../../core/storage/sql-storage';
import { WAL_HOLD_BYTES } from '../../../model/limits';
import { CheckpointWorker, canCheckpointBeside } from './checkpoint-worker';
import { DatabaseFile } from './database-file';

const checkpoints = new CheckpointWorker();
afterAll(() => checkpoints.close());

let folder: string;
let path: string;
let lost: string[];
let opened: DatabaseFile[];
const realFlush = fs.fdatasync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-database-file-'));
  path = join(folder, 'public.sqlite');
  lost = [];
  opened = [];
});

afterEach(async () => {
  replaceFlush(realFlush);
  for (const file of opened) await file.close();
  rmSync(folder, { recursive: true });
});

async function open(at = path, worker: Pick<CheckpointWorker, 'checkpoint'> = checkpoints): Promise<DatabaseFile> {
  const file = await DatabaseFile.open({ path: at, checkpoints: worker, onLost: (reason) => lost.push(reason) });
  opened.push(file);
  return file;
}

/** Opens a file with a table, and `count` rows that are durable. */
async function openWithRows(count: number, worker?: Pick<CheckpointWorker, 'checkpoint'>): Promise<DatabaseFile> {
  const file = await open(path, worker);
  file.storage.run('CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)');
  for (let row = 1; row <= count; row += 1) add(file.storage);
  await file.storage.sync();
  return file;
}

const add = (storage: SqlStorage, text = 'x'.repeat(2_000)) =>
  storage.transaction(() => {
    storage.run('INSERT INTO rows (text) VALUES (?)', text);
  });

const countOf = ({ storage }: DatabaseFile) => Number([...storage.read('SELECT count(*) FROM rows')][0]?.[0]);

/** Copies the files as they are now, as a killed process leaves them. */
function killedCopy(): string {
  const copy = `${folder}/copy`;
  // Not in this process: to close a descriptor of the database drops SQLite's locks.
  execFileSync('sh', ['-c', 'mkdir "$2" && cp "$1"/public* "$2" && rm -f "$2"/*-shm', 'sh', folder, copy]);
  return join(copy, 'public.sqlite');
}

/** Hashes of all files of a folder, except meaningless ones: empty files, and SQLite's shared memory. */
const contents = (at: string) =>
  readdirSync(at)
    .filter((name) => !name.endsWith('-shm') && statSync(join(at, name)).size > 0)
    .map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(at, name)))
        .digest('hex'),
    ]);

function replaceFlush(flush: unknown): void {
  Object.assign(fs, { fdatasync: flush });
  syncBuiltinESMExports();
}

/** Holds flushes back, each until its function from the returned list is called. */
function holdFlushes(): ((error: Error | null) => void)[] {
  const held: ((error: Error | null) => void)[] = [];
  replaceFlush((_descriptor: number, done: (error: Error | null) => void) => held.push(done));
  return held;
}

function flip(file: string, offset: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 0xff, offset);
  writeFileSync(file, bytes);
}

sqlStorageContract('a database file', async () => {
  const file = await open();
  return { use: async (step) => step(file.storage), close: () => file.close() };
});

describe('opening and closing', () => {
  it('leaves one file and its marker, and finds all rows again', async () => {
    const first = await openWithRows(10);
    await first.close();
    expect(readdirSync(folder).sort()).toEqual(['public.sqlite', 'public.sqlite-durable']);
    const second = await open();
    expect(countOf(second)).toBe(10);
    expect(lost).toEqual([]);
  });

  it('waits for a killed process that still holds its locks', async () => {
    await (await openWithRows(10)).close();
    const dying = new DatabaseSync(path);
    dying.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const opening = open();
    setTimeout(() => dying.close(), 200);
    expect(countOf(await opening)).toBe(10);
  });

  it('finds all rows of a killed process, and checkpoints them', async () => {
    await openWithRows(50);
    const copy = killedCopy();
    const before = statSync(copy).size;
    const file = await open(copy);
    expect(countOf(file)).toBe(50);
    expect(statSync(copy).size).toBeGreaterThan(before);
  });

  it('opens a database from another program, and one whose marker is missing', async () => {
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO rows VALUES (1, NULL)');
    database.close();
    const first = await open();
    expect(countOf(first)).toBe(1);
    await first.close();
    rmSync(`${path}-durable`);
    expect(countOf(await open())).toBe(1);
  });

  it('refuses calls after the close', async () => {
    const file = await openWithRows(1);
    await file.close();
    await file.close();
    expect(() => add(file.storage)).toThrow('is closed');
    expect(() => countOf(file)).toThrow('is closed');
  });

  it('says which file cannot be opened', async () => {
    await expect(open(join(folder, 'absent/public.sqlite'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('absent/public.sqlite'),
    });
  });

  it('erases everything, so that another database can use the path', async () => {
    const file = await openWithRows(10);
    await file.remove();
    expect(readdirSync(folder)).toEqual([]);
    expect([...(await open()).storage.read("SELECT name FROM sqlite_schema WHERE name = 'rows'")]).toEqual([]);
  });
});

describe('damage', () => {
  /** Files of a killed process, with more than 100 rows only in the WAL. */
  async function killed(): Promise<string> {
    await openWithRows(100);
    return killedCopy();
  }

  const damages: Record<string, (copy: string) => void> = {
    'a deleted WAL': (copy) => rmSync(`${copy}-wal`),
    'an empty WAL': (copy) => writeFileSync(`${copy}-wal`, ''),
    'a truncated WAL': (copy) => fs.truncateSync(`${copy}-wal`, 100_000),
    'a byte flipped in the middle of the WAL': (copy) => flip(`${copy}-wal`, 200_000),
    'a byte flipped in the header of the WAL': (copy) => flip(`${copy}-wal`, 17),
    'an empty database': (copy) => writeFileSync(copy, ''),
    'a missing database': (copy) => rmSync(copy),
    'a file that is not a database': (copy) => {
      writeFileSync(copy, 'nothing that SQLite knows. '.repeat(1_000));
      rmSync(`${copy}-wal`);
    },
  };

  for (const [damage, inflict] of Object.entries(damages)) {
    it(`refuses ${damage}, with the remedy, and changes nothing`, async () => {
      const copy = await killed();
      inflict(copy);
      const before = contents(join(folder, 'copy'));
      const failure = await open(copy).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'NOT_CONFIGURED',
        message: expect.stringMatching(
          /copy\/public\.sqlite is damaged: .* Restore a backup; .*public\.sqlite-durable/,
        ),
      });
      expect(contents(join(folder, 'copy'))).toEqual(before);
    });
  }

  it('refuses an older copy of a closed database', async () => {
    const first = await openWithRows(10);
    await first.close();
    const old = readFileSync(path);
    const second = await open();
    add(second.storage);
    await second.close();
    writeFileSync(path, old);
    await expect(open()).rejects.toThrow(/change number \d+ was durable, but the last one found is number \d+/);
  });

  it('continues with what is left if the marker is deleted', async () => {
    const copy = await killed();
    flip(`${copy}-wal`, 200_000);
    rmSync(`${copy}-durable`);
    const left = countOf(await open(copy));
    expect(left).toBeGreaterThan(10);
    expect(left).toBeLessThan(100);
  });

  it('survives a marker that is torn in half or completely', async () => {
    for (const [from, to] of [
      [0, 60],
      [4_096, 4_150],
      [0, 4_150],
    ] as const) {
      // biome-ignore format: a table
      const copy = await killed();
      const marker = readFileSync(`${copy}-durable`);
      writeFileSync(`${copy}-durable`, marker.fill(0, from, to));
      expect(countOf(await open(copy))).toBe(100);
      await opened.pop()?.close();
      await opened.pop()?.close();
      rmSync(join(folder, 'copy'), { recursive: true });
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
    }
  });
});

describe('sync', () => {
  it('shares a flush between callers, and flushes again for later commits', async () => {
    const { storage } = await openWithRows(1);
    const held = holdFlushes();
    add(storage);
    const resolved: string[] = [];
    const first = [storage.sync(), storage.sync()].map((sync) => sync.then(() => resolved.push('first')));
    add(storage);
    const second = [storage.sync(), storage.sync()].map((sync) => sync.then(() => resolved.push('second')));
    expect(held).toHaveLength(1);
    held[0]?.(null);
    await Promise.all(first);
    expect(resolved).toEqual(['first', 'first']);
    await expect.poll(() => held.length).toBe(2);
    held[1]?.(null);
    await Promise.all(second);
    await storage.sync();
    expect(held).toHaveLength(2);
  });

  it('stores and reads nothing after a failed flush, and reports it once', async () => {
    const file = await openWithRows(1);
    const held = holdFlushes();
    add(file.storage);
    const sync = file.storage.sync();
    held[0]?.(new Error('EIO: i/o error'));
    await expect(sync).rejects.toThrow('could not be flushed: EIO: i/o error');
    await expect(file.storage.sync()).rejects.toThrow('EIO');
    expect(() => add(file.storage)).toThrow('EIO');
    expect(() => countOf(file)).toThrow('EIO');
    file.check();
    expect(lost).toEqual([expect.stringContaining('public.sqlite-wal could not be flushed')]);
    await file.close();
    expect(existsSync(`${path}-wal`)).toBe(true);
  });

  it('keeps reading if the disk is full', async () => {
    const file = await openWithRows(10);
    file.storage.run('PRAGMA max_page_count = 1');
    expect(() => add(file.storage, 'y'.repeat(1_000_000))).toThrow('full');
    await file.storage.sync();
    expect(countOf(file)).toBe(10);
    expect(lost).toEqual([]);
  });

  it('ends the process if the flush after a failed transaction fails too', async () => {
    const file = await openWithRows(10);
    const held = holdFlushes();
    expect(() => file.storage.run('INSERT INTO absent VALUES (1)')).toThrow('absent');
    held[0]?.(new Error('EIO: i/o error'));
    await expect.poll(() => lost).toEqual([expect.stringContaining('EIO')]);
  });
});

describe('check', () => {
  const losses: Record<string, () => void> = {
    'was deleted': () => rmSync(`${path}-wal`),
    'was moved away': () => renameSync(`${path}-wal`, join(folder, 'elsewhere')),
    'was replaced by another file': () => {
      renameSync(`${path}-wal`, join(folder, 'elsewhere'));
      writeFileSync(`${path}-wal`, '');
    },
  };

  for (const [loss, inflict] of Object.entries(losses)) {
    it(`reports a WAL that ${loss}, once`, async () => {
      const file = await openWithRows(10);
      file.check();
      expect(lost).toEqual([]);
      inflict();
      file.check();
      file.check();
      expect(lost).toEqual([`${path}-wal ${loss}`]);
    });
  }
});

describe('checkpoints', () => {
  const MIB = 1024 * 1024;

  it('keep the WAL bounded under writers that never pause', async () => {
    const file = await openWithRows(0);
    let longest = 0;
    for (let step = 0; step < 60; step += 1) {
      for (let row = 0; row < 16; row += 1) add(file.storage, 'z'.repeat(64 * 1024));
      await file.storage.sync();
      longest = Math.max(longest, statSync(`${path}-wal`).size);
    }
    expect(statSync(path).size).toBeGreaterThan(30 * MIB);
    expect(longest).toBeLessThan(2 * WAL_HOLD_BYTES);
    expect(file.checkpointFailure).toBeUndefined();
    expect(lost).toEqual([]);
  });

  it('hold back commits above the bound, and never reads', async () => {
    const held: (() => void)[] = [];
    const worker = {
      checkpoint: async (at: string) => {
        await new Promise<void>((resolve) => held.push(resolve));
        return checkpoints.checkpoint(at);
      },
    };
    const file = await openWithRows(0, worker);
    for (let row = 0; row < 80; row += 1) add(file.storage, 'z'.repeat(MIB / 4));
    let isSynced = false;
    const sync = file.storage.sync().then(() => {
      isSynced = true;
    });
    await expect.poll(() => held.length).toBe(1);
    // By the time that another checkpoint has run, the flush has ended.
    await checkpoints.checkpoint(path);
    expect(isSynced).toBe(false);
    expect(countOf(file)).toBe(80);
    held[0]?.();
    await sync;
    const closing = file.close();
    await expect.poll(() => held.length).toBe(2);
    held[1]?.();
    await closing;
  });

  it('that fail don’t hold back commits for long, are shown, and are not retried with every flush', async () => {
    let attempts = 0;
    const failing = {
      checkpoint: () => {
        attempts += 1;
        return Promise.reject(new Error('no space left on device'));
      },
    };
    const file = await openWithRows(0, failing);
    for (let row = 0; row < 640; row += 1) {
      add(file.storage, 'z'.repeat(MIB / 16));
      await file.storage.sync();
    }
    // One for each 4 MiB, out of 40 looks.
    expect(attempts).toBeGreaterThan(5);
    expect(attempts).toBeLessThan(15);
    expect(file.checkpointFailure).toBe('no space left on device');
    await file.close();
    expect(countOf(await open())).toBe(640);
  });

  it('that fail to flush end the process', async () => {
    const failure = Object.assign(new Error('disk I/O error'), { errcode: 1034 });
    const file = await openWithRows(0, { checkpoint: () => Promise.reject(failure) });
    for (let row = 0; row < 80; row += 1) add(file.storage, 'z'.repeat(MIB / 16));
    await file.storage.sync();
    await expect.poll(() => lost).toEqual(['a checkpoint could not flush: disk I/O error']);
  });

  it('copy nothing if a flush fails once they have opened the WAL', async () => {
    const file = await openWithRows(0);
    const { size } = statSync(path);
    let flushes = 0;
    replaceFlush((descriptor: number, done: (error: Error | null) => void) => {
      flushes += 1;
      if (flushes === 1) realFlush(descriptor, done);
      else done(new Error('EIO: i/o error'));
    });
    for (let row = 0; row < 80; row += 1) add(file.storage, 'z'.repeat(MIB / 16));
    await file.storage.sync();
    await expect.poll(() => file.checkpointFailure).toContain('nothing more is stored');
    expect(lost).toEqual([expect.stringContaining('public.sqlite-wal could not be flushed')]);
    expect(statSync(path).size).toBe(size);
  });

  it('run in the thread of commits with a SQLite that would otherwise lose pages', async () => {
    const worker = { checkpoint: () => Promise.reject(new Error('not to be called')) };
    const onLost = (reason: string) => lost.push(reason);
    const file = await DatabaseFile.open({ path, checkpoints: worker, onLost, sqliteVersion: '3.49.1' });
    opened.push(file);
    file.storage.run('CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)');
    for (let row = 0; row < 640; row += 1) {
      add(file.storage, 'z'.repeat(MIB / 16));
      if (row % 8 === 0) await file.storage.sync();
    }
    expect(statSync(`${path}-wal`).size).toBeLessThan(2 * WAL_HOLD_BYTES);
    expect(file.checkpointFailure).toBeUndefined();
    await file.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(countOf(await open())).toBe(640);
  });

  it('run in a thread of their own if SQLite has the fix', () => {
    const versions = ['3.7.0', '3.44.5', '3.44.6', '3.49.2', '3.50.6', '3.50.7', '3.51.2', '3.51.3', '3.53.2', '4.0.0'];
    const fixed = ['3.44.6', '3.50.7', '3.51.3', '3.53.2', '4.0.0'];
    expect(versions.filter(canCheckpointBeside)).toEqual(fixed);
  });

  it('end an unfinished read, and its reader gets an error', async () => {
    const file = await openWithRows(10);
    const rows = file.storage.read('SELECT id FROM rows')[Symbol.iterator]();
    expect(rows.next().value).toEqual([1]);
    for (let row = 0; row < 80; row += 1) add(file.storage, 'z'.repeat(MIB / 4));
    await file.storage.sync();
    expect(() => rows.next()).toThrow('was not read to the end in the turn that started it');
  });

  it('are rejected in a closed worker, or for a missing file', async () => {
    const worker = new CheckpointWorker();
    await expect(worker.checkpoint(path)).rejects.toThrow('does not exist');
    expect(existsSync(path)).toBe(false);
    await worker.close();
    await expect(worker.checkpoint(path)).rejects.toThrow('is closed');
  });

  it('start another thread if theirs has ended', async () => {
    await openWithRows(10);
    const worker = new CheckpointWorker(new URL('data:text/javascript,throw new Error("broken thread")'));
    await expect(worker.checkpoint(path)).rejects.toThrow('broken thread');
    await expect(worker.checkpoint(path)).rejects.toThrow('broken thread');
    await worker.close();
  });
});
