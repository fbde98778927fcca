import { readFileSync, writeFileSync } from 'node:fs';
import type { History, Operation } from './operation';

/** The first line of a file; each line after it is an operation. */
type Head = Omit<History, 'operations'>;

/** Infinity has no place in JSON. */
const FOREVER = 'forever';

const replacer = (_: string, value: unknown) => (value === Number.POSITIVE_INFINITY ? FOREVER : value);
const reviver = (_: string, value: unknown) => (value === FOREVER ? Number.POSITIVE_INFINITY : value);

/** Keeps a history as JSON Lines. */
export function writeHistory(path: string, { operations, ...head }: History): void {
  const lines = [head, ...operations].map((line) => JSON.stringify(line, replacer));
  writeFileSync(path, `${lines.join('\n')}\n`);
}

/** Reads what {@link writeHistory} wrote. */
export function readHistory(path: string): History {
  const [head = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  // `as`: what was written has these shapes; a file from elsewhere is its reader's own affair.
  const operations = lines.map((line) => JSON.parse(line, reviver) as Operation);
  return { ...(JSON.parse(head, reviver) as Head), operations };
}
