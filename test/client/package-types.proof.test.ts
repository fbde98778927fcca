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
import { type Entry, kv } from 'rollcall/client/kv';
import { election, grantLease, type Held, lock } from 'rollcall/client/locks';
import { resolver, type Resolver } from 'rollcall/client/resolver';
import { consistentHash } from 'rollcall/client/selectors';

export async function main(): Promise<void> {
  const client = rollcall({ url: 'http://registry.example', token: async () => 'secret', fetch, WebSocket });
  const registration: Registration = await client.register({ service: 'orders', address: '10.0.0.7', port: 80 });
  releaseOnSignals(registration);
  for await (const frame of client.watch({ services: ['orders'] })) {
    const typed: WatchFrame = frame;
    if (typed.type === 'changes') console.log(typed.changes.map((change) => change.type + change.kind));
  }
  const { instances } = await rollcallAdmin({ url: 'http://registry.example' }).resolveService({ service: 'orders' });
  console.log(instances.map(({ zone }) => zone?.length));
  const orders: Resolver = resolver(client, 'orders', { selector: consistentHash() });
  orders.close();
  const edge = edgeResolver({ url: 'https://registry.example' }, 'orders');
  const near: Response = await edge.fetch('/', { near: new Request('/') });
  console.log(near.status);
  const entries = kv(client);
  const entry: Entry | undefined = await entries.get('config/db');
  await entries.put('config/db', new Uint8Array(entry?.value ?? []), { ifRevision: entry?.revision });
  const held: Held = await lock(client, 'report', { signal: AbortSignal.timeout(1_000) });
  await entries.transaction({ if: [held.condition], do: [{ op: 'put', key: 'report', value: String(held.token) }] });
  await (await election(client, 'report').campaign()).proclaim((await grantLease(client, { ttlMs: 5_000 })).id);
  // @ts-expect-error A misspelt member does not exist.
  await client.register({ service: 'orders', adress: '10.0.0.7', port: 80 });
}
`;

/** Closes what it opens with `await using`. */
const DISPOSING = `
await using client = rollcall({ url: 'http://registry.example' });
await using registration = await client.register({ service: 'orders', address: '10.0.0.7', port: 80 });
await using orders = resolver(client, registration.service);
orders.pick();
`;

beforeAll(() => {
  execFileSync(process.execPath, [join(PROJECT_ROOT, 'scripts/build-client.js')], { stdio: 'inherit' });
});

const MODERN = ['ES2024', 'ESNext.Disposable', 'DOM'];

it.each([
  ['nodenext', 'ES2024', MODERN, PROGRAM + DISPOSING],
  ['preserve', 'ES2024', MODERN, PROGRAM + DISPOSING],
  // Most programs lack the types of `await using`.
  ['preserve', 'ES2020', ['ES2020', 'DOM'], PROGRAM],
])('the package has types for a program whose modules are %s, for %s', (module, target, lib, program) => {
  const folder = temporaryFolder();
  const installed = join(folder, 'node_modules/rollcall');
  mkdirSync(installed, { recursive: true });
  cpSync(join(PROJECT_ROOT, 'dist/client'), join(installed, 'dist/client'), { recursive: true });
  copyFileSync(join(PROJECT_ROOT, 'package.json'), join(installed, 'package.json'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'main.ts'), program);
  const compilerOptions = { module, target, lib, types: [], strict: true, exactOptionalPropertyTypes: true };
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
