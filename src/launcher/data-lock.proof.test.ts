import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import { bundleResident } from './bundle';
import { DataLock } from './data-lock';
import { findRuntime, type RuntimeName } from './runtime';

/** A program that takes the lock of a folder, reports it, and holds it until it is killed. */
const HOLDER = `
import { rmSync } from 'node:fs';
import { DataLock } from '${join(import.meta.dirname, 'data-lock')}';
try {
  globalThis.lock = await DataLock.take(process.argv[2]);
  process.on('SIGTERM', () => { globalThis.lock.markEnding(); setTimeout(() => { rmSync(process.argv[2] + '/lock.json'); setTimeout(() => process.exit(), 500); }, 2500); });
  console.log('held');
  setInterval(() => {}, 1000);
} catch (error) {
  console.log(error.message);
}
`;

/** Starts a process that takes the lock. Resolves with the process and its first output. */
async function hold(folder: string, runtime: RuntimeName = 'node'): Promise<{ child: ChildProcess; said: string }> {
  const programs = temporaryFolder();
  const path = join(programs, 'holder.mjs');
  writeFileSync(join(programs, 'holder.ts'), HOLDER);
  writeFileSync(path, await bundleResident(join(programs, 'holder.ts')));
  const { program } = findRuntime(runtime);
  const words = runtime === 'node' ? [] : ['run', '--no-config', `--allow-read=${folder}`, `--allow-write=${folder}`];
  const child = spawn(program, [...words, path, folder]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  return { child, said: String(said).trim() };
}

/** Takes the lock until the test is over. */
async function take(folder: string): Promise<DataLock> {
  const lock = await DataLock.take(folder);
  onTestFinished(() => lock.release());
  return lock;
}

const inUse = (folder: string, pid: number | undefined) => `${folder} is in use by a registry (process ${pid}, since 2`;

test('[M4] a folder in use is refused with the id of the process that uses it, frozen or not', async () => {
  const folder = temporaryFolder();
  const { child } = await hold(folder);
  await expect(take(folder)).rejects.toThrow(inUse(folder, child.pid));
  child.kill('SIGSTOP');
  await expect(take(folder)).rejects.toThrow(inUse(folder, child.pid));
  // The file beside the lock has no effect, wrong or missing: the kernel holds the lock.
  writeFileSync(join(folder, 'lock.json'), '{');
  await expect(take(folder)).rejects.toThrow(`${folder} is in use by a registry. Stop it first`);
});

test('[M4] a folder in use by this very process is refused too, and stays locked for others', async () => {
  const folder = temporaryFolder();
  const lock = await take(folder);
  await expect(take(folder)).rejects.toThrow(inUse(folder, process.pid));
  expect((await hold(folder)).said).toContain(inUse(folder, process.pid));
  lock.release();
  expect((await hold(folder)).said).toBe('held');
});

test.each<RuntimeName>(['deno', 'node'])('[M5] the folder of a killed process is free, in %s', async (runtime) => {
  const folder = temporaryFolder();
  const { child, said } = await hold(folder, runtime);
  expect(said).toBe('held');
  expect((await hold(folder, runtime)).said).toContain(inUse(folder, child.pid));
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  await take(folder);
  expect(JSON.parse(readFileSync(join(folder, 'lock.json'), 'utf8')).pid).toBe(process.pid);
});

test('[M4] of many simultaneous starts one gets the folder', async () => {
  const folder = temporaryFolder();
  const starts = await Promise.all([hold(folder), hold(folder), hold(folder, 'deno')]);
  const winners = starts.filter(({ said }) => said === 'held');
  expect(winners).toHaveLength(1);
  for (const { said } of starts.filter((start) => !winners.includes(start))) {
    expect(said).toContain(`${folder} is in use by a registry`);
  }
});

test('[M5] a start waits for a holder that is shutting down', async () => {
  const folder = temporaryFolder();
  const { child } = await hold(folder);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await expect.poll(() => readFileSync(join(folder, 'lock.json'), 'utf8')).toContain('"ending":true');
  await take(folder);
  expect(await exited).toEqual([0, null]);
});

test('a released folder is free, and keeps the lock file', async () => {
  const folder = temporaryFolder();
  const lock = await take(folder);
  lock.release();
  lock.release();
  expect(readdirSync(folder)).toEqual(['lock.sqlite']);
  await take(folder);
});

test('a read-only folder is refused with the reason', async () => {
  await expect(take('/proc')).rejects.toThrow("The data folder /proc can't be used:");
});
