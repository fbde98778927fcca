import { readFileSync } from 'node:fs';
import { CliError, EXIT } from '../terminal/failure';

/** Reads a token from a file, or from standard input if the path is `-`. */
export function tokenFrom(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8').trim();
  } catch (error) {
    throw new CliError(EXIT.failure, `Cannot read the token from ${path}: ${String(error)}`);
  }
}
