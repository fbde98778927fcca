import { describe, expect, it } from 'vitest';
import { definition, key } from '../../../../test/fixtures/definition';
import type { SocketClient } from '../../../../test/fixtures/socket-client';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { CLOSE_CODES, type SessionOpened } from '../../../model/frames';
import {
  LEASE_SLACK_MS,
  LOOKS_PER_TTL_COUNT,
  RECONNECT_SPREAD_MIN_MS,
  SESSION_PING_INTERVAL_MS,
  SESSION_TTL_DEFAULT_MS,
} from '../../../model/limits';

const TTL_MS = 30_000;
/** Time after which a session whose last message was at 0 has been asked and ends, at the second pass. */
const END_MS = TTL_MS + 2 * LEASE_SLACK_MS;
const STRANGER = { caller: { tokenId: 'stranger' } };

function stage() {
  const all = new WatchStage();
  const { scene, namespace, disk } = all;
  const watcher = all.connect();
  const session = async (client: SocketClient, frame: { session?: string; ttlMs?: number } = { ttlMs: TTL_MS }) =>
    client.ask<SessionOpened>({ type: 'session', ...frame });
  const register = (client: SocketClient, ...ids: string[]) =>
    client.ask<{ revision: number }>({
      type: 'batch',
      operations: ids.map((id) => ({ op: 'register', service: 'orders', id, address: '10.0.0.1', port: 8080 })),
    });
  /** A client whose session holds instances. */
  const holding = async (...ids: string[]) => {
    const client = all.connect();
    const opened = await session(client);
    await register(client, ...ids);
    return { client, ...opened };
  };
  const causes = () => disk.rows('SELECT cause FROM journal ORDER BY revision').map(([cause]) => String(cause));
  return { stage: all, scene, namespace, disk, watcher, session, register, holding, causes };
}

describe('a session', () => {
  it('[T1] is opened with the terms its client needs', async () => {
    const { stage: all, session } = stage();
    expect(await session(all.connect(), {})).toEqual({
      session: expect.stringMatching(/^[\w-]{22}\.[\w-]{22}$/),
      resumed: false,
      ttlMs: SESSION_TTL_DEFAULT_MS,
      pingIntervalMs: SESSION_PING_INTERVAL_MS,
      reconnectWithinMs: expect.any(Number),
    });
    expect(await session(all.connect(), { ttlMs: 3_000 })).toMatchObject({ ttlMs: 3_000, pingIntervalMs: 1_000 });
  });

  it('[T13] pings at the namespace’s interval, and lives for three pings', async () => {
    const { stage: all, namespace, session } = stage();
    const before = await session(all.connect(), {});
    namespace.state.settings.replace({ retention: {}, limits: {}, intervals: { sessionPingMs: 30_000 } });
    const terms = async (frame: object) => {
      const { ttlMs, pingIntervalMs } = await session(all.connect(), frame);
      return [ttlMs, pingIntervalMs];
    };
    expect(await terms({})).toEqual([90_000, 30_000]);
    expect(await terms({ ttlMs: 45_000 })).toEqual([45_000, 15_000]);
    expect(await terms({ session: before.session })).toEqual([45_000, 15_000]);
    namespace.state.settings.replace({ retention: {}, limits: {}, intervals: { sessionPingMs: 5_000 } });
    expect(await terms({})).toEqual([45_000, 5_000]);
  });

  it('[T1] keeps what is registered over its socket while pings arrive', async () => {
    const { scene, namespace, holding, disk } = stage();
    const { client } = await holding('a', 'b');
    const revision = await scene.revision();
    disk.takeWritten();
    for (let pings = 0; pings < 20; pings++) {
      client.ping();
      await namespace.pass(10_000);
    }
    expect(await scene.listed()).toEqual(['a', 'b']);
    expect(await scene.revision()).toBe(revision);
    expect(await scene.read('a')).toMatchObject({ healthy: true, lease: { ttlMs: TTL_MS, removeAfterMs: TTL_MS } });
  });

  it('[T1, W14] keeps it through a sleep of any length', async () => {
    const { scene, namespace, holding } = stage();
    const { client } = await holding('a');
    for (let pings = 0; pings < 10; pings++) {
      client.ping();
      await namespace.hibernate();
      await namespace.pass(20_000);
    }
    expect(await scene.listed()).toEqual(['a']);
    await namespace.pass(TTL_MS);
    expect(await scene.listed()).toEqual([]);
  });

  it('[T1] is renewed by any frame of its client', async () => {
    const { scene, namespace, holding } = stage();
    const { client } = await holding('a');
    for (let frames = 0; frames < 5; frames++) {
      await namespace.pass(20_000);
      await client.say({ type: 'resolve', id: '1', service: 'orders' });
    }
    expect(await scene.listed()).toEqual(['a']);
  });

  it('[T1] holds no instance without a lease', async () => {
    const { stage: all, scene, session } = stage();
    const client = all.connect();
    await session(client);
    const operation = { op: 'register', service: 'orders', id: 'a', address: '10.0.0.1', port: 1, ephemeral: false };
    await client.ask({ type: 'batch', operations: [operation] });
    await client.close({ isEnd: true });
    expect(await scene.listed()).toEqual(['a']);
  });

  it('[R2, I8] repeats a registration without a revision or a row for a record', async () => {
    const { stage: all, scene, register, holding, disk } = stage();
    const { client } = await holding('a');
    disk.takeWritten();
    await register(client, 'a');
    expect(await scene.revision()).toBe(1);
    expect(Object.keys(disk.takeWritten())).not.toContain('insert record');
    expect(all.connect()).toBeDefined();
  });

  it('[T1] is unique on its socket', async () => {
    const { holding, session } = stage();
    const { client } = await holding('a');
    await expect(session(client)).rejects.toThrow('CONFLICT');
  });
});

