import { expect, test } from 'vitest';
import { residentCommand } from './resident-command';
import type { ServeFlags } from './serve-options';

const deno = { name: 'deno', program: '/usr/bin/deno' } as const;

/** Returns the permissions of the resident process, without those for files and variables. */
async function permissions(flags: ServeFlags): Promise<string[]> {
  const setting = { runtime: deno, residentPath: '/r/resident.js', flags: { port: '8787', ...flags }, env: {} };
  const words = await residentCommand({ ...setting, supervised: false });
  return words.filter((word) => /^--allow-(?!read|write|env)/.test(word));
}

test('the process may connect to other hosts only if it runs checks', async () => {
  expect(await permissions({})).toEqual(['--allow-net=127.0.0.1:8787']);
  expect(await permissions({ consulPort: '8500' })).toEqual(['--allow-net', '--allow-sys=networkInterfaces']);
});
