import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../test/house/source-tree';

it('starts with packages that load fast: those of the registry take longer than all others together', async () => {
  const { metafile } = await build({
    absWorkingDir: PROJECT_ROOT,
    entryPoints: ['src/cli/main.ts'],
    bundle: true,
    // Modules that a command imports when it needs them become files of their own.
    splitting: true,
    outdir: 'unwritten',
    write: false,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    metafile: true,
  });
  const packages = new Set<string>();
  const seen = new Set<string>();
  const open = ['unwritten/main.js'];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const { path, kind, external } of metafile.outputs[file]?.imports ?? []) {
      if (kind !== 'import-statement' || path.startsWith('node:')) continue;
      if (external) packages.add(path);
      else open.push(path);
    }
  }
  expect(packages).toEqual(new Set(['@commander-js/extra-typings', 'string-width']));
});
