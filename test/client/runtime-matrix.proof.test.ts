import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { RuntimeHost } from './runtime-host';
import { RUNTIMES, type Runtime } from './runtimes';

/**
 * Runs one suite on the built package in every supported runtime: each against a separate registry, all at
 * the same time, because most of it is waiting.
 */

const folder = mkdtempSync(join(tmpdir(), 'rollcall-runtimes-'));
const outcomes = new Map<string, Promise<string>>();

async function run(runtime: Runtime, index: number): Promise<string> {
  const places = ['data', 'app'].map((name) => join(folder, `${index}-${name}`));
  const [data = '', app = ''] = places;
  mkdirSync(app);
  const host = await RuntimeHost.start(data);
  try {
    return await runtime(host, app);
  } finally {
    await host.stop();
  }
}

beforeAll(() => {
  execFileSync(process.execPath, [join(PROJECT_ROOT, 'scripts/build-client.js')], { stdio: 'inherit' });
  for (const [index, [name, runtime]] of Object.entries(RUNTIMES).entries()) {
    const outcome = run(runtime, index);
    // Its test reports the error.
    outcome.catch(() => {});
    outcomes.set(name, outcome);
  }
});

afterAll(async () => {
  await Promise.allSettled(outcomes.values());
  rmSync(folder, { recursive: true, force: true });
});

it.each(Object.keys(RUNTIMES))('the client works in %s', async (name) => {
  const printed = await outcomes.get(name);
  const steps = ['registered', 'watched', 'cut', 'reset', 'kill', 'halfOpen', 'refuse', 'locked', 'drained', 'closed'];
  const bySignal = name === 'workerd' || name === 'Chromium' ? [] : ['step released', 'step released by a signal'];
  // The client warns of outages, which are the point of most steps.
  const lines = printed
    ?.trim()
    .split('\n')
    .filter((line) => !line.startsWith('rollcall: '));
  expect(lines).toEqual([...steps.map((step) => `step ${step}`), 'passed', ...bySignal]);
});
