import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { identify, isRunning } from './process-identity';

test('a process is itself until it ends', async () => {
  const child = spawn('sleep', ['60']);
  const identity = identify(child.pid ?? 0);
  expect(identity).toEqual({ pid: child.pid, started: expect.any(String) });
  if (identity === null) return;
  expect(isRunning(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isRunning(identity)).toBe(false);
});

test('another process under the same number is another process', () => {
  expect(isRunning({ pid: process.pid, started: 'long ago' })).toBe(false);
});

test('where the system tells no start time, the number decides', () => {
  expect(isRunning({ pid: process.pid, started: null })).toBe(true);
});

test('a process that has ended and was not collected yet is not running', async () => {
  // The shell becomes a sleep that never asks what became of the shell's child.
  const parent = spawn('sh', ['-c', 'sh -c : & echo $!; exec sleep 60']);
  const [line] = await once(parent.stdout, 'data');
  await expect.poll(() => identify(Number(String(line)))).toBe(null);
  parent.kill('SIGKILL');
});
