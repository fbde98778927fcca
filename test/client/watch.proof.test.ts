import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { WatchTransport } from '../../src/client/watch/watch';
import { call, put, servicePath } from '../watch-proofs/registry-calls';
import { until } from '../watch-proofs/until';
import { ClientStage, WatchedList } from './client-stage';

/** The client's watches over real connections that fail. */

const SERVICE = 'orders';

/** Writes instances, each under a new id, until it is stopped, across registry restarts. */
function writer({ registry }: ClientStage) {
  const written: string[] = [];
  let isOver = false;
  const ended = (async () => {
    for (let count = 0; !isOver; count++) {
      const id = `i${String(count).padStart(4, '0')}`;
      await until(`${id} is written`, () =>
        put(registry, SERVICE, id, 1_000 + count).then(
          () => true,
          () => false,
        ),
      );
      written.push(id);
      await sleep(10);
    }
  })();
  return {
    written,
    stop: () => {
      isOver = true;
      return ended;
    },
  };
}

describe.each<WatchTransport>(['socket', 'stream', 'poll'])('a watch by %s', (transport) => {
  it('receives every change, in order and once, over cuts, resets, refusals and the death of the registry', async () => {
    const stage = await ClientStage.start();
    const client = stage.client();
    const list = new WatchedList();
    const statuses: string[] = [];
    const watch = client.watch({ services: [SERVICE] }, { transport, onStatus: ({ state }) => statuses.push(state) });
    const read = list.read(watch);
    await until('it is connected', () => watch.status.state === 'connected');

    const writing = writer(stage);
    for (const { break_, isOver } of [
      { break_: () => stage.proxy.cut(), isOver: true },
      { break_: () => stage.proxy.reset(), isOver: true },
      { break_: () => stage.registry.kill('SIGKILL'), isOver: false },
      { break_: () => stage.proxy.refuse(), isOver: false },
    ]) {
      await sleep(300);
      const before = statuses.length;
      const broken = break_();
      await until('it is disconnected', () => {
        const notices = statuses[before] === 'disconnected';
        // A momentary fault between two polls goes unnoticed.
        if (!notices && isOver) break_();
        return notices;
      });
      stage.proxy.heal();
      await broken;
      await until('it is connected again', () => watch.status.state === 'connected');
    }
    await writing.stop();
    await until('it has everything', () => list.instances.size === writing.written.length);
    watch.close();
    await read;

    expect(list.error).toBeUndefined();
    expect([...list.instances.keys()].sort()).toEqual(writing.written);
    expect(list.frames).not.toContain('reset');
    // Polls return only lists. The others start with a list, and then report each change once.
    if (transport !== 'poll') {
      expect(list.frames.filter((type) => type === 'snapshot')).toHaveLength(1);
      expect(list.changes).toEqual(writing.written.map((id) => `put ${id}`));
    }
  });
});

describe('a socket', () => {
  it('that is half open is detected by an unanswered ping, long before TCP would', async () => {
    const stage = await ClientStage.start();
    const client = stage.client();
    // A session with a short time to live pings often, over its own socket.
    const registration = await client.register({
      service: SERVICE,
      address: '127.0.0.1',
      port: 80,
      lease: { ttlMs: 6_000 },
    });
    let lost = false;
    void registration.lost.then(() => {
      lost = true;
    });
    const revision = await stage.revision();
    stage.proxy.halfOpen();
    await sleep(10_000);
    expect([registration.isHeld, lost, await stage.revision()]).toEqual([true, false, revision]);
  });
});

it('a slow reader blocks no other, and misses nothing', async () => {
  const stage = await ClientStage.start();
  const client = stage.client();
  const slow = client.watch({ services: [SERVICE] }, { transport: 'socket' });
  const fast = new WatchedList();
  const quick = client.watch({ services: [SERVICE] }, { transport: 'socket' });
  const reading = fast.read(quick);
  await until('both are connected', () => slow.status.state === 'connected' && quick.status.state === 'connected');
  const metadata = Object.fromEntries([1, 2].map((key) => [`m${key}`, 'x'.repeat(4_000)]));
  const operations = (round: number) =>
    Array.from({ length: 50 }, (_, index) => ({
      op: 'register' as const,
      service: SERVICE,
      id: `i${index}`,
      address: '127.0.0.1',
      port: 1 + round,
      metadata,
      ephemeral: false,
    }));
  const { rollcallAdmin } = await import('../../src/client/admin');
  const admin = rollcallAdmin({ url: stage.registry.url, token: stage.registry.rootToken });
  // Each round sends 400 KB to each of the two; no socket may fall 16 MB behind.
  const rounds = 40;
  for (let round = 0; round < rounds; round++) await admin.applyBatch({ body: { operations: operations(round) } });
  await until('the fast one has everything', () => [...fast.instances.values()].every((port) => port === rounds));
  await until('it has received each change', () => fast.changes.length === rounds * 50);

  const late = new WatchedList();
  const catchingUp = late.read(slow);
  await until('the slow one has everything too', () => late.changes.length === rounds * 50);
  expect(late.changes).toEqual(fast.changes);
  expect(late.frames.filter((type) => type === 'snapshot')).toHaveLength(1);
  slow.close();
  quick.close();
  await Promise.all([reading, catchingUp]);
});

