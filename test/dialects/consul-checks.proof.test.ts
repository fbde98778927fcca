import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunningRegistry } from '../../src/launcher/start-registry';
import { CheckedServers } from '../fixtures/probes';
import { PROJECT_ROOT } from '../house/source-tree';
import { HOSTS, startOn } from '../programs/host';
import { Program } from '../programs/program';
import { systemNode } from '../programs/system-node';
import { temporaryFolder } from '../programs/temporary-folder';

/** Checks that are run by the resident host, and by gateways in front of both hosts, against servers of all kinds. */

const servers = new CheckedServers();
const sockets: Socket[] = [];
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  servers.close();
});

/** An agent for Consul's clients, with a token. */
interface Agent {
  url: string;
  token: string;
}

async function call({ url, token }: Agent, method: string, path: string, body?: unknown): Promise<string> {
  const response = await fetch(`${url}/v1${path}`, {
    method,
    headers: { 'x-consul-token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} got ${response.status} ${text}`);
  return text;
}

/** Returns status and output of the check of a service; undefined if there is none. */
async function checkOf(agent: Agent, service: string): Promise<{ Status: string; Output: string } | undefined> {
  // `as`: Consul's answer
  const checks = JSON.parse(await call(agent, 'GET', `/health/checks/${service}`)) as {
    Status: string;
    Output: string;
  }[];
  return checks[0];
}

const statusOf = async (agent: Agent, service: string): Promise<string | undefined> =>
  (await checkOf(agent, service))?.Status;

/** Registers a service of one instance on the loopback interface, whose check runs each second. */
const register = (agent: Agent, name: string, check: Record<string, unknown>, address = '127.0.0.1') =>
  call(agent, 'PUT', '/agent/service/register', {
    Name: name,
    Address: address,
    Port: 80,
    Check: { Interval: '1s', Timeout: '1s', ...check },
  });

/** Starts a gateway, as a command on the same machine. */
async function startGateway(
  registry: RunningRegistry,
  name: string,
  port = '0',
): Promise<{ agent: Agent; program: Program }> {
  const words = ['gateway', '--url', registry.url, '--consul-port', port, '--name', name];
  const env = { ...process.env, ROLLCALL_TOKEN: registry.rootToken };
  const program = new Program(systemNode(), [join(PROJECT_ROOT, 'bin', 'rollcall.js'), ...words], { env });
  const url = await program.prints(/is at (http:\S+);/);
  return { agent: { url, token: registry.rootToken }, program };
}

/** Checks that each kind of server gets the status that it deserves. */
async function judgesServers(agent: Agent): Promise<void> {
  let reached = 0;
  const elsewhere = await servers.http((_, response) => {
    reached += 1;
    response.end();
  });
  let healthy = 200;
  const port = await servers.http(({ url }, response) => {
    if (url === '/health') response.writeHead(healthy).end('the state');
    if (url === '/redirect') response.writeHead(307, { location: `http://127.0.0.1:${elsewhere}/` }).end();
    if (url !== '/endless') return;
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    };
    response.on('drain', more);
    more();
  });
  const silent = await servers.listen(createTcpServer((socket) => void sockets.push(socket)));
  const at = `http://127.0.0.1:${port}`;
  await register(agent, 'healthy', { HTTP: `${at}/health` });
  await register(agent, 'hanging', { HTTP: `${at}/hang` });
  await register(agent, 'redirecting', { HTTP: `${at}/redirect` });
  await register(agent, 'endless', { HTTP: `${at}/endless` });
  await register(agent, 'open', { TCP: `127.0.0.1:${silent}` });
  await register(agent, 'mute', { GRPC: `127.0.0.1:${silent}` });
  await register(agent, 'closed', { TCP: '127.0.0.1:1' });
  await register(agent, 'metadata', { HTTP: 'http://169.254.169.254/latest' }, '169.254.169.254');
  await register(agent, 'another', { HTTP: `${at}/health` }, '10.255.255.1');
  const expected: Record<string, [string, RegExp]> = {
    healthy: ['passing', /200 OK Output: the state/],
    hanging: ['critical', /context deadline exceeded/],
    redirecting: ['critical', /redirects are not followed/],
    endless: ['passing', /200 OK Output: xxx/],
    open: ['passing', /Success/],
    mute: ['critical', /DeadlineExceeded/],
    closed: ['critical', /connection refused/],
    metadata: ['critical', /no checks are sent to the address 169\.254\.169\.254/],
    another: ['critical', /127\.0\.0\.1 is not the address of the instance, 10\.255\.255\.1/],
  };
  for (const [name, [status, output]] of Object.entries(expected)) {
    const found = { Status: status, Output: expect.stringMatching(output) };
    await expect.poll(() => checkOf(agent, name), { message: name }).toMatchObject(found);
  }
  expect(reached).toBe(0);
  healthy = 500;
  await expect.poll(() => statusOf(agent, 'healthy')).toBe('critical');
  healthy = 204;
  await expect.poll(() => statusOf(agent, 'healthy')).toBe('passing');
}

describe('the resident host', () => {
  it('[CR5] runs checks on the port for clients of Consul, and goes on with them after a restart', async () => {
    const registry = await startOn('resident', { data: temporaryFolder(), consulPort: 0 });
    onTestFinished(() => registry.stop());
    const agent = { url: registry.consulUrl ?? '', token: registry.rootToken };
    await judgesServers(agent);
    let healthy = 200;
    const port = await servers.http((_, response) => void response.writeHead(healthy).end());
    await register(agent, 'kept', { HTTP: `http://127.0.0.1:${port}/` });
    await expect.poll(() => statusOf(agent, 'kept')).toBe('passing');
    await registry.kill('SIGKILL');
    healthy = 503;
    // Not because its lease has ended.
    const failing = { Status: 'critical', Output: expect.stringContaining('503 Service Unavailable') };
    await expect.poll(() => checkOf(agent, 'kept').catch(() => undefined)).toMatchObject(failing);
  });

  it('refuses checks that nothing would run', async () => {
    const registry = await startOn('resident', { data: temporaryFolder() });
    onTestFinished(() => registry.stop());
    const agent = { url: registry.url, token: registry.rootToken };
    const refused = register(agent, 'web', { HTTP: 'http://127.0.0.1/' });
    await expect(refused).rejects.toThrow(/rollcall gateway --consul-port/);
  });
});

describe.each(HOSTS)('a gateway in front of the %s host', (host) => {
  let registry: RunningRegistry;

  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-gateway-'));
    registry = await startOn(host, { data: folder });
  });
  afterAll(async () => {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs the checks of what registers through it', async () => {
    const { agent } = await startGateway(registry, 'judge');
    await judgesServers(agent);
  });

  it('[CR5] takes over the checks of one of its name that was killed, and stops when it is asked to', async () => {
    let healthy = 200;
    const port = await servers.http((_, response) => void response.writeHead(healthy).end());
    const { agent, program } = await startGateway(registry, 'heir');
    await register(agent, 'inherited', { HTTP: `http://127.0.0.1:${port}/`, DeregisterCriticalServiceAfter: '1m' });
    await expect.poll(() => statusOf(agent, 'inherited')).toBe('passing');
    program.kill('SIGKILL');
    await program.end();
    healthy = 500;
    const next = await startGateway(registry, 'heir', new URL(agent.url).port);
    const failing = { Status: 'critical', Output: expect.stringContaining('500 Internal Server Error') };
    await expect.poll(() => checkOf(agent, 'inherited')).toMatchObject(failing);
    healthy = 200;
    await expect.poll(() => statusOf(agent, 'inherited')).toBe('passing');
    // A blocking query does not keep it from stopping.
    const waiting = call(agent, 'GET', '/health/service/inherited?index=1000000&wait=60s').catch(() => 'ended');
    next.program.kill('SIGTERM');
    expect(await next.program.end()).toEqual({ code: 0, signal: null });
    expect(await waiting).toBeDefined();
    expect(next.program.printed).toContain('stopped running 1 check, until a gateway named heir starts');
  });
});

