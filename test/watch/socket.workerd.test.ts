import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, it, vi } from 'vitest';
import { NS, serviceAt } from '../fixtures/home';
import { workerHome } from '../fixtures/worker-home';
import { passTime } from '../fixtures/worker-time';
import { holder, socketSuite } from './socket-suite';

const home = workerHome();
const { ask, openSocket, sleep } = home;
const stub = () => env.NAMESPACES.getByName('public');
const resolved = async () =>
  (await ask<{ instances: { id: string }[] }>('GET', `${serviceAt('orders')}/resolve`)).body.instances.map(
    ({ id }) => id,
  );

afterEach(() => void vi.useRealTimers());

socketSuite(home);

it('pings of a socket are answered while the registry hibernates', async () => {
  const socket = await openSocket();
  const wokeAt = async () =>
    (await ask<{ sinceStart: { wokeAt: string } }>('GET', `${NS}/stats`)).body.sinceStart.wokeAt;
  const before = await wokeAt();
  await sleep();
  for (let count = 0; count < 3; count++) {
    socket.say('ping');
    expect(await socket.nextText('pong')).toBe('pong');
  }
  // The object was not woken, so there is nothing to evict.
  await expect(sleep()).rejects.toThrow();
  expect(await wokeAt()).not.toBe(before);
  socket.close();
});

it('[T1, T3] a session stays alive by pings alone through hibernation and alarms, and expires once they stop', {
  timeout: 60_000,
}, async () => {
  const { socket, ttlMs } = await holder(home, 'a');
  const openedAt = Date.now();
  await scheduler.wait(2_500);
  // The platform stamps its answers to pings with its own clock, so the fake clock starts there.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  socket.say('ping');
  await socket.nextText('pong');
  const pingedAt = await runInDurableObject(stub(), (_, context) =>
    Number(context.getWebSocketAutoResponseTimestamp(context.getWebSockets()[0] as WebSocket)),
  );
  expect(pingedAt - openedAt).toBeGreaterThan(2_000);
  await passTime(stub, 20_000);
  await sleep();
  // Without the ping the session would have ended by then.
  await passTime(stub, pingedAt + ttlMs - 500 - Date.now());
  expect(Date.now() - openedAt).toBeGreaterThan(ttlMs + 1_000);
  expect(await resolved()).toEqual(['a']);
  await sleep();
  // If the machine was busy before the clock was moved, there may have been a gap.
  await passTime(stub, ttlMs);
  expect(await resolved()).toEqual([]);
  expect(await socket.end()).toMatchObject({ code: 4004 });
});
