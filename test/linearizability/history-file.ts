import { readFileSync, writeFileSync } from 'node:fs';
import type { History, Operation } from './operation';

/** The first line of a file; each line after it is an operation. */
type Head = Omit<History, 'operations'>;

/** JSON has no Infinity. */
const FOREVER = 'forever';

const replacer = (_: string, value: unknown) => (value === Number.POSITIVE_INFINITY ? FOREVER : value);
const reviver = (_: string, value: unknown) => (value === FOREVER ? Number.POSITIVE_INFINITY : value);

/** Writes a history as JSON Lines. */
export function writeHistory(path: string, { operations, ...head }: History): void {
  const lines = [head, ...operations].map((line) => JSON.stringify(line, replacer));
  writeFileSync(path, `${lines.join('\n')}\n`);
}

/** Reads a history that {@link writeHistory} wrote. */
export function readHistory(path: string): History {
  const [head = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  // `as`: {@link writeHistory} wrote these shapes; other files are not supported.
  const operations = lines.map((line) => JSON.parse(line, reviver) as Operation);
  return { ...(JSON.parse(head, reviver) as Head), operations };
}
