import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../test/house/source-tree';

it('loads only packages that start fast: those of the registry take longer than all others together', async () => {
  const { metafile } = await build({
    absWorkingDir: PROJECT_ROOT,
    entryPoints: ['src/cli/main.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    metafile: true,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const packages = imports.filter(({ path, kind }) => kind === 'import-statement' && !path.startsWith('node:'));
  expect(new Set(packages.map(({ path }) => path))).toEqual(new Set(['@commander-js/extra-typings', 'string-width']));
});
