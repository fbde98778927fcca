import { describe, expect, it } from 'vitest';
import { ORDERS } from '../../../../test/fixtures/definition';
import type { SocketClient } from '../../../../test/fixtures/socket-client';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { CLOSE_CODES, type SessionOpened } from '../../../model/frames';
import {
  CREDIT_INITIAL_BYTES,
  FRAME_MAX_BYTES,
  SOCKET_FRAMES_PENDING_MAX_BYTES,
  WATCHES_PER_SOCKET_MAX_COUNT,
} from '../../../model/limits';

const AT = { address: '10.0.0.1', port: 1 };
const register = (...ids: string[]) => ({
  type: 'batch',
  operations: ids.map((id) => ({ op: 'register', service: 'orders', id, ...AT })),
});

async function errorOf(client: SocketClient, frame: object | string) {
  const handled = client.post(frame);
  await handled;
  const [error, ...more] = client.take();
  expect(more).toEqual([]);
  if (error?.type !== 'error') throw new Error(`the response was ${JSON.stringify(error)}`);
  return error;
}

describe('an invalid frame', () => {
  it('[W15] gets an error as its response', async () => {
    const cases = [
      ['no JSON', '{', 'a frame must be a JSON object'],
      ['no object', '[1]', 'invalid frame'],
      ['without a type', '{}', 'type'],
      ['of an unknown type', '{"type":"dance"}', 'type'],
      ['without a required member', '{"type":"watch","id":"1","watch":"w"}', 'scope'],
      ['with an unknown member', '{"type":"credit","bytes":1,"more":2}', 'more'],
    ] as const;
    for (const [name, text, detail] of cases) {
      const { scene, client } = stage();
      const error = await errorOf(client, text);
      expect(error, name).toMatchObject({ code: 'INVALID_REQUEST', detail: expect.stringContaining(detail) });
      await client.watch();
      await scene.register('a');
      expect(client.takeInstances()).toBe('+a');
      expect(client.socket.closed).toBeUndefined();
    }
  });

  it('[W15, R5] names each wrong member of a batch by its path', async () => {
    const { client } = stage();
    const operations = [{ op: 'register', service: 'orders', id: 'a', address: '10.0.0.1', port: 99_999 }];
    const error = await errorOf(client, { type: 'batch', id: '7', operations });
    expect(error.errors?.map(({ path }) => path)).toEqual(['operations.0.port']);
    expect(error.id).toBe('7');
  });

  it('[W15] for an unknown watch gets an error that names it', async () => {
    const cases = [[{ type: 'unwatch', id: '1', watch: 'w' }], [{ type: 'sync', id: '2', watch: 'w' }]] as const;
    for (const [frame] of cases) {
      expect(await errorOf(stage().client, frame)).toMatchObject({ id: frame.id, code: 'INVALID_REQUEST' });
    }
  });

  it('[R14] may be as large as a batch, and a larger frame closes the socket', async () => {
    const { client } = stage();
    const frame = (bytes: number) =>
      JSON.stringify({ type: 'credit', more: '' }).replace('""', `"${'ж'.repeat(bytes / 2)}"`);
    expect((await errorOf(client, frame(FRAME_MAX_BYTES - 64))).code).toBe('INVALID_REQUEST');
    await client.post(frame(FRAME_MAX_BYTES));
    expect(client.socket.closed?.code).toBe(1009);
  });

  it('may acknowledge a watch that no longer exists', async () => {
    const { client } = stage();
    await client.say({ type: 'ack', watch: 'gone', cursor: 'cx.1.1' });
    await client.watch();
    await client.say({ type: 'ack', watch: 'w', cursor: 'cx.1.1' });
    expect(client.takeOnly('error')).toEqual([]);
  });
});

describe('a batch over a socket', () => {
  it('[C3, R1] is applied as one revision, with a response under its id', async () => {
    const { scene, client } = stage();
    const body = await client.ask(register('a', 'b'));
    expect(body).toMatchObject({ revision: 1, results: [{ outcome: 'created' }, { outcome: 'created' }] });
    expect(await scene.listed()).toEqual(['a', 'b']);
  });

  it('[C5] that is refused gets its code, and leaves nothing behind', async () => {
    const { scene, client } = stage();
    await scene.register('a');
    const [operation] = register('a').operations;
    const operations = [...register('b').operations, { ...operation, ifAbsent: true }];
    const error = await errorOf(client, { type: 'batch', id: '7', operations });
    expect(error).toMatchObject({ id: '7', code: 'REVISION_MISMATCH' });
    expect(await scene.listed()).toEqual(['a']);
  });

  it('[I3] gets its response when it is durable', async () => {
    const { client, disk } = stage();
    disk.hold();
    await client.say({ id: 'batch', ...register('a') });
    expect(client.take()).toEqual([]);
    disk.release();
    await settle();
    expect(client.take()).toMatchObject([{ type: 'answer', id: 'batch' }]);
  });
});

