import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isRunning } from '../programs/process-state';
import { temporaryFolder } from '../programs/temporary-folder';
import { workerdConfig } from './workerd-config';
import { startWorkerd, type WorkerdOptions, type WorkerdProcess } from './workerd-process';

function options(more: Partial<WorkerdOptions>): WorkerdOptions {
  const folder = temporaryFolder();
  const storage = join(folder, 'storage');
  mkdirSync(storage);
  return {
    config: workerdConfig({ modulePath: resolve('test/fixtures/stand-in-worker.js') }),
    configPath: join(folder, 'workerd.capnp'),
    storage,
    host: '127.0.0.1',
    port: 0,
    env: process.env,
    output: () => {},
    ...more,
  };
}

/** Starts workerd for the running test. */
async function start(more: Partial<WorkerdOptions> = {}): Promise<WorkerdProcess> {
  const workerd = await startWorkerd(options(more));
  onTestFinished(async () => void (await workerd.stop()));
  return workerd;
}

test('[M7] workerd gets as many descriptors as the system allows, and reports their number', async () => {
  const limits = () => execFileSync('sh', ['-c', 'ulimit -Sn; ulimit -Hn'], { encoding: 'utf8' }).trim().split('\n');
  const [soft, hard] = limits();
  // Node raises its own limit when it starts, and children inherit it: this lowers it again.
  const prlimit = (value: string | undefined) =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${value}:`]);
  prlimit('999');
  onTestFinished(() => void prlimit(soft));
  expect(limits()).toEqual(['999', hard]);
  const workerd = await start();
  expect(String(workerd.descriptorLimit)).toBe(hard);
  expect(readFileSync(`/proc/${workerd.pid}/limits`, 'utf8')).toMatch(new RegExp(`Max open files +${hard} +${hard} `));
});

test('workerd does not start before its process number is recorded', async () => {
  let whileNoting = '';
  const started = (pid: number) => {
    execFileSync('sleep', ['0.3']);
    whileNoting = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  };
  const workerd = await start({ started });
  expect(whileNoting).toBe('sh');
  expect(readFileSync(`/proc/${workerd.pid}/comm`, 'utf8').trim()).toBe('workerd');
});

test('workerd does not start if its process number cannot be recorded', async () => {
  let pid = 0;
  const started = (number: number) => {
    pid = number;
    throw new Error('the lock is lost');
  };
  const given = options({ started });
  await expect(startWorkerd(given)).rejects.toThrow('the lock is lost');
  await expect.poll(() => isRunning(pid)).toBe(false);
  expect(readdirSync(given.storage)).toEqual([]);
});

test('an error of workerd about its Worker is reported without its stack', async () => {
  const config = workerdConfig({ modulePath: '/no/such/module.js' });
  await expect(startWorkerd(options({ config }))).rejects.toThrow(/^workerd ended before it listened:\n.*module\.js/);
});
