import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { PROJECT_ROOT } from '../../test/house/source-tree';
import { HOSTS, startOn } from '../../test/programs/host';
import type { RunningRegistry } from '../../test/programs/registry';
import { temporaryFolder } from '../../test/programs/temporary-folder';

beforeAll(() => {
  execFileSync(process.execPath, [join(PROJECT_ROOT, 'scripts/build-client.js')], { stdio: 'inherit' });
});

/** A program of the example, and what it has printed. */
interface Running {
  program: ChildProcess;
  lines: string[];
}

/** Runs one of the example's programs until the test is over. */
function run(env: NodeJS.ProcessEnv, name: string, ...args: string[]): Running {
  const program = spawn(process.execPath, [fileURLToPath(new URL(name, import.meta.url)), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void program.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface(program.stdout).on('line', (line) => lines.push(line));
  return { program, lines };
}

async function until(what: string, holds: () => boolean, withinMs = 60_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${withinMs} ms`);
    await sleep(5);
  }
}

/** Starts the resource and two workers. */
async function startAll(registry: RunningRegistry) {
  const resource = run({ PORT: '0' }, 'resource.js');
  await until('the resource listens', () => resource.lines.length > 0);
  const env = {
    ROLLCALL_URL: registry.url,
    ROLLCALL_TOKEN: registry.rootToken,
    RESOURCE_URL: resource.lines[0]?.replace('listening on ', ''),
  };
  const workers = new Map(['worker-1', 'worker-2'].map((name) => [name, run(env, 'worker.js', name)]));
  /** Returns the writers and tokens of a kind of decision, in their order. */
  const decisions = (kind: 'accepted' | 'refused') =>
    resource.lines.flatMap((line) => {
      const [, writer = '', token = ''] = line.match(`^${kind} (\\S+) with token (\\d+)`) ?? [];
      return writer === '' ? [] : [{ writer, token: Number(token) }];
    });
  return { workers, accepted: () => decisions('accepted'), refused: () => decisions('refused') };
}

it.each(HOSTS)('[LK1] a leader that was frozen past its lease changes nothing any more: %s', async (host) => {
  const registry = await startOn(host, { data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const { workers, accepted, refused } = await startAll(registry);
  // A leader that has just sent a report when it is frozen has no other one on its way. On a busy machine that may happen.
  while (refused().length === 0) {
    const before = accepted().length;
    await until('a report', () => accepted().length > before);
    const old = accepted().at(-1);
    const frozen = workers.get(old?.writer ?? '');
    if (old === undefined || frozen === undefined) throw new Error('a worker has written');
    frozen.program.kill('SIGSTOP');
    await until('another leader', () => accepted().some(({ token }) => token > old.token));
    const printed = frozen.lines.length;
    frozen.program.kill('SIGCONT');
    await until('its end', () => frozen.lines.slice(printed).includes('no longer leading'));
    expect(refused().every(({ token }) => token <= old.token)).toBe(true);
  }
  const tokens = accepted().map(({ token }) => token);
  expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  // The new leader leads undisturbed, and never at the same time as the old one.
  const leaders = new Map(accepted().map(({ token, writer }) => [token, writer]));
  expect(accepted().every(({ token, writer }) => leaders.get(token) === writer)).toBe(true);
  const count = accepted().length;
  await until('further reports', () => accepted().length > count);
});
