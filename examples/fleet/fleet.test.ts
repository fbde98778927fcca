import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RegistryProcess } from '../../test/registry-process';

/** What greeter.js asks for. */
const TTL_MS = 3_000;

/** How late the registry may be with an expiry. */
const SLACK_MS = 1_000;

const GREETERS = ['greeter-1', 'greeter-2', 'greeter-3'];

/** A line that a program printed, and when. */
interface Line {
  at: number;
  text: string;
}

let registry: RegistryProcess;
let programs: ChildProcess[] = [];

beforeEach(async () => {
  registry = await RegistryProcess.start();
});

afterEach(async () => {
  for (const program of programs) program.kill('SIGKILL');
  programs = [];
  await registry.stop();
});

/** Starts one of the example's programs, and collects what it prints. */
function run(name: string, ...args: string[]): { program: ChildProcess; lines: Line[] } {
  const program = spawn(process.execPath, [fileURLToPath(new URL(name, import.meta.url)), ...args], {
    env: { ...process.env, ROLLCALL_URL: registry.url, ROLLCALL_TOKEN: registry.token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  programs.push(program);
  const lines: Line[] = [];
  if (program.stdout === null) throw new Error('the output is not piped');
  createInterface(program.stdout).on('line', (text) => lines.push({ at: Date.now(), text }));
  return { program, lines };
}

async function until(what: string, holds: () => boolean, withinMs = 10_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${withinMs} ms`);
    await sleep(20);
  }
}

it('[D3] a killed service is no longer called after its ttl, a drained one never fails, and the others answer', async () => {
  const greeters = GREETERS.map((id) => run('greeter.js', id));
  const caller = run('caller.js');
  const since = (at: number) => caller.lines.filter((line) => line.at > at).map((line) => line.text);
  const heard = (at: number) => new Set(since(at).filter((text) => text.startsWith('hello')));
  await until('an answer of every greeter', () => heard(0).size === 3);

  greeters[0]?.program.kill('SIGKILL');
  await sleep(TTL_MS + SLACK_MS);
  const expiredAt = Date.now();
  await until('answers of the two others', () => since(expiredAt).length >= 20);
  expect(since(expiredAt).filter((text) => text.includes('greeter-1'))).toEqual([]);
  expect(heard(expiredAt)).toEqual(new Set(['hello from greeter-2', 'hello from greeter-3']));
  expect(caller.lines.filter((line) => line.text.startsWith('failed') && line.at > expiredAt)).toEqual([]);

  const drained = greeters[1]?.program;
  if (drained === undefined) throw new Error('greeter-2 was not started');
  const drainStartedAt = Date.now();
  drained.kill('SIGTERM');
  const [code] = await once(drained, 'exit');
  const drainedAt = Date.now();
  expect(code).toBe(0);
  await until('answers of the last one', () => since(drainedAt).length >= 10);
  expect(since(drainStartedAt).filter((text) => !text.startsWith('hello'))).toEqual([]);
  expect(heard(drainedAt)).toEqual(new Set(['hello from greeter-3']));
});