describe('the end of a session', () => {
  it.each(['an end frame', 'close code 4000'])(
    '[T2] by %s removes everything it holds, in one revision',
    async (how) => {
      const { scene, watcher, register, holding, causes } = stage();
      const { client } = await holding('a', 'b');
      await scene.register('other');
      await watcher.watch();
      watcher.take();
      if (how === 'an end frame') await client.say({ type: 'end' });
      else await client.close({ isEnd: true });
      client.socket.closed = undefined;
      if (how === 'an end frame') await expect(register(client, 'c')).rejects.toThrow('LEASE_NOT_FOUND');
      const changes = watcher.takeOnly('changes');
      expect(changes).toMatchObject([{ cause: 'session-closed', actor: 'owner', changes: [{ id: 'a' }, { id: 'b' }] }]);
      expect(await scene.listed()).toEqual(['other']);
      expect(causes()).toEqual(['registered', 'registered', 'session-closed']);
    },
  );

  it('[T2, I8] leaves no row behind', async () => {
    const { disk, holding } = stage();
    const { client } = await holding('a');
    expect(disk.rows('SELECT COUNT(*) FROM session')).toEqual([[1]]);
    await client.close({ isEnd: true });
    expect(disk.rows('SELECT COUNT(*) FROM session')).toEqual([[0]]);
  });

  it('[T2] after a sleep is final too', async () => {
    const { scene, namespace, holding } = stage();
    const { client } = await holding('a');
    await namespace.hibernate();
    await client.close({ isEnd: true });
    expect(await scene.listed()).toEqual([]);
  });
});

describe('a socket that breaks', () => {
  it('[T3] leaves the instances of its session until ttl after the last ping', async () => {
    const { scene, namespace, watcher, holding } = stage();
    const { client } = await holding('a', 'b');
    await watcher.watch();
    await namespace.pass(10_000);
    client.ping();
    await namespace.pass(5_000);
    await client.close();
    watcher.take();
    await namespace.pass(END_MS - 5_001);
    expect(watcher.take()).toEqual([]);
    await namespace.pass(1);
    expect(watcher.takeOnly('changes')).toMatchObject([
      { cause: 'expired', actor: 'registry', changes: [{ type: 'delete', id: 'a' }, { id: 'b' }] },
    ]);
    expect(await scene.listed()).toEqual([]);
  });

  it.each(['before', 'after'])('[T3] leaves them if the registry slept %s', async (when) => {
    const { scene, namespace, holding } = stage();
    const { client } = await holding('a');
    await namespace.pass(20_000);
    client.ping();
    if (when === 'before') await namespace.hibernate();
    await client.close();
    if (when === 'after') await namespace.hibernate();
    await namespace.pass(END_MS - 1);
    expect(await scene.listed()).toEqual(['a']);
    await namespace.pass(1);
    expect(await scene.listed()).toEqual([]);
  });

  it('[T3] without closing, like a process that hangs, ends its session in the same way', async () => {
    const { scene, namespace, holding } = stage();
    const { client } = await holding('a');
    client.ping();
    await namespace.pass(END_MS);
    expect(await scene.listed()).toEqual([]);
    expect(client.socket.closed?.code).toBe(CLOSE_CODES.sessionLapsed);
  });
});

