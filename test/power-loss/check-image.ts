import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckpointWorker } from '../../src/host/resident/storage/checkpoint-worker';
import { DatabaseFile } from '../../src/host/resident/storage/database-file';
import { lastChange, tableProblem } from './workload';

/** Minimum content of an image. */
export interface Promised {
  /** Last change that was acknowledged or shown. It and all earlier ones must be there. */
  durable: number;
  /** Last change before the database was erased; 0 if it was not. */
  erased: number;
  /** True while the database is being erased, when it may exist or not. */
  erasing: boolean;
}

/** Derives the minimum content of an image from the lines printed before its moment. */
export function promisedAt(lines: readonly { at: number; line: string }[], time: number): Promised {
  const promised: Promised = { durable: 0, erased: 0, erasing: false };
  for (const { at, line } of lines) {
    if (at > time) break;
    const [word, number] = line.split(' ');
    if (word === 'acknowledged' || word === 'shown') promised.durable = Math.max(promised.durable, Number(number));
    if (word === 'erasing') promised.erasing = true;
    if (word === 'erased') Object.assign(promised, { erased: Number(number), durable: 0, erasing: false });
  }
  return promised;
}

/** Opens an image as the next start does. Returns a problem; undefined if everything promised is there. */
export async function imageProblem(
  image: ReadonlyMap<string, Buffer>,
  name: string,
  promised: Promised,
  folder: string,
  checkpoints: CheckpointWorker,
): Promise<string | undefined> {
  mkdirSync(folder);
  try {
    for (const [file, bytes] of image) writeFileSync(join(folder, file), bytes);
    const problems: string[] = [];
    const onLost = (reason: string) => problems.push(reason);
    const file = await DatabaseFile.open({ path: join(folder, name), checkpoints, onLost });
    const problem = tableProblem(file.storage, promised.erased);
    if (problem !== undefined) problems.push(problem);
    const [integrity] = [...file.storage.read('PRAGMA integrity_check')];
    if (integrity?.[0] !== 'ok') problems.push(`SQLite finds: ${integrity?.[0]}`);
    const last = lastChange(file.storage);
    const isGone = promised.erasing && last === 0;
    if (last < promised.durable && !isGone)
      problems.push(`change ${promised.durable} was durable; the last is ${last}`);
    if (last > 0 && last <= promised.erased) problems.push(`change ${last} exists, although it was erased`);
    await file.close();
    return problems[0];
  } catch (error) {
    return `it does not open: ${error instanceof Error ? error.message.replaceAll(folder, '') : error}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
