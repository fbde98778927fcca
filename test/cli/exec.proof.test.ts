import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../src/launcher/listening-address';
import { PROJECT_ROOT } from '../house/source-tree';
import type { Program } from '../programs/program';
import { temporaryFolder } from '../programs/temporary-folder';
import { until } from '../watch-proofs/until';
import { CliStage } from './cli-stage';

/** `rollcall exec`: a real process with its port, its signals and its registration in a real registry. */

let stage: CliStage;
beforeAll(async () => {
  stage = await CliStage.start();
});
afterAll(() => stage.stop());

const SERVICE = join(PROJECT_ROOT, 'test/cli/service.mjs');

interface Executed {
  program: Program;
  port: number;
}

/**
 * Runs the service under `rollcall exec`. The default is the Node of this machine, which has no WebSocket and so uses
 * heartbeats.
 */
async function exec(service: string, options: string[] = [], node?: string, delayMs = 0): Promise<Executed> {
  const port = await freePort();
  const command = [process.execPath, SERVICE, `${port}`, `${delayMs}`];
  const words = ['exec', '--service', service, '--port', `${port}`, ...options, '--', ...command];
  return { program: stage.begin(words, {}, node), port };
}

async function idsOf(service: string): Promise<string[]> {
  const { url, rootToken } = stage.registry;
  const headers = { Authorization: `Bearer ${rootToken}` };
  const path = `/api/v1/ns/public/groups/DEFAULT_GROUP/services/${service}/instances`;
  // `as`: the route's response
  const list = (await (await fetch(`${url}${path}`, { headers })).json()) as { instances: { id: string }[] };
  return list.instances.map(({ id }) => id);
}

it('[K5, K7] registers when the port accepts connections and not before, and deregisters with the exit code of the command', async () => {
  const { program, port } = await exec('ready', [], undefined, 1_000);
  await sleep(500);
  expect(await idsOf('ready')).toEqual([]);
  await program.prints(/rollcall: ready\/127\.0\.0\.1:\d+ is registered/);
  expect(program.stdout).toEqual(['it listens']);
  expect(await idsOf('ready')).toEqual([`127.0.0.1:${port}`]);
  program.kill('SIGTERM');
  expect(await program.end()).toEqual({ code: 7, signal: null });
  expect(await idsOf('ready')).toEqual([]);
});

it('[K6] drains before it forwards SIGTERM: a subscriber has acknowledged it by then', async () => {
  const { program } = await exec('stopped', ['--drain-wait', '20s']);
  await program.prints(/is registered/);
  const { url, rootToken } = stage.registry;
  const headers = { Authorization: `Bearer ${rootToken}`, 'Rollcall-Subscriber': 'caller' };
  const stream = await fetch(`${url}/api/v1/ns/public/watch?service=stopped`, { headers });
  onTestFinished(() => stream.body?.cancel());
  program.kill('SIGTERM');
  await program.prints(/draining stopped/);
  await sleep(500);
  expect(program.printed).not.toContain('it got SIGTERM');
  const read = await fetch(`${url}/api/v1/ns/public/services`, { headers });
  await fetch(`${url}/api/v1/ns/public/subscribers/caller/ack`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ cursor: read.headers.get('rollcall-cursor') }),
  });
  await program.prints(/1 of 1 subscriber acknowledged it/);
  await program.prints(/it got SIGTERM/);
  expect(await program.end()).toEqual({ code: 7, signal: null });
});

it('[K6] does not wait for callers after a second signal, nor for the drain', async () => {
  const { program } = await exec('hasty', ['--drain-wait', '60s']);
  await program.prints(/is registered/);
  const { url, rootToken } = stage.registry;
  const headers = { Authorization: `Bearer ${rootToken}`, 'Rollcall-Subscriber': 'sleeper' };
  const stream = await fetch(`${url}/api/v1/ns/public/watch?service=hasty`, { headers });
  onTestFinished(() => stream.body?.cancel());
  program.kill('SIGTERM');
  await program.prints(/draining hasty/);
  const from = performance.now();
  program.kill('SIGTERM');
  expect(await program.end()).toEqual({ code: 7, signal: null });
  expect(performance.now() - from).toBeLessThan(10_000);
  expect(await idsOf('hasty')).toEqual([]);
});

it('forwards other signals, and stays registered', async () => {
  const { program } = await exec('signals');
  await program.prints(/is registered/);
  program.kill('SIGHUP');
  await program.prints(/it got SIGHUP/);
  program.kill('SIGUSR2');
  await program.prints(/it got SIGUSR2/);
  expect(await idsOf('signals')).toHaveLength(1);
});

it.each([
  ['the Node of this machine, by heartbeats', undefined],
  ['a Node with WebSocket, by a session', process.execPath],
])('[K8] stays registered when the registry dies and returns: %s', async (_how, node) => {
  const service = node === undefined ? 'kept-by-beats' : 'kept-by-session';
  const { program } = await exec(service, ['--ttl', '3s'], node);
  await program.prints(/is registered/);
  const before = await idsOf(service);
  expect(before).toHaveLength(1);
  await stage.registry.kill('SIGKILL');
  // Longer than its lease, so it has been renewed.
  await sleep(5_000);
  await until('it is registered', async () => (await idsOf(service)).length === 1);
  expect(await idsOf(service)).toEqual(before);
  program.kill('SIGTERM');
  expect((await program.end()).code).toBe(7);
  expect(await idsOf(service)).toEqual([]);
});

it('[K7] a command that dies is deregistered at once, with 128 and its signal as exit code', async () => {
  const port = await freePort();
  const end = join(temporaryFolder(), 'end');
  const waiting = `until test -e '${end}'; do sleep 0.1; done`;
  const shell = `"${process.execPath}" '${SERVICE}' ${port} & child=$!; ${waiting}; kill -KILL $child; kill -KILL $$`;
  const program = stage.begin(['exec', '--service', 'dying', '--port', `${port}`, '--', 'sh', '-c', shell]);
  await program.prints(/is registered/);
  writeFileSync(end, '');
  expect(await program.end()).toEqual({ code: 137, signal: null });
  expect(await idsOf('dying')).toEqual([]);
});

it('[K5] terminates a command whose port does not accept connections in time, with 124', async () => {
  const { program } = await exec('late', ['--ready-within', '300ms'], undefined, 60_000);
  expect(await program.end()).toEqual({ code: 124, signal: null });
  expect(program.printed).toMatch(/Port \d+ did not open within 300ms, so late was not registered\./);
});

it('terminates a command that may not be registered, with 4', async () => {
  const { program } = await exec('denied', ['--token', 'wrong']);
  expect(await program.end()).toEqual({ code: 4, signal: null });
  expect(program.printed).toContain('The token is not valid: ');
});

it.each([
  ['a port in use', async (port: number) => ['--port', `${port}`, '--', 'true'], /is already in use/],
  ['a missing command', async () => ['--port', `${await freePort()}`, '--', 'no-such-command'], /command not found/],
])('refuses %s', async (_what, words, expected) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { code, stderr } = await stage.run(['exec', '--service', 'refused', ...(await words(port))]);
  expect(code).toBe(1);
  expect(stderr).toMatch(expected);
});
