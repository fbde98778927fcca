import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { sqlStorageContract } from '../../../../test/contracts/sql-storage-contract';
import { CheckpointWorker } from './checkpoint-worker';
import { DatabaseFile } from './database-file';

const checkpoints = new CheckpointWorker();
afterAll(() => checkpoints.close());

sqlStorageContract('a database file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-database-file-'));
  const file = await DatabaseFile.open({
    path: join(folder, 'public.sqlite'),
    checkpoints,
    onLost: (reason) => expect.unreachable(reason),
  });
  return {
    use: async (step) => step(file.storage),
    close: async () => {
      await file.close();
      rmSync(folder, { recursive: true });
    },
  };
});
