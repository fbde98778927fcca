import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder for the running test, which is gone when the test is. Its path has a space, as paths of people do. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
