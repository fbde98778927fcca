import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sqlStorageContract } from '../../../test/contracts/sql-storage-contract';
import { OWNER } from '../../../test/fixtures/callers';
import { definition, key } from '../../../test/fixtures/definition';
import { FAR_AHEAD, passTime } from '../../../test/fixtures/worker-time';
import { Journal } from '../../core/namespace/commit/journal';
import { readJsonText } from '../../model/json';
import { ALARM_RETRY_MS } from '../../model/limits';
import { durableSqlite } from './object-platform';
import { remoteNamespace } from './remote-objects';

const stub = () => env.NAMESPACES.getByName('alarms');
const api = remoteNamespace(stub);
const armedFor = () => runInDurableObject(stub(), async (_object, { storage }) => await storage.getAlarm());
const instances = async () => JSON.parse((await api.stats()).body ?? '').instances;

beforeEach(async () => {
  await stub().configure({ retention: {}, limits: {} });
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

const register = () => api.register(OWNER, { key: key('a'), definition: definition({}), precondition: {} });

it('[L9] an alarm receives its due time', async () => {
  const firedAfter = (leadMs: number) =>
    runInDurableObject(stub(), async (object, { storage }) => {
      const fired = new Promise<AlarmInvocationInfo | undefined>((resolve) => {
        object.alarm = async (invocation) => resolve(invocation);
      });
      const at = Date.now() + leadMs;
      await storage.setAlarm(at);
      return (await fired)?.scheduledTime === at;
    });
  // On a busy machine a near time may pass before the alarm is set, and then counts as now.
  expect((await firedAfter(50)) || (await firedAfter(500)) || (await firedAfter(5_000))).toBe(true);
});

it('[L11] an alarm is armed again by the next call if the platform lost it', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: FAR_AHEAD });
  await register();
  const before = await armedFor();
  await runInDurableObject(stub(), (_object, { storage }) => storage.deleteAlarm());
  expect(await instances()).toBe(1);
  // The alarm is not found missing before it is overdue.
  expect([before, await armedFor()]).toEqual([FAR_AHEAD + 5_000, null]);
  vi.setSystemTime(FAR_AHEAD + 20_000);
  expect(await instances()).toBe(1);
  expect(await armedFor()).toBeLessThanOrEqual(FAR_AHEAD + 25_000);
  await passTime(stub, 32_000);
  // Only the compaction of the journal is left to do.
  expect(await armedFor()).toBeGreaterThan(Date.now() + 3_600_000);
  expect(await instances()).toBe(0);
});

it('[L11] an alarm that fires early arms itself for the right time', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: FAR_AHEAD });
  await register();
  // By the platform's clock this is overdue, so it fires immediately.
  await runInDurableObject(stub(), (_object, { storage }) => storage.setAlarm(FAR_AHEAD - 3_600_000 * 24 * 365 * 40));
  await expect.poll(armedFor).toBeGreaterThan(FAR_AHEAD);
  expect(await instances()).toBe(1);
});

it('[L17] an alarm whose work fails is logged and armed again, more often than the platform would retry', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: FAR_AHEAD });
  await register();
  const plan = vi.spyOn(Journal.prototype, 'planCompaction').mockImplementation(() => {
    throw new Error('a defect');
  });
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
  for (let times = 1; times <= 8; times++) {
    vi.setSystemTime(Math.max((await armedFor()) ?? 0, Date.now()));
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    expect(logged).toHaveBeenCalledTimes(times);
    expect(await armedFor()).toBe(Date.now() + ALARM_RETRY_MS);
  }
  expect(String(logged.mock.calls[0])).toContain('an alarm failed; the next one retries');
  plan.mockRestore();
  await passTime(stub, 60_000);
  expect(await instances()).toBe(0);
});

it('[G7] a namespace’s counters survive its sleep, and its wakes are counted', async () => {
  const sinceStart = async () => readJsonText((await api.stats()).body).sinceStart;
  const before = await sinceStart();
  await evictDurableObject(stub());
  const after = await sinceStart();
  expect(after.wakes).toBe(before.wakes + 1);
  expect(after.requests).toBe(before.requests + 1);
  expect(after.startedAt).toBe(before.startedAt);
  expect(Date.parse(after.wokeAt)).toBeGreaterThanOrEqual(Date.parse(before.wokeAt));
});

let objects = 0;

sqlStorageContract('Durable Object', () => {
  const stub = env.NAMESPACES.getByName(`storage-${objects++}`);
  return {
    use: (step) => runInDurableObject(stub, (_object, { storage }) => step(durableSqlite(storage))),
    close: () => {},
  };
});
