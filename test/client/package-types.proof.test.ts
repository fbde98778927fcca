import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { temporaryFolder } from '../programs/temporary-folder';

/** Types of the package, as seen by a strict program that has installed it. */

const PROGRAM = `
import { rollcall, releaseOnSignals, type Registration, type WatchFrame } from 'rollcall/client';
import { rollcallAdmin } from 'rollcall/client/admin';
import { edgeResolver } from 'rollcall/client/edge';
import { resolver } from 'rollcall/client/resolver';
import { consistentHash } from 'rollcall/client/selectors';

const client = rollcall({ url: 'http://registry.example', token: async () => 'secret', fetch, WebSocket });
const registration: Registration = await client.register({ service: 'orders', address: '10.0.0.7', port: 80 });
releaseOnSignals(registration);
for await (const frame of client.watch({ services: ['orders'] })) {
  const told: WatchFrame = frame;
  if (told.type === 'changes') console.log(told.changes.map(({ kind, id }) => kind + id));
}
const { instances } = await rollcallAdmin({ url: 'http://registry.example' }).resolveService({ service: 'orders' });
console.log(instances.map(({ zone }) => zone?.length));
resolver(client, 'orders', { selector: consistentHash() });
const near: Response = await edgeResolver({ url: 'https://registry.example' }, 'orders').fetch('/', { near: new Request('/') });
console.log(near.status);
// @ts-expect-error A misspelt member does not exist.
await client.register({ service: 'orders', adress: '10.0.0.7', port: 80 });
`;

beforeAll(() => {
  execFileSync(process.execPath, [join(PROJECT_ROOT, 'scripts/build-client.js')], { stdio: 'inherit' });
});

it.each(['nodenext', 'preserve'])('the package has types for a program whose modules are %s', (module) => {
  const folder = temporaryFolder();
  const installed = join(folder, 'node_modules/rollcall');
  mkdirSync(installed, { recursive: true });
  cpSync(join(PROJECT_ROOT, 'dist/client'), join(installed, 'dist/client'), { recursive: true });
  copyFileSync(join(PROJECT_ROOT, 'package.json'), join(installed, 'package.json'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'main.ts'), PROGRAM);
  const lib = ['ES2024', 'ESNext.Disposable', 'DOM'];
  const compilerOptions = { module, target: 'ES2024', lib, types: [], strict: true, exactOptionalPropertyTypes: true };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }));
  let printed = '';
  try {
    const compiler = join(PROJECT_ROOT, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [compiler, '--noEmit', '-p', folder], { encoding: 'utf8' });
  } catch (error) {
    printed = String((error as { stdout?: string }).stdout); // `as`: the output of a program that failed
  }
  expect(printed).toBe('');
});
