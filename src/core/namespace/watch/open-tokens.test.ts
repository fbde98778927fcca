import { describe, expect, it } from 'vitest';
import { socketPurpose } from '../../../../test/fixtures/socket-purpose';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { CLOSE_CODES } from '../../../model/frames';
import { SOCKET_TOKENS_CHECK_INTERVAL_MS, SOCKET_TOKENS_RETRY_MS } from '../../../model/limits';
import { newMemory } from './connection-memory';
import { closeSocketsOf, dueAt, hasExpired } from './open-tokens';

/** A socket of a token, as the host would open it. */
function connect(stage: WatchStage, tokenId: string, expiresAt?: number, redeemedId?: string) {
  const client = stage.connect({ caller: { tokenId }, expiresAt, redeemedId });
  const { registry, platform } = stage.namespace;
  registry.opened(platform.connections.connectionOf(client.socket));
  return client;
}

const register = { op: 'register', service: 'orders', id: 'a', address: '10.0.0.1', port: 80 };

describe('the token of an open socket', () => {
  it('[A44] ends the socket as it expires', async () => {
    const stage = new WatchStage();
    const now = stage.namespace.platform.clock.now();
    const [soon, later] = [connect(stage, 't', now + 60_000), connect(stage, 't', now + 120_000)];
    await soon.watch();
    await stage.namespace.pass(59_000);
    expect(soon.socket.closed).toBeUndefined();
    await stage.namespace.pass(2_000);
    expect([soon.socket.closed?.code, later.socket.closed]).toEqual([CLOSE_CODES.unauthorized, undefined]);
    await stage.namespace.pass(60_000);
    expect(later.socket.closed?.code).toBe(CLOSE_CODES.unauthorized);
  });

  it('[A44] sends no frame once it has expired, even if no alarm fired', async () => {
    const stage = new WatchStage();
    const client = connect(stage, 't', stage.namespace.platform.clock.now() + 60_000);
    stage.namespace.platform.jump(60_000);
    await client.say({ type: 'batch', id: '1', operations: [register] });
    expect([client.socket.closed?.code, client.take()]).toEqual([CLOSE_CODES.unauthorized, []]);
    expect(await stage.scene.listed()).toEqual([]);
  });

  it('[A44] ends the socket when the directory reports its end', async () => {
    const stage = new WatchStage();
    const [ended, other] = [connect(stage, 'ended'), connect(stage, 'other')];
    await ended.watch();
    const { hub } = stage.namespace;
    closeSocketsOf(hub, ['ended', 'unknown']);
    expect([ended.socket.closed?.code, other.socket.closed]).toEqual([CLOSE_CODES.unauthorized, undefined]);
    // A frame in flight is refused.
    await ended.say({ type: 'batch', id: '1', operations: [register] });
    expect(ended.take()).toMatchObject([{ type: 'snapshot' }]);
    expect(await stage.scene.listed()).toEqual([]);
  });

  it('[A44] is checked from time to time, except for root', async () => {
    const stage = new WatchStage();
    const { platform } = stage.namespace;
    const [one, two] = [connect(stage, 'one'), connect(stage, 'two')];
    connect(stage, 'root');
    connect(stage, 'one');
    platform.ended.add('two');
    await stage.namespace.pass(SOCKET_TOKENS_CHECK_INTERVAL_MS - 1_000);
    expect(platform.tokenChecks).toEqual([]);
    await stage.namespace.pass(2_000);
    expect(platform.tokenChecks).toEqual([['one', 'two']]);
    expect([one.socket.closed, two.socket.closed?.code]).toEqual([undefined, CLOSE_CODES.unauthorized]);
    // Also across sleeps, through which only the sockets keep state.
    await stage.namespace.hibernate();
    await stage.namespace.pass(SOCKET_TOKENS_CHECK_INTERVAL_MS - 2_000);
    expect(platform.tokenChecks).toHaveLength(1);
    platform.ended.add('one');
    await stage.namespace.pass(2_000);
    expect([platform.tokenChecks.length, one.socket.closed?.code]).toEqual([2, CLOSE_CODES.unauthorized]);
  });

  it('[A44, A67, A69] ends the socket of a redeemed token with that token, and with the one it acts as', async () => {
    const stage = new WatchStage();
    const { hub, platform } = stage.namespace;
    const end = platform.clock.now() + 12 * SOCKET_TOKENS_CHECK_INTERVAL_MS;
    const sockets = ['r1', 'r2', 'r3'].map((id) => connect(stage, id === 'r3' ? 'root' : 't', end, id));
    const closed = () => sockets.map(({ socket }) => socket.closed !== undefined);
    closeSocketsOf(hub, ['r1']);
    expect(closed()).toEqual([true, false, false]);
    platform.ended.add('r3');
    await stage.namespace.pass(SOCKET_TOKENS_CHECK_INTERVAL_MS + 1_000);
    expect(platform.tokenChecks).toEqual([['r2', 'r3']]);
    expect(closed()).toEqual([true, false, true]);
    await stage.namespace.hibernate();
    closeSocketsOf(stage.namespace.hub, ['t']);
    expect(closed()).toEqual([true, true, true]);
  });

  it('[A44] is checked again soon if the directory could not be reached', async () => {
    const stage = new WatchStage();
    const { platform } = stage.namespace;
    const client = connect(stage, 'one');
    platform.ended.add('one');
    platform.directoryFails = true;
    await stage.namespace.pass(SOCKET_TOKENS_CHECK_INTERVAL_MS + 1_000);
    expect([client.socket.closed, platform.tokenChecks.length]).toEqual([undefined, 1]);
    // Neither at once nor an interval later, also after a sleep.
    await stage.namespace.hibernate();
    await stage.namespace.pass(SOCKET_TOKENS_RETRY_MS - 2_000);
    expect(platform.tokenChecks.length).toBe(1);
    await stage.namespace.pass(2_000);
    expect([client.socket.closed, platform.tokenChecks.length]).toEqual([undefined, 2]);
    platform.directoryFails = false;
    await stage.namespace.pass(SOCKET_TOKENS_RETRY_MS);
    expect(client.socket.closed?.code).toBe(CLOSE_CODES.unauthorized);
  });

  it('[A44] wakes no object that only has sockets of root', async () => {
    const stage = new WatchStage();
    connect(stage, 'root');
    await settle();
    expect(stage.namespace.platform.alarm.armedFor()).toBeNull();
  });

  it('[A44, T3] leaves the instances of its session until the session has lapsed', async () => {
    const stage = new WatchStage();
    const client = connect(stage, 'ended');
    await client.ask({ type: 'session', ttlMs: 10_000 });
    await client.ask({ type: 'batch', operations: [register] });
    closeSocketsOf(stage.namespace.hub, ['ended']);
    await client.close();
    expect(await stage.scene.listed()).toEqual(['a']);
    await stage.namespace.pass(9_000);
    expect(await stage.scene.listed()).toEqual(['a']);
    await stage.namespace.pass(2_000);
    expect(await stage.scene.listed()).toEqual([]);
  });
});

