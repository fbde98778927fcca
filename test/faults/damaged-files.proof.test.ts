import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { idsOf, put } from '../watch-proofs/registry-calls';
import { ServedRegistry } from './served-registry';

/** SQLite opens a database with a missing or damaged WAL as if its changes had never existed. The registry refuses it. */

const IDS = ['a', 'b', 'c'];

/** Kinds of damage to the files of a database. */
const DAMAGES: [name: string, damage: (path: string) => void][] = [
  ['whose WAL was deleted', (path) => rmSync(`${path}-wal`)],
  ['whose WAL is empty', (path) => truncateSync(`${path}-wal`)],
  ['of length 0', (path) => truncateSync(path)],
  ['that is missing', (path) => rmSync(path)],
  ['whose WAL has changed bytes in its middle', (path) => flip(`${path}-wal`)],
];

function flip(path: string): void {
  const bytes = readFileSync(path);
  const middle = Math.floor(bytes.length / 2);
  for (let offset = middle; offset < middle + 16; offset += 1) bytes[offset] = ~(bytes[offset] ?? 0) & 0xff;
  writeFileSync(path, bytes);
}

/** Returns the data folder of a killed registry, with instances in `public` and `other`. */
async function killed(): Promise<{ data: string; rootToken: string }> {
  const data = temporaryFolder();
  const registry = await ServedRegistry.start(data);
  const { rootToken } = registry;
  await inNamespaces(registry, 'POST', '', { id: 'other' });
  for (const id of IDS) await put(registry, 'orders', id, 80);
  const instance = { address: '127.0.0.1', port: 80, ephemeral: false };
  await inNamespaces(registry, 'PUT', '/other/groups/DEFAULT_GROUP/services/orders/instances/z', instance);
  await registry.kill();
  return { data, rootToken };
}

async function inNamespaces(
  { url, rootToken }: { url: string; rootToken: string },
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  const headers = { Authorization: `Bearer ${rootToken}`, 'Content-Type': 'application/json' };
  const answer = await fetch(`${url}/api/v1/ns${path}`, { method, headers, body: body ? JSON.stringify(body) : null });
  return { status: answer.status, text: await answer.text() };
}

async function started(data: string, rootToken: string): Promise<RunningRegistry> {
  const registry = await startRegistry({ data, rootToken });
  onTestFinished(() => registry.stop());
  return registry;
}

it.each(DAMAGES)('[M20] a namespace %s is refused with the reason, and all others work', async (_name, damage) => {
  const { data, rootToken } = await killed();
  const path = join(data, 'storage/namespaces/public.sqlite');
  damage(path);
  const before = readFileSync(`${path}-durable`);
  const registry = await started(data, rootToken);
  for (const [method, at] of [
    ['GET', '/groups/DEFAULT_GROUP/services/orders/instances'],
    ['PUT', '/groups/DEFAULT_GROUP/services/orders/instances/a'],
  ] as const) {
    const body = method === 'PUT' ? { address: '127.0.0.1', port: 80 } : undefined;
    const { status, text } = await inNamespaces(registry, method, `/public${at}`, body);
    expect([status, JSON.parse(text).code]).toEqual([503, 'NOT_CONFIGURED']);
    expect(text).toMatch(/public\.sqlite is damaged: .*Restore a backup/);
  }
  const others = await inNamespaces(registry, 'GET', '/other/groups/DEFAULT_GROUP/services/orders/instances');
  expect([others.status, JSON.parse(others.text).instances.length]).toEqual([200, 1]);
  expect((await fetch(`${registry.url}/health`)).status).toBe(200);
  // The files are unchanged, for an inspection.
  expect(readFileSync(`${path}-durable`)).toEqual(before);
  await registry.stop();

  // Follow the advice of the refusal.
  if (!existsSync(path) || statSync(path).size === 0) return;
  rmSync(`${path}-durable`);
  await put(await started(data, rootToken), 'orders', 'again', 80);
});

it.each(DAMAGES)('[M20] a directory %s keeps the registry from starting, with the reason', async (_name, damage) => {
  const { data, rootToken } = await killed();
  damage(join(data, 'storage/directory.sqlite'));
  await expect(startRegistry({ data, rootToken })).rejects.toMatchObject({
    name: 'LaunchError',
    exitCode: 1,
    message: expect.stringMatching(/directory\.sqlite is damaged: .*Nothing was changed\. Restore a backup/),
  });
});

it('[I1] an undamaged registry starts after a kill with all its contents', async () => {
  const { data, rootToken } = await killed();
  const registry = await started(data, rootToken);
  expect(await idsOf(registry, 'orders')).toEqual(IDS);
});
