import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../programs/temporary-folder';
import { keepFinding } from './keep-finding';

it('stores findings under the names of the proof and its seed', () => {
  const folder = join(temporaryFolder(), 'new');
  const path = keepFinding('crash', 7, 'one\ntwo\n\n', folder);
  expect(path).toBe(join(folder, 'crash-7.txt'));
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
});
