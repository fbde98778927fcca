import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { prepareStorage } from '../../src/core/storage/schema';
import type { SqlStorage } from '../../src/core/storage/sql-storage';
import { listen } from '../../src/host/resident/listener/listener';
import { CheckpointWorker } from '../../src/host/resident/storage/checkpoint-worker';
import { DatabaseFile } from '../../src/host/resident/storage/database-file';

/** Headers of constant answers, built once as in the registry. */
export const JSON_ANSWER = { headers: new Headers({ 'Content-Type': 'application/json' }) };

/** Answers requests behind the resident host's own listener, and prints the port. */
export async function serve(answer: (request: Request) => Promise<Response>): Promise<void> {
  const listener = await listen({ host: '127.0.0.1', port: 0, answer, log: () => {} });
  console.log(String(listener.port));
  process.on('SIGTERM', () => process.exit(0));
}

/** Opens a file with the registry's tables in the folder given by the bench, as the resident host opens its own. */
export async function openRows(): Promise<SqlStorage> {
  const folder = process.argv[2] ?? '.';
  mkdirSync(folder, { recursive: true });
  const { storage } = await DatabaseFile.open({
    path: join(folder, 'bare.sqlite'),
    checkpoints: new CheckpointWorker(new URL('./checkpoint-worker.js', import.meta.url)),
    onLost: (reason) => {
      console.error(reason);
      process.exit(1);
    },
  });
  prepareStorage(storage, () => 'bare');
  return storage;
}
