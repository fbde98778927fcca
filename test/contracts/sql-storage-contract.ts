import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SqlRow, SqlStorage } from '../../src/core/storage/sql-storage';

/** A storage given to one test: empty, and torn down after it. */
export interface TestStorage {
  /** Runs a step of the test where the storage may be used, such as inside its Durable Object. */
  use<T>(step: (storage: SqlStorage) => T | Promise<T>): Promise<T>;
  close(): void | Promise<void>;
}

/** Tests the promises of every {@link SqlStorage} to the core. `create` returns a fresh, empty one for each test. */
export function sqlStorageContract(name: string, create: () => TestStorage | Promise<TestStorage>): void {
  describe(`SqlStorage: ${name}`, () => {
    let subject: TestStorage;
    const use: TestStorage['use'] = (step) => subject.use(step);

    beforeEach(async () => {
      subject = await create();
      await use(createTables);
    });
    afterEach(() => subject.close());

    describe('run', () => {
      it('[I8] counts the rows it wrote, as they are billed', () =>
        use((storage) => {
          expect(put(storage, 'a', 1)).toBe(1);
          expect(storage.run("INSERT INTO records VALUES ('b', 2, NULL), ('c', 3, NULL)")).toBe(2);
          expect(storage.run('UPDATE records SET number = number + 1 WHERE key >= ?', 'b')).toBe(2);
          expect(storage.run('DELETE FROM records WHERE key = ?', 'c')).toBe(1);
          expect(storage.run('DELETE FROM records WHERE key = ?', 'c')).toBe(0);
          expect(storage.run('INSERT INTO numbered VALUES (?, ?)', 7, 'seven')).toBe(1);
        }));

      it('[I8] counts a replaced row once, with either syntax', () =>
        use((storage) => {
          put(storage, 'a', 1);
          expect(put(storage, 'a', 2)).toBe(1);
          const upsert =
            'INSERT INTO records VALUES (?, ?, NULL) ON CONFLICT (key) DO UPDATE SET number = excluded.number';
          expect(storage.run(upsert, 'a', 3)).toBe(1);
          expect(storage.run(upsert, 'b', 4)).toBe(1);
          expect(numbers(storage)).toEqual([3, 4]);
        }));

      it('counts nothing for a statement that writes no row, even after one that did', () =>
        use((storage) => {
          put(storage, 'a', 1);
          expect(storage.run('UPDATE records SET number = 9 WHERE key = ?', 'unknown')).toBe(0);
        }));

      it('throws for an invalid statement, and for one that violates a constraint', () =>
        use((storage) => {
          put(storage, 'a', 1);
          expect(() => storage.run('INSERT INTO nowhere VALUES (1)')).toThrow();
          expect(() => storage.run("INSERT INTO records VALUES ('a', 2, NULL)")).toThrow();
          expect(numbers(storage)).toEqual([1]);
        }));
    });

    describe('read', () => {
      it('returns rows as arrays, in the order of the columns and of the query', () =>
        use((storage) => {
          put(storage, 'b', 2);
          put(storage, 'a', 1);
          expect(rows(storage, 'SELECT number, key FROM records ORDER BY key DESC')).toEqual([
            [2, 'b'],
            [1, 'a'],
          ]);
          expect(rows(storage, 'SELECT key FROM records WHERE number = ?', 5)).toEqual([]);
        }));

      it('returns every type of value as it was bound', () =>
        use((storage) => {
          const bytes = new Uint8Array([0, 1, 254, 255]);
          storage.run('INSERT INTO records VALUES (?, ?, ?)', 'bytes', Number.MAX_SAFE_INTEGER, bytes.buffer);
          storage.run('INSERT INTO records VALUES (?, ?, ?)', 'null "\u0000" \u{1F600}', null, new ArrayBuffer(0));
          const [first, second] = rows(storage, 'SELECT key, number, blob FROM records ORDER BY key');
          expect(first?.slice(0, 2)).toEqual(['bytes', Number.MAX_SAFE_INTEGER]);
          expect(first?.[2]).toBeInstanceOf(ArrayBuffer);
          expect(bytesOf(first?.[2])).toEqual([0, 1, 254, 255]);
          expect(second?.slice(0, 2)).toEqual(['null "\u0000" \u{1F600}', null]);
          expect(bytesOf(second?.[2])).toEqual([]);
        }));

      it('binds a value at every occurrence of its number', () =>
        use((storage) => {
          storage.run('INSERT INTO records VALUES (?1, ?2, NULL), (?3, ?2, NULL)', 'a', 1, 'b');
          expect([...storage.read('SELECT key FROM records WHERE number = ?1 AND key > ?2', 1, 'a')]).toEqual([['b']]);
          expect([...storage.read('SELECT ?2, ?1, ?2 LIMIT 1', 1, 'a')]).toEqual([['a', 1, 'a']]);
        }));

      it('stores a whole number as an integer', () =>
        use((storage) => {
          put(storage, 'a', 5);
          storage.run('INSERT INTO numbered VALUES (?, ?)', 5, 'five');
          expect(rows(storage, 'SELECT typeof(number) FROM records')).toEqual([['integer']]);
          expect(rows(storage, 'SELECT typeof(id), text FROM numbered WHERE id = ?', 5)).toEqual([['integer', 'five']]);
        }));

      it('lets the same query run again while its first rows are still being read', () =>
        use((storage) => {
          for (const [index, key] of ['a', 'b', 'c'].entries()) put(storage, key, index);
          const query = 'SELECT key FROM records ORDER BY key';
          const pairs: string[] = [];
          for (const [outer] of storage.read(query)) {
            for (const [inner] of storage.read(query)) pairs.push(`${outer}${inner}`);
          }
          expect(pairs).toEqual(['aa', 'ab', 'ac', 'ba', 'bb', 'bc', 'ca', 'cb', 'cc']);
        }));

      it('can be abandoned before its end, and writes may follow', () =>
        use((storage) => {
          for (const [index, key] of ['a', 'b', 'c'].entries()) put(storage, key, index);
          const [first] = storage.read('SELECT key FROM records ORDER BY key');
          expect(first).toEqual(['a']);
          expect(storage.run('DELETE FROM records')).toBe(3);
          expect(rows(storage, 'SELECT key FROM records ORDER BY key')).toEqual([]);
        }));

      it('sees earlier writes, also inside a transaction', () =>
        use((storage) => {
          storage.transaction(() => {
            put(storage, 'a', 1);
            expect(numbers(storage)).toEqual([1]);
            put(storage, 'a', 2);
            expect(numbers(storage)).toEqual([2]);
          });
        }));
    });

    describe('transaction', () => {
      it('[S1] keeps all that its function wrote', () =>
        use((storage) => {
          storage.transaction(() => {
            put(storage, 'a', 1);
            put(storage, 'b', 2);
          });
          expect(numbers(storage)).toEqual([1, 2]);
        }));

      it('[S1] rolls back when its function throws, and rethrows the error', () =>
        use((storage) => {
          put(storage, 'a', 1);
          const fault = new Error('half way');
          const attempt = () =>
            storage.transaction(() => {
              put(storage, 'a', 2);
              storage.run('DELETE FROM numbered');
              put(storage, 'b', 2);
              throw fault;
            });
          expect(attempt).toThrow(fault);
          expect(numbers(storage)).toEqual([1]);
        }));

      it('[S1] rolls back when a statement fails, and keeps working', () =>
        use((storage) => {
          const attempt = () =>
            storage.transaction(() => {
              put(storage, 'a', 1);
              storage.run('INSERT INTO nowhere VALUES (1)');
            });
          expect(attempt).toThrow();
          storage.transaction(() => put(storage, 'b', 2));
          expect(rows(storage, 'SELECT key FROM records')).toEqual([['b']]);
        }));

      it('[S1] refuses an asynchronous function and keeps none of its writes', () =>
        use((storage) => {
          const attempt = () =>
            storage.transaction(async () => {
              put(storage, 'a', 1);
            });
          expect(attempt).toThrow(TypeError);
          expect(numbers(storage)).toEqual([]);
        }));
    });

    describe('sync', () => {
      it('resolves once earlier writes are durable, and at once if there were none', () =>
        use(async (storage) => {
          put(storage, 'a', 1);
          await storage.sync();
          await storage.sync();
          expect(numbers(storage)).toEqual([1]);
        }));

      it('allows statements while it is under way', () =>
        use(async (storage) => {
          put(storage, 'a', 1);
          const first = storage.sync();
          put(storage, 'b', 2);
          const second = storage.sync();
          await Promise.all([first, second]);
          expect(numbers(storage)).toEqual([1, 2]);
        }));
    });
  });
}

function createTables(storage: SqlStorage): void {
  storage.run('CREATE TABLE records (key TEXT PRIMARY KEY, number INTEGER, blob BLOB) WITHOUT ROWID');
  storage.run('CREATE TABLE numbered (id INTEGER PRIMARY KEY, text TEXT)');
}

const put = (storage: SqlStorage, key: string, number: number) =>
  storage.run('INSERT OR REPLACE INTO records VALUES (?, ?, NULL)', key, number);

const rows = (storage: SqlStorage, query: string, ...bindings: SqlRow) => [...storage.read(query, ...bindings)];

const numbers = (storage: SqlStorage) => rows(storage, 'SELECT number FROM records ORDER BY key').flat();

const bytesOf = (value: unknown) => (value instanceof ArrayBuffer ? [...new Uint8Array(value)] : value);
