import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { sqlStorageContract } from '../../../../test/contracts/sql-storage-contract';
import { nodeSqlite } from './node-sqlite';

sqlStorageContract('Node', () => {
  const database = new DatabaseSync(':memory:');
  const storage = nodeSqlite(database);
  return { use: async (step) => step(storage), close: () => database.close() };
});

it('excludes the rows of an earlier statement from a statement that defines a table', () => {
  const storage = nodeSqlite(new DatabaseSync(':memory:'));
  storage.run('CREATE TABLE first (id INTEGER PRIMARY KEY)');
  storage.run('INSERT INTO first VALUES (1), (2)');
  expect(storage.run('CREATE TABLE second (id INTEGER PRIMARY KEY)')).toBe(0);
});
