import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import { DataLock } from './data-lock';
import { identify, processScope } from './process-identity';

const quiet = () => {};

/** A lock file as a launcher that is dead by now left it: no process has such a number. */
function leaveLock(folder: string, rest: object = {}): string {
  const path = join(folder, 'lock');
  const launcher = { pid: 2 ** 30, started: '1' };
  writeFileSync(path, JSON.stringify({ scope: processScope(), launcher, workerd: null, ...rest }));
  return path;
}

/** Takes the lock until the test is over. */
async function take(folder: string, say: (line: string) => void = quiet): Promise<DataLock> {
  const lock = await DataLock.take(folder, say);
  onTestFinished(() => lock.release());
  return lock;
}

async function start(script: string): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', `${script}; echo started; exec sleep 60`]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('[M4] a folder in use is refused, with the number of the process that uses it', async () => {
  const folder = temporaryFolder();
  await take(folder);
  await expect(take(folder)).rejects.toThrow(`${folder} is in use by a registry (process ${process.pid})`);
});

test('[M4] a lock that another start has made and not written yet is read once it is', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'lock');
  writeFileSync(path, '');
  setTimeout(() => leaveLock(folder, { launcher: identify(process.pid) }), 50);
  await expect(take(folder)).rejects.toThrow(`${folder} is in use by a registry (process ${process.pid})`);
  expect(existsSync(path)).toBe(true);
});

test('a released folder is free', async () => {
  const folder = temporaryFolder();
  const lock = await take(folder);
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
  await take(folder);
  lock.release();
  expect(existsSync(join(folder, 'lock'))).toBe(true);
});

describe('the lock of a launcher that was killed', () => {
  test('is taken over', async () => {
    const folder = temporaryFolder();
    const path = leaveLock(folder);
    await take(folder);
    expect(JSON.parse(readFileSync(path, 'utf8')).launcher).toEqual(identify(process.pid));
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  test('is taken over though its number is that of another process now', async () => {
    const folder = temporaryFolder();
    leaveLock(folder, { launcher: { pid: process.pid, started: '1' } });
    await take(folder);
  });

  test('[M5] its workerd is asked to end, and that is said', async () => {
    const folder = temporaryFolder();
    const orphan = await start(':');
    const ended = once(orphan, 'exit');
    leaveLock(folder, { workerd: identify(orphan.pid ?? 0) });
    const said: string[] = [];
    await take(folder, (line) => said.push(line));
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(said).toEqual([expect.stringContaining(`workerd (process ${orphan.pid}) outlived the launcher`)]);
  });

  test('[M5] its workerd is killed where it does not end', async () => {
    const folder = temporaryFolder();
    const orphan = await start("trap '' TERM");
    const ended = once(orphan, 'exit');
    leaveLock(folder, { workerd: identify(orphan.pid ?? 0) });
    await take(folder);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  test('[M4] a quicker start wins, and keeps the lock that a slower one took for the stale one', async () => {
    const folder = temporaryFolder();
    const orphan = await start("trap '' TERM");
    const path = leaveLock(folder, { workerd: identify(orphan.pid ?? 0) });
    const slower = take(folder);
    const quicker = await start(':');
    leaveLock(folder, { id: 'quicker', launcher: identify(quicker.pid ?? 0) });
    await expect(slower).rejects.toThrow(`in use by a registry (process ${quicker.pid})`);
    expect(JSON.parse(readFileSync(path, 'utf8')).id).toBe('quicker');
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  test('a process that merely has the number of its workerd is left alone', async () => {
    const folder = temporaryFolder();
    const stranger = await start(':');
    leaveLock(folder, { workerd: { pid: stranger.pid, started: '1' } });
    await take(folder);
    expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
  });
});

describe('a lock from another machine or container, whose processes cannot be seen', () => {
  test('holds for as long as it is touched', async () => {
    const folder = temporaryFolder();
    const path = leaveLock(folder, { scope: 'elsewhere', launcher: identify(process.pid) });
    const beat = setInterval(() => utimesSync(path, new Date(), new Date()), 1_000);
    onTestFinished(() => clearInterval(beat));
    await expect(take(folder)).rejects.toThrow('in use by a registry on another machine or in another container');
  });

  test('is taken over when nobody touches it', async () => {
    const folder = temporaryFolder();
    leaveLock(folder, { scope: 'elsewhere', launcher: identify(process.pid) });
    const cutOff = temporaryFolder();
    writeFileSync(join(cutOff, 'lock'), '');
    const said: string[] = [];
    await Promise.all([take(folder, (line) => said.push(line)), take(cutOff)]);
    expect(said).toEqual([expect.stringContaining('Waiting 4 s for a sign of life')]);
  });
});

test('a holder touches its lock', async () => {
  const folder = temporaryFolder();
  await take(folder);
  const long = new Date(1_000);
  utimesSync(join(folder, 'lock'), long, long);
  await expect.poll(() => statSync(join(folder, 'lock')).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
});

test('a workerd is noted only by the one who holds the lock', async () => {
  const folder = temporaryFolder();
  const lock = await take(folder);
  lock.noteWorkerd(process.pid);
  expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')).workerd).toEqual(identify(process.pid));
  rmSync(join(folder, 'lock'));
  expect(() => lock.noteWorkerd(process.pid)).toThrow('taken by another start, or deleted');
});
