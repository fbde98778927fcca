import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { PROJECT_ROOT } from '../../test/house/source-tree';
import { HOSTS, startOn } from '../../test/programs/host';
import { temporaryFolder } from '../../test/programs/temporary-folder';

/** Copies the example's programs beside an installed client of Consul. */
function installed(): string {
  const folder = join(temporaryFolder(), 'example');
  cpSync(import.meta.dirname, folder, { recursive: true });
  symlinkSync(join(PROJECT_ROOT, 'test/clients/node_modules'), join(folder, 'node_modules'));
  return folder;
}

async function until(what: string, holds: () => boolean, withinMs = 120_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${withinMs} ms`);
    await sleep(5);
  }
}

/** Starts a registry, and runs the example's programs until the test is over. */
async function stage(host: (typeof HOSTS)[number]) {
  const registry = await startOn(host, { data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const folder = installed();
  const env = {
    ...process.env,
    CONSUL_URL: `${registry.url}/v1`,
    CONSUL_HTTP_TOKEN: registry.rootToken,
    // So long that no session ends by itself.
    SESSION_TTL: '1h',
  };
  const registered = async () => {
    const answer = await fetch(`${env.CONSUL_URL}/agent/services`, {
      headers: { 'X-Consul-Token': registry.rootToken },
    });
    return Object.keys(Object(await answer.json()));
  };
  const run = (name: string, ...args: string[]): { program: ChildProcess; lines: string[] } => {
    const program = spawn(process.execPath, [join(folder, name), ...args], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void program.kill('SIGKILL'));
    const lines: string[] = [];
    createInterface(program.stdout).on('line', (line) => lines.push(line));
    return { program, lines };
  };
  return { run, registered };
}

it.each(HOSTS)("Consul's client follows instances that come, deregister and crash: %s", async (host) => {
  const { run, registered } = await stage(host);
  const [one, two] = ['greeter-1', 'greeter-2'].map((id) => run('greeter.js', id));
  const caller = run('caller.js');
  const last = () => caller.lines.findLast((line) => line.startsWith('greeters:'));
  await until('both are found', () => last() === 'greeters: greeter-1, greeter-2');
  await until('both answer', () => [1, 2].every((n) => caller.lines.includes(`hello from greeter-${n}`)));
  one?.program.kill('SIGTERM');
  await until('one is gone', () => last() === 'greeters: greeter-2');
  expect(await registered()).toEqual(['greeter-2']);
  two?.program.kill('SIGKILL');
  await until('none is left', () => last() === 'greeters: none');
  expect(caller.lines.filter((line) => line.startsWith('not watched'))).toEqual([]);
});

it.each(HOSTS)("a lock of Consul's client passes to the next one when its session is destroyed: %s", async (host) => {
  const { run } = await stage(host);
  const workers = ['worker-1', 'worker-2'].map((name) => ({ name, ...run('worker.js', name) }));
  const works = ({ lines }: { lines: string[] }) => lines.some((line) => line.startsWith('report of'));
  const waits = ({ lines }: { lines: string[] }) => lines.includes('waiting for the lock');
  await until('one works, and one waits', () => workers.some(works) && workers.some(waits));
  const holder = workers.find(works);
  const other = workers.find((each) => each !== holder);
  if (holder === undefined || other === undefined) throw new Error('one of two has the lock');
  expect(works(other)).toBe(false);
  holder.program.kill('SIGTERM');
  await until('the other works', () => works(other));
});
