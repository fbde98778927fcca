import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { builtProgram } from '../../test/programs/built-programs';
import { isRunning } from '../../test/programs/process-state';
import { Program } from '../../test/programs/program';
import { systemNode } from '../../test/programs/system-node';
import { temporaryFolder } from '../../test/programs/temporary-folder';

/** As in a package. In a checkout it bundles everything first. */
const PROGRAM = await builtProgram();
const ANSWERS = /listens on (http:\S+)/;

/** Allowance on top of the five seconds for a busy machine; a real hang would last for ever. */
const NOISE_MS = 10_000;

/** The environment of these tests, without variables that configure a registry. */
function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PORT, ROLLCALL_DATA, ROLLCALL_ROOT_TOKEN, ...rest } = process.env;
  return { ...rest, ...more };
}

/** Runs `rollcall serve` on a free port in a folder of its own, on the Node of this machine. */
function serve(cwd: string, words: string[] = [], env: NodeJS.ProcessEnv = {}): Program {
  return new Program(systemNode(), [PROGRAM, 'serve', '--port', '0', ...words], { cwd, env: environment(env) });
}

/** Runs a command line that is expected to end by itself. */
function run(words: string[], env: NodeJS.ProcessEnv = {}) {
  const cwd = temporaryFolder();
  const { status, stdout, stderr } = spawnSync(systemNode(), [PROGRAM, ...words], {
    cwd,
    env: environment(env),
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** Calls the registry that serves in a folder. */
async function call(cwd: string, url: string, path: string, init: RequestInit = {}): Promise<Response> {
  const token = readFileSync(join(cwd, 'data', 'root-token'), 'utf8').trim();
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  return fetch(`${url}/api/v1/ns/public${path}`, { ...init, headers });
}

const ORDERS = '/groups/DEFAULT_GROUP/services/orders';

test('[M2] it creates a root token, prints its path and never the token; a later start keeps it', async () => {
  const cwd = temporaryFolder();
  const first = serve(cwd);
  await first.prints(/root token {3}.*data\/root-token \(new; keep it secret\)/);
  const path = join(cwd, 'data', 'root-token');
  const token = readFileSync(path, 'utf8').trim();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(cwd, 'data')).mode & 0o777).toBe(0o700);
  first.kill('SIGTERM');
  expect(await first.end()).toEqual({ code: 0, signal: null });

  const second = serve(cwd);
  const url = await second.prints(ANSWERS);
  await second.prints(/root token {3}.*data\/root-token$/m);
  expect((await call(cwd, url, '/stats')).status).toBe(200);
  expect(readFileSync(path, 'utf8').trim()).toBe(token);
  expect(first.printed + second.printed).not.toContain(token);
});

test('a given token is used, also in the printed curl command', async () => {
  const cwd = temporaryFolder();
  const ROLLCALL_ROOT_TOKEN = 'a-token-of-thirty-two-characters';
  const program = serve(cwd, [], { ROLLCALL_ROOT_TOKEN });
  const url = await program.prints(ANSWERS);
  await program.prints(/the one in ROLLCALL_ROOT_TOKEN[\s\S]*Bearer \$ROLLCALL_ROOT_TOKEN/);
  const headers = { Authorization: `Bearer ${ROLLCALL_ROOT_TOKEN}` };
  expect((await fetch(`${url}/api/v1/ns/public/stats`, { headers })).status).toBe(200);
  expect(program.printed).not.toContain(ROLLCALL_ROOT_TOKEN);
});

test('a short token is refused, and not shown', () => {
  const { status, stdout, stderr } = run(['serve', '--port', '0'], { ROLLCALL_ROOT_TOKEN: 'hunter2' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toBe(
    'ROLLCALL_ROOT_TOKEN has 7 characters; a root token has at least 32. ' +
      'Give a longer random one, or unset it to have one made in the data folder.\n',
  );
});

test('[M3] a stop signal ends it within five seconds despite a hanging request, and its data is there again', async () => {
  const cwd = temporaryFolder();
  const program = serve(cwd);
  const url = await program.prints(ANSWERS);
  const registered = await call(cwd, url, `${ORDERS}/instances/orders-1`, {
    method: 'PUT',
    body: '{"address": "10.0.0.7", "port": 8080}',
  });
  expect(registered.status).toBe(201);
  // A request whose body never arrives.
  const socket = await connectTo(url);
  socket.write('PUT /api/v1/ns/public/services HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
  const startedAt = performance.now();
  program.kill('SIGINT');
  expect(await program.end()).toEqual({ code: 0, signal: null });
  expect(performance.now() - startedAt).toBeLessThan(5_000 + NOISE_MS);

  const again = serve(cwd);
  const list = await call(cwd, await again.prints(ANSWERS), `${ORDERS}/instances`);
  expect(await list.json()).toMatchObject({ instances: [{ id: 'orders-1' }] });
});

test('Ctrl-C at a terminal, which all of its processes receive, lets a running request complete', async () => {
  const cwd = temporaryFolder();
  const words = [PROGRAM, 'serve', '--port', '0'];
  const program = new Program(systemNode(), words, { cwd, env: environment(), detached: true });
  const url = await program.prints(ANSWERS);
  const socket = await connectTo(url);
  const body = '{"address": "10.0.0.7", "port": 8080}';
  const token = readFileSync(join(cwd, 'data', 'root-token'), 'utf8').trim();
  socket.write(
    `PUT /api/v1/ns/public${ORDERS}/instances/orders-1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
  );
  await new Promise((wake) => setTimeout(wake, 100));
  process.kill(-program.pid, 'SIGINT');
  await program.prints(/Stopping/);
  socket.write(body.slice(10));
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 201 /);
  socket.destroy();
  expect(await program.end()).toEqual({ code: 0, signal: null });
});

test('[M3] a SIGTERM to npm reaches it through the intermediate shell, which dies silently', async () => {
  const cwd = temporaryFolder();
  const command = `'${systemNode()}' '${PROGRAM}' serve --port 0; true`;
  const shell = new Program('sh', ['-c', command], { cwd, env: environment({ npm_command: 'run-script' }) });
  await shell.prints(ANSWERS);
  const resident = residentOf(cwd);
  shell.kill('SIGTERM');
  // The pipes close when the last process that holds them has ended.
  expect(await shell.end()).toEqual({ code: null, signal: 'SIGTERM' });
  expect(shell.stderr).toEqual(['Stopping.']);
  expect(isRunning(resident)).toBe(false);
});

test('[M3] a signal before it is ready ends it, and leaves the folder free', async () => {
  const cwd = temporaryFolder();
  const program = serve(cwd);
  await expect.poll(() => existsSync(join(cwd, 'data', 'lock.json')), { interval: 1, timeout: 30_000 }).toBe(true);
  program.kill('SIGTERM');
  expect(await program.end()).toEqual({ code: 0, signal: null });
  expect(program.stdout).toEqual([]);
  await serve(cwd).prints(ANSWERS);
});

test('a second Ctrl-C ends it and the registry at once', async () => {
  const cwd = temporaryFolder();
  const program = serve(cwd);
  const socket = await connectTo(await program.prints(ANSWERS));
  // A request whose body never arrives is pending when the process is stopped.
  const token = readFileSync(join(cwd, 'data', 'root-token'), 'utf8').trim();
  socket.write(`POST /api/v1/ns/public/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`);
  socket.write('Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
  const resident = residentOf(cwd);
  await new Promise((wake) => setTimeout(wake, 100));
  program.kill('SIGINT');
  // npm forwards the terminal's signal at the same moment, which must not count as a second one.
  program.kill('SIGINT');
  await program.prints(/Stopping/);
  await new Promise((wake) => setTimeout(wake, 700));
  expect(isRunning(program.pid)).toBe(true);
  const startedAt = performance.now();
  program.kill('SIGINT');
  expect(await program.end()).toEqual({ code: 130, signal: null });
  expect(performance.now() - startedAt).toBeLessThan(2_500);
  await expect.poll(() => isRunning(resident)).toBe(false);
});

test('[M4] a second start on the folder is refused with the process that uses it', async () => {
  const cwd = temporaryFolder();
  const first = serve(cwd);
  await first.prints(ANSWERS);
  const second = serve(cwd);
  expect(await second.end()).toEqual({ code: 1, signal: null });
  expect(second.stderr).toEqual([
    expect.stringMatching(/data folder .*\/data is in use by a registry \(process \d+, since /),
  ]);
  expect(second.printed).toContain(`(process ${first.pid}, `);
});

test('[M4, M5] of many starts on the folder of a killed launcher one succeeds, and the launcher’s remaining process has ended', async () => {
  const cwd = temporaryFolder();
  const killed = serve(cwd);
  await killed.prints(ANSWERS);
  const orphan = residentOf(cwd);
  killed.kill('SIGKILL');
  await killed.end();

  const starts = [serve(cwd), serve(cwd), serve(cwd)];
  const winner = await Promise.any(starts.map((start) => start.prints(ANSWERS).then(() => start)));
  for (const start of starts.filter((each) => each !== winner)) {
    expect(await start.end()).toEqual({ code: 1, signal: null });
    expect(start.printed).toContain(`in use by a registry (process ${winner.pid}, `);
  }
  expect(isRunning(orphan)).toBe(false);
});

test('[M6] a port in use is reported as such', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const { status, stderr } = run(['serve'], { PORT: port });
  expect(status).toBe(1);
  expect(stderr).toContain(`Port ${port} on 127.0.0.1 is in use.`);
});

test('[M7] it raises the descriptor limit and prints how many connections that allows; that many fit', async () => {
  const cwd = temporaryFolder();
  const limited = 'ulimit -Sn 256 && ulimit -Hn 300 && exec "$@"';
  const command = ['-c', limited, 'sh', systemNode(), PROGRAM, 'serve', '--port', '0'];
  const program = new Program('sh', command, { cwd, env: environment() });
  const url = await program.prints(ANSWERS);
  const limit = Number(await program.prints(/connections {2}at most (\d+), by the descriptor limit/));
  expect(limit).toBe(300 - 75);
  await Promise.all(Array.from({ length: limit - 1 }, () => connectTo(url)));
  expect((await call(cwd, url, '/stats')).status).toBe(200);
  // It must not have died and come back.
  expect(program.stderr).toEqual([]);
});

test('[M8] a process that died is restarted, with all acknowledged data', async () => {
  const cwd = temporaryFolder();
  const program = serve(cwd);
  const url = await program.prints(ANSWERS);
  const body = '{"address": "10.0.0.7", "port": 8080}';
  await call(cwd, url, `${ORDERS}/instances/orders-1`, { method: 'PUT', body });
  process.kill(residentOf(cwd), 'SIGKILL');
  await program.prints(/The registry \(process \d+\) was ended by SIGKILL\. Starting it again\.[\s\S]*answers again/);
  expect((await call(cwd, url, `${ORDERS}/instances/orders-1`)).status).toBe(200);
});

test('it listens on IPv6, and warns that it is open to a network', async () => {
  const loopback = serve(temporaryFolder(), ['--host', '::1']);
  expect(await loopback.prints(ANSWERS)).toMatch(/^http:\/\/\[::1\]:\d+$/);
  await loopback.prints(/Press Ctrl-C to stop it/);
  expect(loopback.printed).not.toContain('Note:');

  const open = serve(temporaryFolder(), ['--host', '0.0.0.0']);
  expect(await open.prints(ANSWERS)).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await open.prints(/Note: 0\.0\.0\.0 can be reached over the network, unencrypted\./);
});

test('an unusable data folder is named with the reason', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const { status, stderr } = run(['serve', '--port', '0', '--data', file]);
  expect(status).toBe(1);
  expect(stderr).toBe(
    `The data folder ${file} can't be used: it is a file. Choose another folder with --data, ` +
      'or make this one writable for the user that runs the registry.\n',
  );
});

test.each([
  [['--help'], 0, /^Rollcall, a service registry\.[\s\S]*serve {2,}run the registry/],
  [['help'], 0, /^Rollcall/],
  [['serve', '--help'], 0, /^Usage: rollcall serve \[options\][\s\S]*--port[\s\S]*ROLLCALL_ROOT_TOKEN/],
  [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
  [[], 2, /^rollcall needs a command, such as: rollcall serve\nSee: rollcall --help\n$/],
  [['srve'], 2, /^Unknown command 'srve'\. Did you mean serve\?\nSee: rollcall --help\n$/],
  [['--prot'], 2, /^Unknown option '--prot'\.\nSee: rollcall --help\n$/],
  [['serve', '--prot', '80'], 2, /^Unknown option '--prot'\. Did you mean --port\?\nSee: rollcall serve --help\n$/],
  [['serve', '--port', 'eighty'], 2, /^--port must be a port from 0 to 65535, not "eighty"\.\n/],
])('rollcall %j ends with %i', (words, code, text) => {
  const { status, stdout, stderr } = run(words);
  expect(status).toBe(code);
  expect(code === 0 ? stdout : stderr).toMatch(text);
  expect(code === 0 ? stderr : stdout).toBe('');
});

/** The process that holds the lock of a folder. */
function residentOf(cwd: string): number {
  return JSON.parse(readFileSync(join(cwd, 'data', 'lock.json'), 'utf8')).pid;
}

async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}
