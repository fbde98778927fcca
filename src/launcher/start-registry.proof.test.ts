import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { isRunning } from '../../test/programs/process-state';
import { temporaryFolder, temporaryFolderOfFile } from '../../test/programs/temporary-folder';
import { bundleResident } from './bundle';
import { type RegistryOptions, type RunningRegistry, startRegistry } from './start-registry';

const STAND_IN = 'test/fixtures/stand-in-resident.ts';

/** The stand-in, built: in a folder of its own, because it may read everything beside it. */
const standIn = join(temporaryFolderOfFile(), 'resident.js');
beforeAll(async () => writeFileSync(standIn, await bundleResident(STAND_IN)));

/** Far from the four seconds that a stop takes with open connections. */
const QUICK_MS = 2_500;

/** Allowance on top of the five seconds for a busy machine; a real hang would last for ever. */
const NOISE_MS = 10_000;

/** Starts a stand-in for the registry, until the test is over. */
async function start(options: Partial<RegistryOptions> = {}): Promise<RunningRegistry> {
  const registry = await startRegistry({ data: temporaryFolder(), residentPath: standIn, ...options });
  onTestFinished(() => registry.stop());
  return registry;
}

async function get(registry: RunningRegistry, path: string): Promise<unknown> {
  const response = await fetch(registry.url + path, { headers: { Authorization: `Bearer ${registry.rootToken}` } });
  return response.json();
}

/** Milliseconds that a stop takes. */
async function timeToStop(registry: RunningRegistry): Promise<number> {
  const startedAt = performance.now();
  await registry.stop();
  return performance.now() - startedAt;
}

/** Opens a WebSocket that neither side will close. */
async function openWebSocket(registry: RunningRegistry): Promise<void> {
  const headers = {
    Authorization: `Bearer ${registry.rootToken}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const upgrade = request(`${registry.url}/socket`, { headers });
  upgrade.on('error', () => {});
  upgrade.end();
  await once(upgrade, 'upgrade');
}

/** Opens a connection that sends nothing. */
async function openConnection(registry: RunningRegistry): Promise<void> {
  const socket = connect(Number(new URL(registry.url).port), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
}

test('[M8] a process that died is restarted on the same port with all its data', async () => {
  const said: string[] = [];
  const registry = await start({ output: (line) => said.push(line) });
  expect(await get(registry, '/count')).toBe(1);
  const pid = registry.pid;

  await registry.kill('SIGKILL');
  expect(await get(registry, '/count')).toBe(2);
  expect(registry.pid).not.toBe(pid);
  expect(said).toEqual([
    `The registry (process ${pid}) was ended by SIGKILL. Starting it again.`,
    `The registry (process ${registry.pid}) answers again.`,
  ]);
});

test('a process that keeps dying is not restarted any more, and the folder is free again', async () => {
  const data = temporaryFolder();
  const residentPath = join(temporaryFolder(), 'resident.js');
  copyFileSync(standIn, residentPath);
  const said: string[] = [];
  const registry = await start({ data, residentPath, output: (line) => said.push(line) });
  writeFileSync(residentPath, 'this is not JavaScript');
  process.kill(registry.pid, 'SIGKILL');
  await expect(registry.ended).rejects.toThrow('The registry died 6 times in a row');
  expect(said.filter((line) => line.includes('SyntaxError')).length).toBeGreaterThanOrEqual(5);
  await registry.stop();
  await start({ data });
});

test('a stop during a restart ends it', async () => {
  const data = temporaryFolder();
  const residentPath = join(temporaryFolder(), 'resident.js');
  copyFileSync(standIn, residentPath);
  const registry = await start({ data, residentPath });
  writeFileSync(residentPath, 'this is not JavaScript');
  process.kill(registry.pid, 'SIGKILL');
  await new Promise((wake) => setTimeout(wake, 600));
  expect(await timeToStop(registry)).toBeLessThan(QUICK_MS);
  await registry.ended;
});

test('[M3] a stop without open connections is quick', async () => {
  const registry = await start();
  await get(registry, '/count');
  expect(await timeToStop(registry)).toBeLessThan(QUICK_MS);
  expect(isRunning(registry.pid)).toBe(false);
});

test('[M3] a stop with a WebSocket, a hanging request and a silent connection takes less than five seconds', async () => {
  const registry = await start();
  await Promise.all([openWebSocket(registry), openConnection(registry)]);
  const hanging = get(registry, '/hang').catch(() => 'cut');
  await new Promise((wake) => setTimeout(wake, 100));
  const duration = await timeToStop(registry);
  expect(duration).toBeGreaterThan(1_000);
  expect(duration).toBeLessThan(5_000 + NOISE_MS);
  expect(isRunning(registry.pid)).toBe(false);
  expect(await hanging).toBe('cut');
});

test('[M6] a port in use is reported as such, and the folder is free again', async () => {
  const { port } = new URL((await start()).url);
  const data = temporaryFolder();
  await expect(start({ data, port: Number(port) })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is in use. Stop the program that uses it, or choose another port with --port`,
  );
  await start({ data });
});

