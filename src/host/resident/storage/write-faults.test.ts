import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointWorker } from './checkpoint-worker';
import { DatabaseFile } from './database-file';
import { WriteFaults, writeFaultIn } from './write-faults';

const FULL = 'database or disk is full';
const checkpoints = new CheckpointWorker();
afterAll(() => checkpoints.close());

let folder: string;
let faults: WriteFaults;
let logged: unknown[];
let opened: DatabaseFile[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-write-faults-'));
  logged = [];
  opened = [];
  faults = new WriteFaults((level, message, facts) => logged.push([level, message, facts?.reason]));
});

afterEach(async () => {
  for (const file of opened) await file.close();
  rmSync(folder, { recursive: true });
});

/** Opens a file with a table of texts. */
async function open(name: string): Promise<DatabaseFile> {
  const onLost = (reason: string) => expect.unreachable(reason);
  const file = await DatabaseFile.open({ path: join(folder, name), checkpoints, faults, onLost });
  opened.push(file);
  file.storage.run('CREATE TABLE IF NOT EXISTS line (text TEXT)');
  await file.storage.sync();
  return file;
}

const add = ({ storage }: DatabaseFile, text: string) => storage.run('INSERT INTO line VALUES (?)', text);
const lines = ({ storage }: DatabaseFile) => [...storage.read('SELECT text FROM line')].flat();

/** Limits a database to its current number of pages, like a full disk; or lifts the limit. */
const bound = ({ storage }: DatabaseFile, pages: number) => [...storage.read(`PRAGMA max_page_count = ${pages}`)];

describe('a file that can’t be written', () => {
  it('[L19] reports it with the failed write, and stays readable', async () => {
    const file = await open('a.sqlite');
    add(file, 'before');
    bound(file, 1);
    expect(file.writeFault).toBeUndefined();
    expect(() => add(file, 'x'.repeat(100_000))).toThrow(FULL);
    expect([file.writeFault, faults.reasons, lines(file)]).toEqual([FULL, [FULL], ['before']]);
  });

  it('[L19] recovers by itself once it is writable, and leaves nothing of its attempts', async () => {
    const file = await open('a.sqlite');
    bound(file, 1);
    expect(() => add(file, 'x'.repeat(100_000))).toThrow(FULL);
    bound(file, 1_000_000);
    await vi.waitUntil(() => file.writeFault === undefined, { timeout: 10_000 });
    add(file, 'after');
    await file.storage.sync();
    expect(lines(file)).toEqual(['after']);
    expect([...file.storage.read("SELECT name FROM sqlite_schema WHERE name = '_probe'")]).toEqual([]);
    expect(logged).toEqual([
      ['error', 'nothing can be stored; changes are refused', FULL],
      ['warn', 'changes are stored again', FULL],
    ]);
  });

  it('[L19] stays refused while only a few bytes fit', async () => {
    const file = await open('a.sqlite');
    bound(file, 1);
    expect(() => add(file, 'x'.repeat(100_000))).toThrow(FULL);
    bound(file, 10);
    const run = vi.spyOn(file.storage, 'run');
    const trials = () => run.mock.calls.filter(([statement]) => statement.startsWith('INSERT INTO _probe'));
    await vi.waitUntil(() => trials().length > 1, { timeout: 10_000 });
    expect(file.writeFault).toBe(FULL);
  });

  it('[L19] stops attempts of others while the disk is full, which is logged once', async () => {
    const [first, second] = [await open('a.sqlite'), await open('b.sqlite')];
    for (const file of [first, second]) {
      bound(file, 1);
      expect(() => add(file, 'x'.repeat(100_000))).toThrow(FULL);
      expect(faults.of('elsewhere')).toBe(FULL);
    }
    expect(logged).toHaveLength(1);
    bound(first, 1_000_000);
    bound(second, 1_000_000);
    await vi.waitUntil(() => faults.reasons.length === 0, { timeout: 10_000 });
    expect(logged).toHaveLength(2);
  });

  it('does not mistake an invalid statement or a lock for a full disk', () => {
    const database = new DatabaseSync(':memory:');
    const errorOf = (statement: string) => {
      try {
        database.exec(statement);
      } catch (error) {
        return error;
      }
      throw new Error('it must fail');
    };
    database.exec('CREATE TABLE only (id INTEGER PRIMARY KEY); INSERT INTO only VALUES (1)');
    const errors = [errorOf('NONSENSE'), errorOf('INSERT INTO only VALUES (1)'), new Error(FULL), FULL];
    expect(errors.map(writeFaultIn)).toEqual([undefined, undefined, undefined, undefined]);
  });
});