describe('resolving over a socket', () => {
  it('[V1] gives the same result as over HTTP', async () => {
    const { scene, client } = stage();
    await scene.register('a', { tags: ['blue'] });
    await scene.register('b');
    const body = await client.ask({ type: 'resolve', service: 'orders', tag: 'blue' });
    expect(body).toEqual(await scene.resolve({ tag: 'blue' }));
  });
});

describe('frames in quick succession', () => {
  it('[W16, T1] belong to the session that the previous frame opens', async () => {
    const { scene, client, namespace } = stage();
    void client.post({ type: 'session', id: 's' });
    void client.post({ id: 'batch', ...register('a') });
    void client.post({ type: 'watch', id: 'w', watch: 'w', scope: {} });
    await settle();
    const [first, ...rest] = client.take();
    expect(first).toMatchObject({ type: 'answer', id: 's' });
    expect(rest).toContainEqual(expect.objectContaining({ type: 'answer', id: 'batch' }));
    expect(rest).toContainEqual(expect.objectContaining({ type: 'answer', id: 'w' }));
    await client.close({ isEnd: true });
    expect(await scene.listed()).toEqual([]);
    expect(namespace.platform.logs).toEqual([]);
  });

  it('[W16] are handled in order on one socket, independently of other sockets', async () => {
    const { client, connect } = stage();
    const other = connect();
    for (const port of [1, 2, 3]) {
      const [operation] = register('a').operations;
      void client.post({ type: 'batch', id: `${port}`, operations: [{ ...operation, port }] });
    }
    void client.post({ type: 'session', id: 's' });
    await other.ask({ type: 'watch', watch: 'w', scope: {} });
    await settle();
    expect(client.take().map((frame) => ('id' in frame ? frame.id : ''))).toEqual(['1', '2', '3', 's']);
  });
});

describe('frames that come faster than they are handled', () => {
  /** A batch of one registration, as large as `size`. */
  const large = (id: string, size: number) => {
    const [operation] = register(id).operations;
    const text = JSON.stringify({ type: 'batch', id, operations: [operation] });
    return text + ' '.repeat(size - text.length);
  };

  it('[W20] take turns with frames of another socket', async () => {
    const { client, connect, scene } = stage();
    const other = connect();
    for (const id of ['a', 'b', 'c']) void client.post(large(id, FRAME_MAX_BYTES));
    void other.post({ id: 'x', ...register('x') });
    await settle();
    const revisions = await Promise.all(['a', 'b', 'c', 'x'].map(async (id) => (await scene.read(id)).revision));
    // The one of the other socket waits for one frame, not for all of them.
    expect(revisions).toEqual([1, 2, 4, 3]);
  });

  it('[W20] close only their own socket if too many are waiting', async () => {
    const { client, connect, scene } = stage();
    const other = connect();
    const most = SOCKET_FRAMES_PENDING_MAX_BYTES / FRAME_MAX_BYTES;
    for (let count = 0; count <= most + 2; count++) void client.post(large(`i${count}`, FRAME_MAX_BYTES));
    expect(client.socket.closed).toMatchObject({ code: CLOSE_CODES.overloaded });
    await other.ask(register('x'));
    await settle();
    expect(other.socket.closed).toBeUndefined();
    // The first was being handled; frames waiting behind it were dropped with the socket.
    expect(await scene.listed()).toEqual(['i0', 'x']);
  });

  it('[W20, T2] are handled before the close that follows', async () => {
    const { client, scene } = stage();
    void client.post({ type: 'session', id: 's' });
    for (const id of ['a', 'b']) void client.post(large(id, FRAME_MAX_BYTES));
    await client.close({ isEnd: true });
    expect(await scene.listed()).toEqual([]);
  });

  it('[W20, T2] that wait for an earlier one are also handled before the close, and leave nothing behind', async () => {
    const { client, scene } = stage();
    void client.post({ type: 'session', id: 's' });
    void client.post({ type: 'watch', id: 'w', watch: 'w', scope: {} });
    await client.close({ isEnd: true });
    await settle();
    expect(await scene.stats()).toMatchObject({ sockets: 0, watches: 0, sessions: 0 });
  });
});

