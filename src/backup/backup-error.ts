/**
 * Reports why a backup could not be made or restored. The message is for the person at the terminal: what was wrong, with
 * which value, and what to do.
 */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}