describe('a session that is resumed', () => {
  it('[T4] continues without a revision or an event', async () => {
    const { stage: all, scene, namespace, watcher, session, register, holding, disk } = stage();
    const { client, session: id } = await holding('a');
    await watcher.watch();
    watcher.take();
    disk.takeWritten();
    await client.close();
    await namespace.pass(TTL_MS - 1);
    const again = all.connect();
    expect(await session(again, { session: id })).toMatchObject({ session: id, resumed: true, ttlMs: TTL_MS });
    await register(again, 'a');
    for (let pings = 0; pings < 5; pings++) {
      again.ping();
      await namespace.pass(20_000);
    }
    expect(watcher.take()).toEqual([]);
    expect(await scene.revision()).toBe(1);
    expect(Object.keys(disk.takeWritten())).not.toContain('insert journal');
    await again.close({ isEnd: true });
    expect(await scene.listed()).toEqual([]);
  });

  it('[T4] continues after a restart of the registry', async () => {
    const { stage: all, scene, namespace, session, holding } = stage();
    const { session: id } = await holding('a');
    namespace.platform.connections.dropAll();
    await namespace.restart();
    const again = all.connect();
    expect(await session(again, { session: id })).toMatchObject({ resumed: true });
    await again.close({ isEnd: true });
    expect(await scene.listed()).toEqual([]);
  });

  it.each<[string, (id: string) => string]>([
    ['another secret', (id) => `${id.slice(0, 23)}${'x'.repeat(22)}`],
    ['no secret', (id) => id.slice(0, 22)],
    ['an empty secret', (id) => id.slice(0, 23)],
    ['an unknown key', (id) => `${'x'.repeat(22)}${id.slice(22)}`],
    ['nothing', () => ''],
  ])('[T5] by %s is a new one', async (_what, change) => {
    const { stage: all, scene, session, holding } = stage();
    const { client, session: id } = await holding('a');
    const thief = all.connect();
    const opened = await session(thief, { session: change(id) });
    expect(opened.resumed).toBe(false);
    expect(opened.session).not.toBe(id);
    expect(client.socket.closed).toBeUndefined();
    await thief.close({ isEnd: true });
    expect(await scene.listed()).toEqual(['a']);
  });

  it('[T5] by another token is a new one', async () => {
    const { stage: all, scene, session, holding } = stage();
    const { session: id } = await holding('a');
    const thief = all.connect(STRANGER);
    expect((await session(thief, { session: id })).resumed).toBe(false);
    await thief.close({ isEnd: true });
    expect(await scene.listed()).toEqual(['a']);
  });

  it('[T5] too late is a new one, and its instances are removed', async () => {
    const { stage: all, scene, namespace, session, holding } = stage();
    const { client, session: id } = await holding('a');
    await client.close();
    await namespace.pass(END_MS - 1);
    await namespace.freeze(1);
    expect((await session(all.connect(), { session: id })).resumed).toBe(false);
    expect(await scene.listed()).toEqual([]);
  });

  it('[S2] stores its secret where no read returns it', async () => {
    const { disk, holding } = stage();
    const { session: id } = await holding('a');
    const [key, secret = '-'] = id.split('.');
    const rows = JSON.stringify(disk.rows('SELECT * FROM session'));
    expect(rows).toContain(key);
    expect(rows).not.toContain(secret);
    expect(JSON.stringify(disk.rows('SELECT value FROM record'))).not.toContain(secret);
  });
});

