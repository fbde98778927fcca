import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../launcher/launch-error';
import { BackupError } from './backup-error';

/** Written last, so that a backup without it is none; `sha256sum -c SHA256SUMS` reads it, too. */
export const CHECKSUMS_FILE = 'SHA256SUMS';

/** SHA-256 of a file, in hexadecimal digits. */
export async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** Checksums by file, as `sha256sum` writes them. */
export function checksumsText(checksums: ReadonlyMap<string, string>): string {
  return [...checksums].map(([file, digest]) => `${digest}  ${file}\n`).join('');
}

/**
 * Reads the checksums of a backup.
 *
 * @throws {BackupError} Where there are none, or they are no checksums.
 */
export async function readChecksums(folder: string): Promise<Map<string, string>> {
  const text = await readFile(join(folder, CHECKSUMS_FILE), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === undefined) throw error;
    const advice = 'Either it is another folder, or the backup was interrupted: make a new one.';
    throw new BackupError(`${folder} is not a whole backup: it has no ${CHECKSUMS_FILE}. ${advice}`, { cause: error });
  });
  const lines = text.split('\n').slice(0, -1);
  const matches = lines.map((line) => /^([0-9a-f]{64}) {2}([\w./-]+)$/.exec(line));
  if (!text.endsWith('\n') || matches.includes(null)) throw damaged(CHECKSUMS_FILE, 'it is not what sha256sum writes');
  return new Map(matches.map((match) => [match?.[2] ?? '', match?.[1] ?? '']));
}

/** A backup that can't be trusted. */
export function damaged(file: string, how: string): BackupError {
  return new BackupError(`The backup is damaged: ${file}: ${how}. Use another backup.`);
}