describe('watches of one socket', () => {
  it('[W9] have their own names', async () => {
    const { client } = stage();
    await client.watch();
    client.take();
    const error = await errorOf(client, { type: 'watch', id: '1', watch: 'w', scope: {} });
    expect(error).toMatchObject({ code: 'CONFLICT', detail: expect.stringContaining('"w"') });
  });

  it('[R14] are limited to the number allowed for a socket', async () => {
    const { client } = stage();
    const error = await fill(client);
    expect(error.code).toBe('LIMIT_EXCEEDED');
    expect(client.socket.kept.watches.length).toBeGreaterThan(100);
    await client.ask({ type: 'unwatch', watch: 'w0' });
    await client.ask({ type: 'watch', watch: 'more', scope: { services: ['orders'] } });
  });

  it('[R14, W14] never need more than the platform stores, in any state', async () => {
    const { client, stage: watched, namespace, scene } = stage();
    await fill(client);
    const open = client.socket.kept.watches.length;
    await watched.registerBulk('1', '2');
    await scene.register('a');
    client.take();
    expect(client.socket.kept.watches.filter(({ sentUntil }) => sentUntil !== undefined)).toHaveLength(open);
    await namespace.hibernate();
    await scene.register('b');
    await client.say({ type: 'credit', bytes: CREDIT_INITIAL_BYTES });
    expect(client.take().filter((frame) => JSON.stringify(frame).includes('"id":"a"'))).toHaveLength(open);
  });

  /** Opens watches until one is refused. Returns the refusal. */
  async function fill(client: SocketClient) {
    for (let count = 0; count <= WATCHES_PER_SOCKET_MAX_COUNT; count++) {
      await client.say({ type: 'watch', id: '1', watch: `w${count}`, scope: { services: ['orders'] } });
      const [error] = client.takeOnly('error');
      if (error !== undefined) return error;
    }
    throw new Error('it may have any number of watches');
  }
});

describe('subscribers', () => {
  it('[W17] acknowledge by frames and by calls, and are listed with their lag', async () => {
    const { scene, client, connect, namespace } = stage();
    const stream = connect({ kind: 'stream', subscriber: 'stream-1', caller: { tokenId: 't', address: '10.0.0.7' } });
    await client.watch();
    await stream.watch({ services: ['orders'] });
    const first = await scene.register('a');
    await client.say({ type: 'ack', watch: 'w', cursor: first.cursor });
    const second = await scene.register('b');
    await namespace.api.acknowledge({ subscriber: 'stream-1', cursor: second.cursor, tokenId: 't' });
    const { body } = await namespace.api.listSubscribers(ORDERS);
    expect(JSON.parse(body).subscribers).toEqual([
      { id: 'stream-1', kind: 'stream', address: '10.0.0.7', sentRevision: 2, acknowledgedRevision: 2, lag: 0 },
      { id: 'subscriber-1', kind: 'socket', sentRevision: 2, acknowledgedRevision: 1, lag: 0 },
    ]);
  });

  it('[W17] have a lag for changes that were not sent to them', async () => {
    const all = stage();
    await all.client.watch();
    await all.stage.useUpCredit();
    const [before] = JSON.parse((await all.namespace.api.listSubscribers(ORDERS)).body).subscribers;
    await all.scene.register('late');
    const [after] = JSON.parse((await all.namespace.api.listSubscribers(ORDERS)).body).subscribers;
    expect([before.lag, after.lag]).toEqual([0, 1]);
  });

  it('[Q3] are notified of a cursor that is not from this history', async () => {
    const { namespace } = stage();
    const acknowledged = namespace.api.acknowledge({ subscriber: 'x', cursor: 'cother.1.1', tokenId: 't' });
    await expect(acknowledged).rejects.toMatchObject({ code: 'COMPACTED' });
  });
});

describe('the end frame', () => {
  it('[T2] ends the session, and then the socket', async () => {
    const { scene, client } = stage();
    await client.ask<SessionOpened>({ type: 'session' });
    await client.ask(register('a'));
    await client.say({ type: 'end' });
    expect(client.socket.closed?.code).toBe(CLOSE_CODES.sessionEnded);
    expect(await scene.listed()).toEqual([]);
  });
});

function stage() {
  const watched = new WatchStage();
  const { scene, namespace, disk } = watched;
  const client = watched.connect();
  return {
    stage: watched,
    scene,
    namespace,
    disk,
    client,
    connect: (memory = {}) => watched.connect(memory),
  };
}
