import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { call, idsOf, instancePath } from '../watch-proofs/registry-calls';
import { until } from '../watch-proofs/until';

const TTL_MS = 3_000;
const HOUR_S = 3_600;

/** Steps of the clock in seconds: forward and back, small and large. */
const STEPS_S = [HOUR_S, -2 * HOUR_S, 0.5, 400 * 24 * HOUR_S, -30];

/** Path of libfaketime on Debian. */
function fakeClock(): string {
  const found = readdirSync('/usr/lib').map((folder) => join('/usr/lib', folder, 'faketime/libfaketime.so.1'));
  const library = found.find((path) => existsSync(path));
  if (library === undefined) throw new Error('libfaketime is not installed: see .ci/packages');
  return library;
}

/** Starts a registry whose wall clock the test sets. Its monotonic clock is unaffected. */
async function withClock(): Promise<{ registry: RunningRegistry; setBy: (seconds: number) => number }> {
  const clock = join(temporaryFolder(), 'clock');
  let offset = 0;
  const setBy = (seconds: number) => {
    offset += seconds;
    writeFileSync(clock, `${offset < 0 ? '' : '+'}${offset}`);
    return Date.now() + offset * 1_000;
  };
  setBy(0);
  const env = {
    LD_PRELOAD: fakeClock(),
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // Name of the variable in earlier versions.
    DONT_FAKE_MONOTONIC: '1',
  };
  const registry = await startRegistry({ data: temporaryFolder(), env });
  onTestFinished(() => registry.stop());
  return { registry, setBy };
}

/** Reads the registry's clock from the time of a change. */
async function clockOf(registry: RunningRegistry): Promise<number> {
  const path = instancePath('clock', 'stamped');
  await call(registry, 'DELETE', path);
  const instance = { address: '10.0.0.1', port: 80, ephemeral: false };
  const { registeredAt } = await call<{ registeredAt: string }>(registry, 'PUT', path, instance);
  return Date.parse(registeredAt);
}

it('[L10] a clock that is set forward or back expires no holder that renews, and keeps no dead one', async () => {
  const { registry, setBy } = await withClock();
  const register = (id: string) =>
    call(registry, 'PUT', instancePath('orders', id), { address: '10.0.0.1', port: 80, lease: { ttlMs: TTL_MS } });
  const beat = () => call(registry, 'POST', `${instancePath('orders', 'beats')}/heartbeat`);
  await register('beats');
  const missed: string[] = [];
  const beating = setInterval(() => beat().catch((error) => missed.push(String(error))), TTL_MS / 3);
  onTestFinished(() => clearInterval(beating));
  for (const seconds of STEPS_S) {
    const silent = `silent-${seconds}`;
    await register(silent);
    const shown = setBy(seconds);
    // Times of changes never go back: they stay the same until the clock has caught up.
    expect(await clockOf(registry)).toBeGreaterThanOrEqual(shown - 1);
    await until(`the silent one is gone after ${seconds} s`, async () => {
      const ids = await idsOf(registry, 'orders');
      expect(ids).toContain('beats');
      return !ids.includes(silent);
    });
  }
  expect(missed).toEqual([]);
});
