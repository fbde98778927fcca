import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import { PACKAGE_ROOT, packageVersion } from './package';

it('finds the folder and the version of this package', () => {
  expect(join(PACKAGE_ROOT, 'src', 'launcher')).toBe(import.meta.dirname);
  expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
});

it('fails with a message if its package is missing', () => {
  const outfile = join(temporaryFolder(), 'package.mjs');
  const entry = join(import.meta.dirname, 'package.ts');
  buildSync({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm' });
  const run = () => execFileSync(process.execPath, [outfile], { timeout: 30_000, stdio: 'pipe', encoding: 'utf8' });
  expect(run).toThrow(/there is no package\.json in/);
});
