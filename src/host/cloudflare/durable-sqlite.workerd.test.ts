import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sqlStorageContract } from '../../../test/contracts/sql-storage-contract';
import { durableSqlite } from './durable-sqlite';

let objects = 0;

sqlStorageContract('Durable Object', () => {
  const stub = env.NAMESPACES.getByName(`storage-${objects++}`);
  return {
    use: (step) => runInDurableObject(stub, (_object, { storage }) => step(durableSqlite(storage))),
    close: () => {},
  };
});