test.each([
  ['192.0.2.1', '192.0.2.1 is not an address of this machine'],
  ['unknown.invalid', 'The host name unknown.invalid is unknown'],
])('a host it can’t listen on, %s, is named', async (host, message) => {
  await expect(start({ host })).rejects.toThrow(message);
});

test.each([
  ['::1', /^http:\/\/\[::1\]:\d+$/],
  ['0.0.0.0', /^http:\/\/127\.0\.0\.1:\d+$/],
  ['localhost', /^http:\/\/localhost:\d+$/],
])('it listens on %s', async (host, url) => {
  const registry = await start({ host });
  expect(registry.url).toMatch(url);
  expect(await get(registry, '/count')).toBe(1);
});

test('[M4] a second start on the folder is refused, and the first continues', async () => {
  const data = temporaryFolder();
  const registry = await start({ data });
  await expect(start({ data })).rejects.toThrow(`in use by a registry (process ${process.pid}, `);
  expect(await get(registry, '/count')).toBe(1);
});

test('an unusable data folder is refused with the reason', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  await expect(start({ data: file })).rejects.toThrow(`The data folder ${file} can't be used: it is a file`);
  await expect(start({ data: join(file, 'data') })).rejects.toThrow('part of the path is a file');
  // Not even root may make a folder there.
  await expect(start({ data: '/sys/rollcall' })).rejects.toThrow(
    /can't be used: (this user may not write there|the file system is read-only)/,
  );
});

test('no secret is on a command line', async () => {
  const registry = await start();
  const commandLine = readFileSync(`/proc/${registry.pid}/cmdline`, 'utf8');
  expect(commandLine).toContain(`--data=${registry.data}`);
  expect(commandLine).not.toContain(registry.rootToken);
});

test('a process that lost its disk ends, and is restarted', async () => {
  const said: string[] = [];
  const registry = await start({ output: (line) => said.push(line) });
  await get(registry, '/lost').catch(() => {});
  await expect.poll(() => said).toContainEqual(expect.stringContaining('answers again'));
  expect(said).toContain('The disk has failed. The registry ends.');
});

test.each(['deno', 'node'] as const)('it serves with all of its options, in %s', async (runtime) => {
  const options = { corsOrigins: ['https://a.test', 'https://b.test'], namespaceDomain: 'a.test', logLevel: 'info' };
  const registry = await start({ ...options, runtime, trustedProxy: true, env: { PORT: '1' } });
  expect(await get(registry, '/settings')).toMatchObject({ ...options, trustedProxy: true });
  const { runtime: program } = { runtime: readlinkSync(`/proc/${registry.pid}/exe`) };
  expect(program).toMatch(new RegExp(`/${runtime}$`));
});

test('[M5] it ends even if its launcher is killed, and frees the folder', async () => {
  const data = temporaryFolder();
  const launcher = join(temporaryFolder(), 'launcher.mjs');
  const source = `
    import { startRegistry } from '${join(import.meta.dirname, 'start-registry')}';
    const registry = await startRegistry(${JSON.stringify({ data, residentPath: standIn })});
    console.log(registry.pid);
  `;
  const stdin = { contents: source, resolveDir: import.meta.dirname };
  buildSync({ stdin, outfile: launcher, bundle: true, format: 'esm', platform: 'node', packages: 'external' });
  symlinkSync(resolve('package.json'), join(dirname(launcher), 'package.json'));
  const parent = spawn(process.execPath, [launcher]);
  const [line] = await once(parent.stdout, 'data');
  expect(isRunning(Number(line))).toBe(true);
  parent.kill('SIGKILL');
  expect(await get(await start({ data }), '/count')).toBe(1);
  await expect.poll(() => isRunning(Number(line))).toBe(false);
});
