import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { temporaryFolder, temporaryFolderOfFile } from '../../test/programs/temporary-folder';

/** A folder without packages, like on a machine where npm could not install Deno. */
const program = join(temporaryFolderOfFile(), 'find.mjs');

beforeAll(() => {
  const contents = `
    import { findRuntime } from './runtime';
    try {
      console.log(JSON.stringify(findRuntime(process.argv[2])));
    } catch (error) {
      console.log(error.message);
    }
  `;
  const stdin = { contents, resolveDir: import.meta.dirname };
  buildSync({ stdin, outfile: program, bundle: true, format: 'esm', platform: 'node' });
});

/** Looks for a runtime with programs on the path that print these versions. */
function find(programs: Record<string, string>, wanted = ''): string {
  const folder = temporaryFolder();
  for (const [name, says] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${says}'\n`, { mode: 0o755 });
  }
  const words = [program, ...(wanted === '' ? [] : [wanted])];
  return spawnSync(process.execPath, words, { env: { PATH: folder }, encoding: 'utf8' }).stdout.trim();
}

test.each(['deno 2.9.0 (stable, release)', 'deno 2.10.1', 'deno 3.0.0'])('%s on the path is used', (says) => {
  expect(JSON.parse(find({ deno: says }))).toEqual({ name: 'deno', program: 'deno' });
});

test.each(['deno 2.8.9', 'deno 1.46.0', 'v24.1.0 of something', ''])(
  '%j on the path is not used: Node runs it',
  (says) => {
    expect(JSON.parse(find({ deno: says }))).toEqual({ name: 'node', program: process.execPath });
  },
);

test('without Deno, Node runs it; if that is not possible, the message says how to install one', () => {
  expect(JSON.parse(find({}))).toEqual({ name: 'node', program: process.execPath });
  expect(JSON.parse(find({ deno: 'deno 2.9.5' }, 'node'))).toEqual({ name: 'node', program: process.execPath });
  expect(find({}, 'deno')).toMatch(/^The registry needs Deno 2\.9 or later, which was not found: .*Install it: https:/);
});
