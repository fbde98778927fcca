import { writeSync } from 'node:fs';
import { CheckpointWorker } from '../../src/host/resident/storage/checkpoint-worker';
import { DatabaseFile } from '../../src/host/resident/storage/database-file';
import { applyChange, lastChange, makeTable } from './workload';

/**
 * A process that writes to a database file while its calls to the disk are recorded. It prints the answers of a
 * registry: `shown <n>` for a read, `acknowledged <n>`, `erasing <n>` and `erased <n>`.
 *
 * Arguments: path of the database, number of changes, and how it ends: `close`, `kill` or `erase`.
 */
const [path = '', changes = '0', end = 'close'] = process.argv.slice(2);

/** Maximum number of syncs under way while further changes are written. */
const SYNCS_MAX_COUNT = 3;

const print = (line: string) => writeSync(1, `${line}\n`);

const checkpoints = new CheckpointWorker(new URL('./checkpoint-worker.js', import.meta.url));
const file = await DatabaseFile.open({
  path,
  checkpoints,
  onLost(reason) {
    print(`lost ${reason}`);
    process.kill(process.pid, 'SIGKILL');
  },
});
const { storage } = file;
const first = lastChange(storage);
print(`shown ${first}`);
makeTable(storage);
const syncs: Promise<void>[] = [];
// The numbers of changes continue after those of an erased database.
const start = Math.max(first, Number(process.argv[5] ?? 0));
for (let change = start + 1; change <= start + Number(changes); change += 1) {
  try {
    applyChange(storage, change);
  } catch {
    // SQLite's own flush failed.
    process.kill(process.pid, 'SIGKILL');
  }
  syncs.push(storage.sync().then(() => void print(`acknowledged ${change}`)));
  // Alternates between single changes and groups.
  if (change % 7 === 0) await Promise.all(syncs.splice(0));
  else if (syncs.length >= SYNCS_MAX_COUNT) await syncs.shift();
}
if (end === 'kill') process.kill(process.pid, 'SIGKILL');
await Promise.all(syncs);
if (end === 'erase') {
  print(`erasing ${start + Number(changes)}`);
  await file.remove();
  print(`erased ${start + Number(changes)}`);
} else {
  await file.close();
}
await checkpoints.close();