it('[W14] a socket from a version that stores no grants is asked to reconnect', async () => {
  const stage = new WatchStage();
  const old = stage.connect({ version: 1 });
  await stage.namespace.hibernate();
  await stage.scene.register('a');
  expect(old.socket.closed).toEqual({ code: CLOSE_CODES.tryAgain, reason: '1000' });
  await old.say({ type: 'resolve', id: '1', service: 'orders' });
  expect(old.take()).toEqual([]);
});

const memoryOf = (tokenId: string, expiresAt?: number) =>
  newMemory(socketPurpose({ caller: { tokenId }, expiresAt }), 1_000);

it('[A44] dueAt is when a token ends or its next check is due; root is never checked', () => {
  expect(dueAt(memoryOf('t'))).toBe(1_000 + SOCKET_TOKENS_CHECK_INTERVAL_MS);
  expect(dueAt(memoryOf('t', 5_000))).toBe(5_000);
  expect(dueAt(memoryOf('root'))).toBe(Number.POSITIVE_INFINITY);
});

it('[A44] hasExpired is true from the time a token ends', () => {
  const memory = memoryOf('t', 5_000);
  expect([hasExpired(memory, 4_999), hasExpired(memory, 5_000), hasExpired(memoryOf('t'), 9e15)]).toEqual([
    false,
    true,
    false,
  ]);
});
