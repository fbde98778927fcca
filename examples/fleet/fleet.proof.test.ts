import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { type RegistryOptions, type RunningRegistry, startRegistry } from '../../test/programs/registry';
import { temporaryFolder } from '../../test/programs/temporary-folder';

/** Settings of greeter.js. */
const TTL_MS = 3_000;

/** A line that a program printed, and when. */
interface Line {
  at: number;
  text: string;
}

async function start(options: Partial<RegistryOptions> = {}): Promise<RunningRegistry> {
  const registry = await startRegistry({ data: temporaryFolder(), ...options });
  onTestFinished(() => registry.stop());
  return registry;
}

/** Runs one of the example's programs until the test is over, and collects what it prints. */
function run(registry: RunningRegistry, name: string, ...args: string[]): { program: ChildProcess; lines: Line[] } {
  const program = spawn(process.execPath, [fileURLToPath(new URL(name, import.meta.url)), ...args], {
    env: { ...process.env, ROLLCALL_URL: registry.url, ROLLCALL_TOKEN: registry.rootToken },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void program.kill('SIGKILL'));
  const lines: Line[] = [];
  createInterface(program.stdout).on('line', (text) => lines.push({ at: Date.now(), text }));
  return { program, lines };
}

async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${withinMs} ms`);
    await sleep(20);
  }
}

/** Ids of the greeters that the registry has. */
async function idsOf(registry: RunningRegistry): Promise<string[]> {
  const headers = { authorization: `Bearer ${registry.rootToken}` };
  const path = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/greeter/resolve';
  const answer = await fetch(registry.url + path, { headers });
  const { instances } = (await answer.json()) as { instances: { id: string }[] }; // `as`: what the route answers
  return instances.map(({ id }) => id);
}

/** Three greeters and a caller, once every greeter has been heard. */
async function startFleet(registry: RunningRegistry) {
  const [one, two, three] = ['greeter-1', 'greeter-2', 'greeter-3'].map((id) => run(registry, 'greeter.js', id));
  const caller = run(registry, 'caller.js');
  const since = (at: number) => caller.lines.filter((line) => line.at > at).map((line) => line.text);
  /** Which greeters answered after a time. */
  const heard = (at: number) => [...new Set(since(at).filter((text) => text.startsWith('hello')))].sort();
  await until('a response of every greeter', () => heard(0).length === 3);
  if (one === undefined || two === undefined || three === undefined) throw new Error('three greeters were started');
  return { one, two, three, since, heard };
}

it('[D3] a killed service is no longer called after its ttl, and the others keep answering', async () => {
  const registry = await start();
  const { one, since, heard } = await startFleet(registry);
  one.program.kill('SIGKILL');
  await sleep(TTL_MS);
  // The registry is a little late with an expiry, and later where the machine is busy.
  await until('its expiry', async () => !(await idsOf(registry)).includes('greeter-1'));
  const expiredAt = Date.now();
  // A call that met the dead instance asked another one.
  expect(since(0).filter((text) => text === 'failed: fetch failed')).toEqual([]);
  await until('its caller knows', () => {
    const last = since(expiredAt).slice(-10);
    return last.length === 10 && last.every((text) => /^hello from greeter-[23]$/.test(text));
  });
  const knownAt = Date.now();
  await until('responses of the other two', () => since(knownAt).length >= 20);
  expect(heard(knownAt)).toEqual(['hello from greeter-2', 'hello from greeter-3']);
  expect(since(knownAt).filter((text) => !text.startsWith('hello'))).toEqual([]);
});

it('a service that receives SIGTERM drains before it exits: no call fails, and it is called again after a restart', async () => {
  const registry = await start();
  const { two, since, heard } = await startFleet(registry);
  const stoppedAt = Date.now();
  two.program.kill('SIGTERM');
  const [code] = await once(two.program, 'exit');
  expect(code).toBe(0);
  const leftAt = Date.now();
  await until('responses of the other two', () => since(leftAt).length >= 20);
  expect(heard(leftAt)).toEqual(['hello from greeter-1', 'hello from greeter-3']);
  expect(since(stoppedAt).filter((text) => !text.startsWith('hello'))).toEqual([]);

  run(registry, 'greeter.js', 'greeter-2');
  const startedAt = Date.now();
  await until('a response of the restarted greeter', () => heard(startedAt).includes('hello from greeter-2'));
});

it('a service registers again by itself after the registry was unreachable or has lost it', async () => {
  const data = temporaryFolder();
  const registry = await start({ data });
  const { three, heard } = await startFleet(registry);

  await registry.stop();
  await sleep(TTL_MS);
  const again = await start({ data, port: Number(new URL(registry.url).port) });
  const backAt = Date.now();
  await until('a response of every greeter after the restart', () => heard(backAt).length === 3);

  const headers = { authorization: `Bearer ${again.rootToken}` };
  const path = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/greeter/instances/greeter-3';
  expect((await fetch(again.url + path, { method: 'DELETE', headers })).status).toBe(204);
  const registrations = () => three.lines.filter((line) => line.text.includes('registered')).length;
  await until('another registration', () => registrations() === 2);
  const registeredAt = Date.now();
  await until('a response of the third greeter', () => heard(registeredAt).includes('hello from greeter-3'));
});
