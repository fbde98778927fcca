import { fromJson } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { EtcdStage } from '../../../test/fixtures/etcd-stage';
import { base64 as b, type EtcdStream } from '../../../test/fixtures/etcd-stream';
import { everyRow } from '../../../test/fixtures/every-row';
import { WatchRequestSchema, type WatchResponse } from '../../codecs/etcd/messages/rpc_pb';
import { RegistryError } from '../../model/errors';
import { CLOSE_CODES } from '../../model/frames';
import type { EntryWatchListener, EtcdNamespace } from './etcd-namespace';
import { WatchStream } from './watch-stream';

const put = (stage: EtcdStage, key: string, value = '') => stage.call('kv/put', { key: b(key), value: b(value) });
const create = (key: string, more: object = {}) => ({ create_request: { key: b(key), ...more } });

/** Opens a stream, and returns it with the responses to its creations. */
async function opened(stage: EtcdStage, ...messages: object[]) {
  const stream = await stage.stream('watch', ...messages);
  const created = [];
  for (const _ of messages) created.push(await stream.next());
  return { stream, created };
}

/** Returns the next response in short: its watch, its revision, and its events. */
async function brief(stream: EtcdStream): Promise<string> {
  const { header, watch_id = '0', events = [] } = await stream.next();
  const texts = events.map(
    ({ type = 'PUT', kv, prev_kv }: { type?: string; kv: { key: string }; prev_kv?: { value?: string } }) =>
      `${type} ${atob(kv.key)}${prev_kv === undefined ? '' : ` was ${atob(prev_kv.value ?? '')}`}`,
  );
  return [`${watch_id}@${header.revision}`, ...texts].join(' ');
}