describe('a gateway that can not start', () => {
  it('says why, and what to do', async () => {
    const registry = await startOn('resident', { data: temporaryFolder() });
    onTestFinished(() => registry.stop());
    const start = async (env: NodeJS.ProcessEnv, port = '0') => {
      const words = [join(PROJECT_ROOT, 'bin', 'rollcall.js'), 'gateway', '--consul-port', port];
      const all = { ...process.env, ROLLCALL_URL: registry.url, ROLLCALL_TOKEN: registry.rootToken, ...env };
      const program = new Program(systemNode(), words, { env: all });
      return { ...(await program.end()), text: program.printed };
    };
    const taken = String(await servers.http(() => {}));
    const inUse = { code: 1, text: expect.stringContaining('or choose another port with --consul-port') };
    expect(await start({}, taken)).toMatchObject(inUse);
    const wrong = { code: 4, text: expect.stringContaining('refused the token from ROLLCALL_TOKEN') };
    expect(await start({ ROLLCALL_TOKEN: 'wrong' })).toMatchObject(wrong);
    const away = { code: 6, text: expect.stringContaining('Cannot reach http://127.0.0.1:9: ') };
    expect(await start({ ROLLCALL_URL: 'http://127.0.0.1:9' })).toMatchObject(away);
    const made = await fetch(`${registry.url}/api/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${registry.rootToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'reader', grants: [{ scope: 'read', ns: 'public' }] }),
    });
    const { token } = (await made.json()) as { token: string }; // `as`: what the API documents
    const lacking = {
      code: 4,
      text: expect.stringMatching(/lacks "operate" on the namespace public\.\n.*--grant operate:public/),
    };
    expect(await start({ ROLLCALL_TOKEN: token })).toMatchObject(lacking);
    const port = Number(taken);
    await expect(startOn('resident', { data: temporaryFolder(), consulPort: port })).rejects.toThrow('--consul-port');
  });
});

describe('a gateway that was frozen', () => {
  it('[CR6] keeps what its leases had ended for, and reports nothing critical of that time', async () => {
    const registry = await startOn('resident', { data: temporaryFolder() });
    onTestFinished(() => registry.stop());
    let isHeld = false;
    const held: ServerResponse[] = [];
    const port = await servers.http((_, response) => {
      if (isHeld) held.push(response);
      else response.end();
    });
    const { agent, program } = await startGateway(registry, 'frozen');
    await register(agent, 'thawed', { HTTP: `http://127.0.0.1:${port}/`, Timeout: '10s' });
    await expect.poll(() => statusOf(agent, 'thawed')).toBe('passing');
    const direct = { url: registry.url, token: registry.rootToken };
    // A run is under way. Its answer comes in time, but is read after the timeout.
    isHeld = true;
    await expect.poll(() => held.length).toBe(1);
    program.kill('SIGSTOP');
    isHeld = false;
    for (const response of held) response.end();
    await expect.poll(() => statusOf(direct, 'thawed'), { timeout: 120_000 }).toBe('critical');
    program.kill('SIGCONT');
    await expect.poll(() => statusOf(agent, 'thawed')).toBe('passing');
    expect(program.printed).toContain('the process did not run for a while');
    const history = await fetch(`${registry.url}/api/v1/ns/public/history?service=thawed`, {
      headers: { authorization: `Bearer ${registry.rootToken}` },
    });
    const text = await history.text();
    expect(history.status).toBe(200);
    expect(text).toContain('"status":"up"');
    expect(text).not.toContain('"status":"down"');
  });
});
