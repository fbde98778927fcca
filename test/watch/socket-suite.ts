import { describe, expect, it } from 'vitest';
import type { SessionOpened } from '../../src/model/frames';
import { type Home, NS, serviceAt } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';
import { changedIds } from '../fixtures/watched-ids';

const register = (id: string) => ({
  op: 'register',
  group: 'g',
  service: 'orders',
  id,
  address: '10.0.0.7',
  port: 80,
});

/** Opens a socket that holds a session with one instance. */
export async function holder({ openSocket }: Home, id: string) {
  const socket = await openSocket();
  const opened = await socket.ask<SessionOpened>({ type: 'session' });
  await socket.ask({ type: 'batch', operations: [register(id)] });
  return { socket, ...opened };
}

/** Registers the tests of the socket of the whole registry: watches, changes and sessions on one connection. */
export function socketSuite(home: Home): void {
  const { ask, openSocket, upgrade, sleep, sockets } = home;
  const ORDERS = serviceAt('orders');
  const put = (id: string) =>
    ask('PUT', `${ORDERS}/instances/${id}`, { address: '10.0.0.8', port: 80, ephemeral: false });

  const resolved = async () =>
    (await ask<{ instances: { id: string }[] }>('GET', `${ORDERS}/resolve`)).body.instances.map(({ id }) => id).sort();
  const revision = async () => (await ask('GET', `${NS}/stats`)).body.revision;

  /** Waits until the registry has detected that sockets are gone. */
  const heardAllBut = (count: number) => expect.poll(() => sockets()).toBe(count);

  describe('a socket for entries', () => {
    it('[W32, TX1, KV11] carries transactions, each answered after its own changes', async () => {
      const socket = await openSocket();
      await socket.ask({ type: 'watch', watch: 'w', scope: { keys: [{ prefix: 'jobs/' }] } });
      await socket.next('snapshot');
      const take = {
        if: [{ property: 'exists', key: 'jobs/1', operand: false }],
        do: [{ op: 'put', key: 'jobs/1', value: 'mine' }],
        else: [{ op: 'range', prefix: 'jobs/' }],
      };
      await sleep();
      const first = await socket.ask({ type: 'transaction', transaction: take });
      // The change has come before the answer.
      const types = socket.kept.map((text) => JSON.parse(text).type).filter((type) => type !== 'bookmark');
      expect([first.succeeded, types]).toEqual([true, ['changes']]);
      const { cursor, changes } = await socket.next('changes');
      expect([cursor, changes]).toMatchObject([first.cursor, [{ type: 'put', kind: 'entry', key: 'jobs/1' }]]);
      const second = await socket.ask({ type: 'transaction', transaction: take });
      expect(second).toMatchObject({ succeeded: false, results: [{ entries: [{ key: 'jobs/1', value: 'mine' }] }] });
      expect((await ask('GET', `${NS}/kv/jobs/1?as=entry`)).body).toMatchObject({ value: 'mine', version: 1 });
      const invalid = { type: 'transaction', id: 'x', transaction: { do: [{ op: 'put', key: 'a' }] } };
      socket.say(invalid);
      expect(await socket.next('error')).toMatchObject({ id: 'x', code: 'INVALID_REQUEST' });
      socket.close();
    });

    it('[W32, GL1, GL2] carries leases, whose renewals survive a sleep of the registry', async () => {
      const socket = await openSocket();
      const lease = await socket.ask<{ id: string }>({ type: 'grant-lease', ttlMs: 60_000, alias: '7' });
      const puts = [{ op: 'put', key: 'held', value: '', lease: '7' }];
      await socket.ask({ type: 'transaction', transaction: { do: puts } });
      await sleep();
      const renewed = await socket.ask({ type: 'renew-leases', leases: [{ lease: '7', ageMs: 10 }, { lease: '8' }] });
      expect(renewed).toMatchObject({ renewed: [{ lease: '7' }], unknown: ['8'] });
      expect(await socket.ask({ type: 'read-lease', lease: '7' })).toMatchObject({
        id: lease.id,
        entries: [{ key: 'held' }],
      });
      const { cursor } = await socket.ask({ type: 'revoke-lease', lease: lease.id });
      expect(cursor).toEqual(expect.any(String));
      const { status } = await ask('GET', `${NS}/kv/held`);
      expect(status).toBe(404);
      socket.close();
    });

    it('[W32, TX5] takes a transaction as large as one may be, in base64', async () => {
      const socket = await openSocket();
      const bytes = Buffer.alloc(512 * 1024 - 10, 255).toString('base64');
      const puts = ['a', 'b', 'c', 'd'].map((key) => ({ op: 'put', key: `large/${key}`, valueBase64: bytes }));
      const { results } = await socket.ask<{ results: unknown[] }>({ type: 'transaction', transaction: { do: puts } });
      expect(results).toHaveLength(4);
      socket.close();
    });
  });

  describe('a socket', () => {
    it('[E8] is opened with its subprotocol alone, however the token is sent', async () => {
      const credentials: Record<string, string>[] = [
        { 'sec-websocket-protocol': `rollcall.v1, token.${ROOT_TOKEN}` },
        { 'sec-websocket-protocol': 'chat, rollcall.v1', authorization: `Bearer ${ROOT_TOKEN}` },
      ];
      for (const headers of credentials) {
        const { status, headers: answered, socket } = await upgrade(`${NS}/socket`, headers);
        expect([status, answered.get('sec-websocket-protocol')]).toEqual([101, 'rollcall.v1']);
        socket?.accept();
        socket?.close();
      }
    });

    it('registers, watches and resolves on one connection', async () => {
      const socket = await openSocket();
      await socket.ask({ type: 'watch', watch: 'orders', scope: { services: ['g@@orders'] } });
      expect((await socket.next('snapshot')).services).toEqual([]);
      const { cursor, results } = await socket.ask<{ cursor: string; results: object[] }>({
        type: 'batch',
        operations: [
          { ...register('a'), ephemeral: false },
          { ...register('b'), ephemeral: false },
        ],
      });
      expect(results).toMatchObject([{ outcome: 'created' }, { outcome: 'created' }]);
      const changes = await socket.next('changes');
      expect([changes.watch, changes.cursor, changedIds(changes.changes)]).toEqual(['orders', cursor, ['a', 'b']]);
      expect(await socket.ask({ type: 'resolve', service: 'g@@orders', limit: 1 })).toMatchObject({
        service: 'orders',
      });
      await socket.ask({ type: 'unwatch', watch: 'orders' });
      await put('c');
      await socket.ask({ type: 'watch', watch: 'again', scope: {}, cursor });
      expect(changedIds((await socket.next('changes')).changes)).toEqual(['c']);
      await socket.ask({ type: 'sync', watch: 'again' });
      expect(await socket.next('bookmark')).toMatchObject({ watch: 'again' });
      expect(socket.kept).toEqual([]);
      socket.close();
    });

    it('[W30] gets the counts of the services that change, if it asks for them', async () => {
      const socket = await openSocket();
      await socket.ask({ type: 'watch', watch: 'counted', scope: {}, counts: true });
      await socket.next('snapshot');
      await sleep();
      await put('a');
      const { counts } = await socket.next('changes');
      expect(counts).toEqual((await ask<{ services: object[] }>('GET', `${NS}/services`)).body.services);
      expect(counts).toMatchObject([{ group: 'g', name: 'orders', instances: 1, healthy: 1, available: 1 }]);
      socket.close();
    });

    it('[W15] reports an invalid frame, and continues', async () => {
      const socket = await openSocket();
      for (const [frame, code] of [
        ['no JSON', 'INVALID_REQUEST'],
        ['[]', 'INVALID_REQUEST'],
        [{ type: 'nonsense' }, 'INVALID_REQUEST'],
        [{ type: 'unwatch', id: '1', watch: 'none' }, 'INVALID_REQUEST'],
        [
          { type: 'batch', id: '2', operations: [{ op: 'update', service: 'x', id: 'y', weight: 1 }] },
          'INSTANCE_NOT_FOUND',
        ],
      ] as const) {
        socket.say(frame);
        expect((await socket.next('error')).code).toBe(code);
      }
      expect(await socket.ask({ type: 'resolve', service: 'orders' })).toMatchObject({ instances: [] });
      socket.close();
    });

    it('is closed when it sends bytes', async () => {
      const { socket } = await upgrade(`${NS}/socket`, {
        'sec-websocket-protocol': `rollcall.v1, token.${ROOT_TOKEN}`,
      });
      const ended = Promise.withResolvers<number>();
      socket?.addEventListener('close', ({ code }) => ended.resolve(code));
      socket?.accept();
      socket?.send(new Uint8Array([1, 2, 3]));
      expect(await ended.promise).toBe(4002);
    });

    it('receives the answer to its close', async () => {
      for (const [code, received] of [
        [1000, 1000],
        [4000, 4000],
        [undefined, 1005],
      ] as const) {
        const socket = await openSocket();
        socket.close(code);
        expect(await socket.end()).toMatchObject({ code: received, wasClean: true });
      }
      await heardAllBut(0);
    });

    it('[W14] keeps its watches if the registry hibernates between any two events', async () => {
      const socket = await openSocket();
      await socket.ask({ type: 'watch', watch: 'w', scope: { services: ['g@@orders'] } });
      await socket.next('snapshot');
      for (const id of ['a', 'b', 'c']) {
        await sleep();
        await put(id);
        expect(changedIds((await socket.next('changes')).changes)).toEqual([id]);
        await sleep();
        await socket.ask({ type: 'sync', watch: 'w' });
        await socket.next('bookmark');
      }
      expect(socket.kept).toEqual([]);
      await sleep();
      socket.close();
      await heardAllBut(0);
      await put('d');
      expect((await ask<{ subscribers: object[] }>('GET', `${ORDERS}/subscribers`)).body.subscribers).toEqual([]);
    });
  });

  describe('a session', () => {
    it('[T2] ends with close code 4000 and removes everything that it holds in one revision', async () => {
      const { socket } = await holder(home, 'a');
      await socket.ask({ type: 'batch', operations: [register('b')] });
      const before = Number(await revision());
      socket.close(4000);
      expect(await socket.end()).toMatchObject({ code: 4000 });
      expect([await resolved(), await revision()]).toEqual([[], before + 1]);
    });

    it('[T2] ends with an end frame', async () => {
      const { socket } = await holder(home, 'a');
      socket.say({ type: 'end' });
      expect(await socket.end()).toMatchObject({ code: 4000 });
      expect(await resolved()).toEqual([]);
    });

    it.each([1000, 4999, undefined])(
      '[T3, T4] survives close code %s, and is resumed without a revision',
      async (code) => {
        const { socket, session } = await holder(home, 'a');
        const before = await revision();
        socket.close(code);
        await socket.end();
        await heardAllBut(0);
        expect(await resolved()).toEqual(['a']);
        const again = await openSocket();
        expect(await again.ask({ type: 'session', session })).toMatchObject({ session, resumed: true });
        expect([await resolved(), await revision()]).toEqual([['a'], before]);
        again.close(4000);
        await again.end();
        expect(await resolved()).toEqual([]);
      },
    );

    it('[T6] is taken over by another socket, and closing the earlier one does not end it', async () => {
      const { socket, session } = await holder(home, 'a');
      const second = await openSocket();
      expect(await second.ask({ type: 'session', session })).toMatchObject({ resumed: true });
      expect(await socket.end()).toMatchObject({ code: 4001 });
      await heardAllBut(1);
      expect(await resolved()).toEqual(['a']);
      second.close(4000);
      await second.end();
    });

    it('[T5] is not resumed with half of its id', async () => {
      const { socket, session } = await holder(home, 'a');
      const stranger = await openSocket();
      const [key] = session.split('.');
      for (const guess of [key, `${key}.`, `${key}.x`]) {
        const other = await openSocket();
        expect(await other.ask({ type: 'session', session: guess })).toMatchObject({ resumed: false });
        other.close(4000);
        await other.end();
      }
      expect([socket.closed, await resolved()]).toEqual([undefined, ['a']]);
      stranger.close();
    });

    it('[T1, W14] continues if the registry hibernates between any two events', { timeout: 60_000 }, async () => {
      const { socket, session } = await holder(home, 'a');
      await sleep();
      await socket.ask({ type: 'batch', operations: [register('b')] });
      await sleep();
      expect(await resolved()).toEqual(['a', 'b']);
      await sleep();
      const second = await openSocket();
      expect(await second.ask({ type: 'session', session })).toMatchObject({ resumed: true });
      expect(await socket.end()).toMatchObject({ code: 4001 });
      await sleep();
      second.close(4000);
      await second.end();
      expect(await resolved()).toEqual([]);
    });
  });
}