describe('a watch of etcd', () => {
  it('[EW1] begins with the newest revision, and gets the changes after it, one response a revision', async () => {
    const stage = new EtcdStage();
    await put(stage, 'a');
    const { stream, created } = await opened(stage, create('a', { range_end: b('c') }));
    expect(created).toMatchObject([{ header: { revision: '2' }, created: true }]);
    expect(created[0]).not.toHaveProperty('watch_id');
    await stage.call('kv/txn', {
      success: [
        { request_put: { key: b('b') } },
        { request_delete_range: { key: b('a') } },
        { request_put: { key: b('z') } },
      ],
    });
    await put(stage, 'a');
    expect(await brief(stream)).toBe('0@3 PUT b DELETE a');
    expect(await brief(stream)).toBe('0@4 PUT a');
    await stream.close();
  });

  it('[EW2] begins in the past at its start revision, which is included, and in the future not before it', async () => {
    const stage = new EtcdStage();
    for (const key of ['a', 'b', 'a']) await put(stage, key);
    const { stream, created } = await opened(stage, create('a', { start_revision: 1 }));
    expect(created).toMatchObject([{ header: { revision: '4' }, created: true }]);
    expect(await brief(stream)).toBe('0@2 PUT a');
    expect(await brief(stream)).toBe('0@4 PUT a');
    await stream.close();
    const { stream: later } = await opened(stage, create('a', { start_revision: '6' }));
    for (let count = 0; count < 3; count++) await put(stage, 'a');
    expect(await brief(later)).toBe('0@6 PUT a');
    await later.close();
    const never = await opened(stage, create('a', { start_revision: '9223372036854775807' }));
    expect(never.created).toMatchObject([{ header: { revision: '7' }, created: true }]);
    await never.stream.close();
  });

  it('has entries before a change only if asked, and leaves out what its filters name', async () => {
    const stage = new EtcdStage();
    const { stream } = await opened(
      stage,
      create('k', { prev_kv: true }),
      create('k', { filters: ['NOPUT'] }),
      create('k', { filters: [1] }),
    );
    await put(stage, 'k', 'one');
    await put(stage, 'k', 'two');
    await stage.call('kv/deleterange', { key: b('k') });
    const seen: string[] = [];
    for (let count = 0; count < 6; count++) seen.push(await brief(stream));
    expect(seen.sort()).toEqual([
      '0@2 PUT k',
      '0@3 PUT k was one',
      '0@4 DELETE k was two',
      '1@4 DELETE k',
      '2@2 PUT k',
      '2@3 PUT k',
    ]);
    await stream.close();
  });

  it('watches one key, all keys from one on, or all', () =>
    everyRow(
      [
        [create('b'), ['b']],
        [create('b', { range_end: 'AA==' }), ['b', 'b/1', 'c', '\xff']],
        [create('\0', { range_end: 'AA==' }), ['\0', 'a', 'b', 'b/1', 'c', '\xff']],
        [create('b', { range_end: b('c') }), ['b', 'b/1']],
        [create('', { range_end: b('b') }), ['\0', 'a']],
        [create(''), ['\0']],
      ] as const,
      async ([request, keys]) => {
        const stage = new EtcdStage();
        const { stream } = await opened(stage, request);
        for (const key of ['\0', 'a', 'b', 'b/1', 'c', '\xff']) await put(stage, key);
        for (const key of keys) expect(await brief(stream)).toMatch(new RegExp(` PUT ${key}$`));
        await stream.close();
      },
    ));

  it('gets an id, or that of its client, and is refused an id twice and an empty range', async () => {
    const stage = new EtcdStage();
    const { stream, created } = await opened(
      stage,
      create('a', { watch_id: '2' }),
      create('a'),
      create('a'),
      create('a'),
      create('a', { watch_id: 2 }),
      create('b', { range_end: b('a') }),
    );
    expect(created.map(({ watch_id = '0' }) => watch_id)).toEqual(['2', '0', '1', '3', '-1', '-1']);
    expect(created.slice(4)).toMatchObject([
      { created: true, canceled: true, cancel_reason: 'mvcc: duplicate watch ID provided on the WatchStream' },
      { created: true, canceled: true, cancel_reason: 'mvcc: watcher range is empty' },
    ]);
    await stream.close();
  });

  it('is cancelled once, and one that does not exist without an answer', async () => {
    const stage = new EtcdStage();
    const { stream } = await opened(stage, create('a', { watch_id: 5 }));
    await stream.close();
    const cancelled = await stage.stream(
      'watch',
      create('a', { watch_id: 5 }),
      { cancel_request: { watch_id: 77 } },
      { cancel_request: { watch_id: 5 } },
      create('a', { watch_id: 6 }),
    );
    expect(await cancelled.next()).toMatchObject({ created: true, watch_id: '5' });
    expect(await cancelled.next()).toMatchObject({ canceled: true, watch_id: '5' });
    expect(await cancelled.next()).toMatchObject({ created: true, watch_id: '6' });
    await put(stage, 'a');
    expect(await brief(cancelled)).toBe('6@2 PUT a');
    await cancelled.close();
  });

  it('answers a request for progress once all watches have reached a revision', async () => {
    const stage = new EtcdStage();
    await put(stage, 'other');
    const stream = await stage.stream('watch', create('a'), create('b'), { progress_request: {} });
    for (let count = 0; count < 2; count++) expect(await stream.next()).toMatchObject({ created: true });
    expect(await stream.next()).toEqual({ header: expect.objectContaining({ revision: '2' }), watch_id: '-1' });
    await stream.close();
    const empty = await stage.stream('watch', { progress_request: {} });
    expect(await empty.next()).toMatchObject({ header: { revision: '2' }, watch_id: '-1' });
    await empty.close();
  });

  it('refuses what its token may not read in etcd’s form', async () => {
    const stage = new EtcdStage().as({ scope: 'read', ns: 'public', keys: ['a*'] });
    const { stream, created } = await opened(stage, create('b'), create('a'));
    expect(created).toMatchObject([
      {
        watch_id: '-1',
        created: true,
        canceled: true,
        cancel_reason: 'rpc error: code = PermissionDenied desc = etcdserver: permission denied',
      },
      { created: true },
    ]);
    await stream.close();
  });

  it('[EW4] ends all watches of its stream as unavailable if the registry is lost', async () => {
    const stage = new EtcdStage();
    const { stream } = await opened(stage, create('a'));
    stage.sockets.cut(1012);
    expect(await stream.next()).toEqual({
      error: expect.objectContaining({ grpc_code: 14, message: 'etcdserver: server stopped' }),
    });
    expect(await stream.next()).toBeUndefined();
    expect(stage.sockets.size).toBe(0);
  });

  it('ends all watches of its stream if the token is not valid any more', async () => {
    const stage = new EtcdStage();
    const { stream } = await opened(stage, create('a'), create('b'));
    stage.sockets.cut(CLOSE_CODES.unauthorized);
    expect(await stream.next()).toEqual({
      error: expect.objectContaining({ grpc_code: 16, message: 'etcdserver: invalid auth token' }),
    });
    expect(await stream.next()).toBeUndefined();
  });

  it('that has begun is cancelled under its id if the registry refuses it later', async () => {
    const responses: WatchResponse[] = [];
    const listeners: EntryWatchListener[] = [];
    const namespace = {
      id: 'public',
      transaction: async () => ({ revision: 9 }),
      openWatches: () => ({
        watch: (_: object, listener: EntryWatchListener) => {
          listeners.push(listener);
          return { sync: () => {}, close: () => {} };
        },
      }),
    } as unknown as EtcdNamespace; // `as`: a stream calls nothing else
    const stream = new WatchStream(namespace, { send: (response) => responses.push(response), fail: () => {} });
    const value = fromJson(WatchRequestSchema, { create_request: { key: b('a'), watch_id: '7' } });
    await stream.take(value);
    listeners[0]?.begun(4);
    listeners[0]?.ended({ kind: 'refused', error: new RegistryError('LIMIT_EXCEEDED', 'too many watches') });
    await expect.poll(() => responses.length).toBe(2);
    expect(responses[1]).toMatchObject({
      watchId: 7n,
      created: false,
      canceled: true,
      cancelReason: 'rpc error: code = ResourceExhausted desc = too many watches',
    });
  });

  it('closes its sockets when the client leaves', async () => {
    const stage = new EtcdStage();
    const { stream } = await opened(stage, create('a'));
    expect(stage.sockets.size).toBe(1);
    await stream.close();
    await put(stage, 'a');
    await expect.poll(() => stage.sockets.size).toBe(0);
  });
});