describe('the socket that a session was resumed from', () => {
  it.each(['at once', 'after a sleep'])('[T6] is closed, and its later actions %s end nothing', async (when) => {
    const { stage: all, scene, namespace, session, holding } = stage();
    const { client, session: id } = await holding('a');
    const again = all.connect();
    await session(again, { session: id });
    expect(client.socket.closed?.code).toBe(CLOSE_CODES.superseded);
    if (when === 'after a sleep') await namespace.hibernate();
    await client.say({ type: 'end' });
    await client.close({ isEnd: true });
    again.ping();
    await namespace.pass(TTL_MS - 1);
    expect(await scene.listed()).toEqual(['a']);
    await again.close({ isEnd: true });
    expect(await scene.listed()).toEqual([]);
  });

  it('[T6] registers nothing more for the session', async () => {
    const { stage: all, scene, namespace, session, register, holding } = stage();
    const { client, session: id } = await holding('a');
    const again = all.connect();
    await session(again, { session: id });
    // Frames from before the close that arrive late.
    client.socket.closed = undefined;
    await expect(register(client, 'a', 'b')).rejects.toThrow('LEASE_NOT_FOUND');
    await namespace.hibernate();
    await expect(register(client, 'a', 'b')).rejects.toThrow('LEASE_NOT_FOUND');
    await again.close({ isEnd: true });
    expect(await scene.listed()).toEqual([]);
  });

  it('[T6] doesn’t end it by breaking late, after the new one closed too', async () => {
    const { stage: all, scene, namespace, session, holding } = stage();
    const { client, session: id } = await holding('a');
    const again = all.connect();
    await namespace.pass(20_000);
    await session(again, { session: id });
    await again.close();
    await client.close();
    await namespace.pass(END_MS - 1);
    expect(await scene.listed()).toEqual(['a']);
    await namespace.pass(1);
    expect(await scene.listed()).toEqual([]);
  });
});

describe('a socket that vanished without a close', () => {
  it('[T7] leaves its session one ttl from the time this is detected, once', async () => {
    const { scene, namespace, holding } = stage();
    const { client } = await holding('a');
    // The object moved: no process of ours died, and no close was reported.
    namespace.platform.connections.dropAll();
    await namespace.hibernate();
    // Detected at the first look.
    await namespace.pass(TTL_MS / LOOKS_PER_TTL_COUNT);
    expect(namespace.state.counters.outages).toBe(1);
    await namespace.hibernate();
    await namespace.pass(RECONNECT_SPREAD_MIN_MS + TTL_MS + LEASE_SLACK_MS - 1);
    expect(await scene.listed()).toEqual(['a']);
    await namespace.pass(1);
    expect(await scene.listed()).toEqual([]);
    expect(client.socket.closed).toBeUndefined();
  });

  it('[T4, T7] of a whole fleet is resumed without an event', async () => {
    const { stage: all, namespace, watcher, session, register } = stage();
    const fleet: { id: string; session: string }[] = [];
    for (let index = 0; index < 50; index++) {
      const client = all.connect();
      const opened = await session(client);
      await register(client, `i${index}`);
      fleet.push({ id: `i${index}`, session: opened.session });
    }
    const cursor = await all.scene.cursor();
    namespace.platform.connections.dropAll();
    await namespace.restart();
    for (const { id, session: ticket } of fleet) {
      await namespace.pass(400);
      const client = all.connect();
      expect((await session(client, { session: ticket })).resumed).toBe(true);
      await register(client, id);
    }
    const again = all.connect();
    await again.watch({}, { cursor });
    expect(again.take()).toEqual([]);
    expect(watcher.take()).toEqual([]);
  });
});

describe('a ping', () => {
  it('[T10] is handled at the second pass, including one for a session whose registry just woke', async () => {
    const { scene, namespace, holding } = stage();
    const { client } = await holding('a');
    await namespace.pass(TTL_MS + LEASE_SLACK_MS);
    client.ping();
    await namespace.hibernate();
    await namespace.pass(TTL_MS);
    expect(await scene.listed()).toEqual(['a']);
    expect(namespace.state.counters.outages).toBe(0);
    await namespace.pass(2 * LEASE_SLACK_MS);
    expect(await scene.listed()).toEqual([]);
  });

  it('[T10, L10] is placed by the host’s clock even if the wall clock was set back', async () => {
    const { scene, namespace, holding } = stage();
    const { client } = await holding('a');
    await namespace.pass(20_000);
    await namespace.setClock(-3_600_000);
    client.ping();
    await scene.listed();
    await namespace.pass(TTL_MS);
    expect(await scene.listed()).toEqual(['a']);
    await namespace.pass(2 * LEASE_SLACK_MS);
    expect(await scene.listed()).toEqual([]);
  });
});

