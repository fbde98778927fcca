import { describe, expect, it } from 'vitest';
import type { SocketClient } from '../../../../test/fixtures/socket-client';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import type { SessionOpened } from '../../../model/frames';
import { LEASE_SLACK_MS, RECONNECT_SPREAD_MIN_MS, RECONNECT_SPREAD_PER_CLIENT_MS } from '../../../model/limits';
import { reconnectSpreadMs } from './reconnect-spread';
import { openSession } from './sessions';

const COUNT = 3_000;
const SPREAD_MS = COUNT * RECONNECT_SPREAD_PER_CLIENT_MS;
const OWNER = { caller: { tokenId: 'owner' } };

/** A registry that comes back with thousands of sessions in its storage, and no socket. */
async function afterDeploy(ttlMs: number) {
  const stage = new WatchStage();
  const { namespace } = stage;
  const { connections } = namespace.platform;
  for (let index = 0; index < COUNT; index++) {
    const ticket = { key: `s-${index}`, secretDigest: await namespace.platform.digest('secret') };
    const connection = connections.connectionOf(connections.open());
    openSession(namespace.state, connection, OWNER.caller, ticket, ttlMs, namespace.state.time.now());
  }
  await settle();
  connections.dropAll();
  await namespace.hibernate();
  const comeBack = (client: SocketClient, index: number) =>
    client.ask<SessionOpened>({ type: 'session', session: `s-${index}.secret` });
  return { stage, namespace, comeBack };
}

describe('reconnectSpreadMs', () => {
  it('[T11] is 4 ms for each stored session or open socket, whichever are more, and 1 s at least', () => {
    expect([reconnectSpreadMs(5_000), reconnectSpreadMs(5_000, 7), reconnectSpreadMs(7, 5_000)]).toEqual(
      Array(3).fill(20_000),
    );
    expect([reconnectSpreadMs(0), reconnectSpreadMs(10, 20)]).toEqual(Array(2).fill(RECONNECT_SPREAD_MIN_MS));
  });
});

describe('clients that come back after a deploy', () => {
  it('[T11] are asked to spread by all that are stored, though few sockets are open yet', async () => {
    const { stage, comeBack } = await afterDeploy(45_000);
    const first = await comeBack(stage.connect(OWNER), 0);
    expect(first).toMatchObject({ resumed: true, reconnectWithinMs: SPREAD_MS });
    const watching = stage.connect();
    expect(await watching.ask({ type: 'watch', watch: 'w', scope: { groups: ['g'], services: [] } })).toEqual({
      reconnectWithinMs: SPREAD_MS,
    });
  });

  it('[T12] are asked to be back within half a ttl where that is less, on a socket with a session', async () => {
    const { stage, comeBack } = await afterDeploy(9_000);
    const client = stage.connect(OWNER);
    expect(await comeBack(client, 0)).toMatchObject({ ttlMs: 9_000, reconnectWithinMs: 4_500 });
    expect(await client.ask({ type: 'watch', watch: 'w', scope: { groups: ['g'], services: [] } })).toEqual({
      reconnectWithinMs: 4_500,
    });
  });

  it('[L18, T7] find their sessions as long as the spread takes, and a ttl beyond it', async () => {
    const { stage, namespace, comeBack } = await afterDeploy(9_000);
    await comeBack(stage.connect(OWNER), 0);
    expect(namespace.state.counters.outages).toBe(1);
    await namespace.pass(SPREAD_MS + 9_000);
    expect(await comeBack(stage.connect(OWNER), 1)).toMatchObject({ resumed: true });
    expect(namespace.state.sessions.size).toBe(COUNT);
    await namespace.pass(2 * LEASE_SLACK_MS);
    expect(namespace.state.sessions.size).toBe(1);
  });
});