it('resumes from the cursor of another watch, and is reset if that is no longer known', async () => {
  const stage = await ClientStage.start();
  const client = stage.client();
  await put(stage.registry, SERVICE, 'a', 1);
  const first = new WatchedList();
  const watch = client.watch({ services: [SERVICE] });
  const reading = first.read(watch);
  await until('it has the list', () => first.frames.length > 0);
  watch.close();
  await reading;
  await put(stage.registry, SERVICE, 'b', 2);
  for (const transport of ['socket', 'stream'] as const) {
    const next = new WatchedList();
    const again = client.watch({ services: [SERVICE] }, { transport, cursor: first.cursor });
    const read = next.read(again);
    await until('it has the later changes', () => next.changes.length === 1);
    expect([next.frames, next.changes]).toEqual([['changes'], ['put b']]);
    again.close();
    await read;
    const lost = new WatchedList();
    const other = client.watch({ services: [SERVICE] }, { transport, cursor: 'cAnotherPast.1.0' });
    const readOther = lost.read(other);
    await until('it has everything', () => lost.instances.size === 2);
    expect(lost.frames).toEqual(['reset', 'snapshot']);
    other.close();
    await readOther;
  }
});

it('is refused with the code of the registry', async () => {
  const stage = await ClientStage.start();
  for (const transport of ['stream', 'poll', undefined] as const) {
    const client = stage.client({ token: 'rc_nobody_0123456789abcdef0123456789' });
    const list = new WatchedList();
    await list.read(client.watch({ services: [SERVICE] }, { transport }));
    expect(list.error).toMatchObject({ name: 'RollcallError', code: 'UNAUTHENTICATED' });
  }
  const list = new WatchedList();
  await list.read(stage.client().watch({ services: [''] }, { transport: 'socket' }));
  expect(list.error).toMatchObject({ code: 'INVALID_REQUEST' });
});

describe('a receipt', () => {
  it.each<WatchTransport>(['socket', 'stream', 'poll'])('over a %s lets a drain continue', async (transport) => {
    const stage = await ClientStage.start();
    const caller = stage.client({ subscriber: 'checkout' });
    const instance = await stage.client().register({ service: SERVICE, id: 'a', address: '127.0.0.1', port: 80 });
    const acknowledge: (() => void)[] = [];
    let isSlow = false;
    const watch = caller.watch(
      { services: [SERVICE] },
      {
        transport,
        onFrame: (frame) => {
          if (frame.type === 'reset') return;
          const act = () => watch.acknowledge(frame.cursor);
          if (isSlow) acknowledge.push(act);
          else act();
        },
      },
    );
    await until('it is connected', () => watch.status.state === 'connected');
    // A poller counts as a subscriber from its first receipt on.
    await until('it is a subscriber', async () => {
      const path = `${servicePath(SERVICE)}/subscribers`;
      const { subscribers } = await call<{ subscribers: unknown[] }>(stage.registry, 'GET', path);
      return subscribers.length === 1;
    });
    isSlow = true;
    const drained = instance.drain({ waitMs: 20_000 });
    await until('it has received the drain', () => acknowledge.length > 0);
    await sleep(300);
    const early = await Promise.race([drained, sleep(0, 'waits')]);
    expect(early).toBe('waits');
    isSlow = false;
    for (const act of acknowledge) act();
    expect(await drained).toMatchObject({ drained: true, subscribers: 1, acknowledged: 1, laggards: [] });
    await instance.release();
  });
});

it.each<WatchTransport>(['socket', 'stream', 'poll'])(
  '[W28] no drain waits for an observer over a %s',
  async (transport) => {
    const stage = await ClientStage.start();
    const instance = await stage.client().register({ service: SERVICE, id: 'a', address: '127.0.0.1', port: 80 });
    const watch = stage.client().watch({ services: [SERVICE] }, { transport, observer: true, onFrame: () => {} });
    await until('it watches', () => watch.status.state === 'connected');
    const path = `${servicePath(SERVICE)}/subscribers`;
    const { subscribers } = await call<{ subscribers: object[] }>(stage.registry, 'GET', path);
    expect(subscribers).toMatchObject(transport === 'poll' ? [] : [{ kind: transport, observer: true }]);
    expect(await instance.drain({ waitMs: 20_000 })).toMatchObject({ drained: true, subscribers: 0, laggards: [] });
  },
);