describe('an instance of a session', () => {
  it('[T8] leaves it by registering without it, and a heartbeat renews the instance from then on', async () => {
    const { scene, namespace, holding } = stage();
    const { client } = await holding('a', 'b');
    await scene.register('a', { lease: { ttlMs: 5_000 } });
    await client.close({ isEnd: true });
    expect(await scene.listed()).toEqual(['a']);
    await namespace.pass(4_000);
    await scene.beat('a');
    await namespace.pass(5_499);
    expect(await scene.listed()).toEqual(['a']);
    await namespace.pass(1);
    expect(await scene.listed()).toEqual([]);
  });

  it('[T8] returns to it by registering over its socket', async () => {
    const { scene, namespace, register, holding } = stage();
    const { client } = await holding('a');
    await scene.register('a', { lease: { ttlMs: 5_000 } });
    await register(client, 'a');
    client.ping();
    await namespace.pass(20_000);
    expect(await scene.listed()).toEqual(['a']);
    await namespace.hibernate();
    await client.close({ isEnd: true });
    expect(await scene.listed()).toEqual([]);
  });

  it('[T8] leaves it if another session registers it', async () => {
    const { scene, register, holding } = stage();
    const first = await holding('a');
    const second = await holding('b');
    await register(second.client, 'a');
    await first.client.close({ isEnd: true });
    expect(await scene.listed()).toEqual(['a', 'b']);
    await second.client.close({ isEnd: true });
    expect(await scene.listed()).toEqual([]);
  });

  it('[T8] stays in it when others change, drain or override it', async () => {
    const { scene, namespace, holding } = stage();
    const { client } = await holding('a', 'b');
    await scene.patch('a', { weight: 3 });
    await scene.override('a', { enabled: false });
    await scene.drain('b', { graceMs: 600_000 });
    await scene.beat('a');
    await namespace.restart();
    await client.close({ isEnd: true });
    expect(await scene.listed()).toEqual([]);
  });

  it('[L4] is renewed by a heartbeat, but the session is not', async () => {
    const { scene, namespace, holding } = stage();
    await holding('a');
    await namespace.pass(20_000);
    await scene.beat('a');
    await namespace.pass(10_500);
    expect(await scene.listed()).toEqual([]);
  });
});

describe('a session that lapsed while its socket was open', () => {
  it('[T9] is reported to its socket, and registrations there are refused until a new session', async () => {
    const { scene, namespace, session, register, holding } = stage();
    const { client } = await holding('a');
    await namespace.pass(END_MS);
    expect(client.socket.closed?.code).toBe(CLOSE_CODES.sessionLapsed);
    // The close is in flight, and so are frames.
    client.socket.closed = undefined;
    await expect(register(client, 'b')).rejects.toThrow('LEASE_NOT_FOUND');
    expect(await scene.listed()).toEqual([]);
    await session(client);
    await register(client, 'b');
    expect(await scene.listed()).toEqual(['b']);
  });

  it('[T9, W8] is reported only once that is durable', async () => {
    const { namespace, holding, disk } = stage();
    const { client } = await holding('a');
    await namespace.pass(END_MS - 1);
    await namespace.freeze(1);
    disk.hold();
    const reading = namespace.api.listServices({});
    await settle();
    expect(client.socket.closed).toBeUndefined();
    disk.release();
    await reading;
    expect(client.socket.closed).toBeDefined();
  });

  it('[T9] fails no batch that was decided before', async () => {
    const { namespace, scene, holding } = stage();
    const { client } = await holding('a');
    const caller = { tokenId: 'owner', session: client.socket.kept.session };
    await client.close({ isEnd: true });
    const operation = { op: 'register', key: key('b'), definition: definition(), precondition: {} } as const;
    await expect(namespace.api.batch(caller, [operation])).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
    expect(await scene.listed()).toEqual([]);
  });
});
