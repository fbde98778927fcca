import { abortAllDurableObjects, runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, it, vi } from 'vitest';
import { serviceAt } from '../fixtures/home';
import { workerHome } from '../fixtures/worker-home';
import { eventStreamSuite, textOf } from './event-stream-suite';

const home = workerHome();
const { ask, openStream } = home;
const put = (id: string) =>
  ask('PUT', `${serviceAt('orders')}/instances/${id}`, { address: '10.0.0.7', port: 8080, ephemeral: false });

afterEach(() => void vi.useRealTimers());

eventStreamSuite(home);

it('[E3] an event stream receives reset if the changes after its cursor are gone', async () => {
  const start = Date.parse('2060-01-01T00:00:00Z');
  vi.useFakeTimers({ toFake: ['Date'], now: start });
  const { headers } = await put('a');
  const cursor = headers.get('rollcall-cursor') ?? '';
  await put('b');
  vi.setSystemTime(start + 8 * 24 * 3_600_000);
  await put('c');
  expect(await runDurableObjectAlarm(env.NAMESPACES.getByName('public'))).toBe(true);
  const events = await openStream(`?cursor=${cursor}`);
  const [reset] = await events.take(1);
  expect([reset?.event, reset?.data.reason]).toEqual(['reset', 'compacted']);
  expect((await events.take(1)).map(textOf)).toEqual(['=a,b,c']);
  await events.leave();
});

it('[E4] an event stream ends when the namespace breaks, and resumes with no gap', async () => {
  await put('a');
  const events = await openStream();
  expect((await events.take(1)).map(textOf)).toEqual(['=a']);
  await abortAllDurableObjects();
  expect(await events.next()).toBeUndefined();
  await put('b');
  const again = await openStream('', { 'last-event-id': events.lastId });
  expect((await again.take(1)).map(textOf)).toEqual(['+b']);
  await again.leave();
});
