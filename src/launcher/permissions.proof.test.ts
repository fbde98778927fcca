import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import { bundleResident } from './bundle';
import { residentCommand } from './resident-command';
import { startResident } from './resident-process';
import { findRuntime } from './runtime';

/** Runs a process that tries everything the registry never does. Resolves to the outcome of each attempt. */
async function outcomes(change: (command: string[]) => string[]): Promise<Record<string, string>> {
  const folder = temporaryFolder();
  const [data, outside] = ['data, with a comma', 'outside'].map((name) => join(folder, name)) as [string, string]; // `as`: of two
  for (const path of [data, outside]) mkdirSync(path);
  const residentPath = join(folder, 'dist', 'resident.js');
  mkdirSync(join(folder, 'dist'));
  writeFileSync(residentPath, await bundleResident('test/fixtures/intruder-resident.ts'));
  const neighbour = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  onTestFinished(() => neighbour.closeAllConnections());
  onTestFinished(() => void neighbour.close());
  await once(neighbour, 'listening');
  const address = neighbour.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const env = { ...process.env, PATH: '/usr/bin:/bin', ROLLCALL_COMMIT: `${outside}:${port}` };
  const setting = { runtime: findRuntime('deno'), residentPath, flags: { data, port: '0' }, env, supervised: true };
  const command = change(await residentCommand(setting));
  const intruder = await startResident(command, env, () => {}, new AbortController().signal);
  onTestFinished(async () => void (await intruder.stop()));
  const answer = await fetch(`http://127.0.0.1:${intruder.port}/`);
  // `as`: the fixture's own output
  const found = (await answer.json()) as Record<string, string>;
  if (command.includes('--allow-all'))
    expect(readdirSync(outside).sort()).toEqual(['a.sqlite', 'b.sqlite', 'linked', 'written']);
  else expect(readdirSync(outside)).toEqual([]);
  return found;
}

/** Errors of a missing permission: Deno's own, or SQLite's for a database that may not be attached. */
const REFUSED = /^(NotCapable |Error (getaddrinfo EPERM|too many attached databases))/;

test('[M15] under Deno the process can’t read, write, connect or start anything but its own resources', async () => {
  const refused = await outcomes((command) => command);
  const slipped = Object.entries(refused).filter(([, how]) => !REFUSED.test(how));
  expect(slipped).toEqual([]);
});

test('[M15] each attempt succeeds in a process with all permissions', async () => {
  const done = await outcomes(([program = '', run = '', ...words]) => [
    ...[program, run, '--allow-all'],
    ...words.filter((word) => !word.startsWith('--allow-')),
  ]);
  expect(Object.entries(done).filter(([, how]) => how !== 'done')).toEqual([]);
});
