import { describe, expect, it } from 'vitest';
import { OWNER } from '../../../../test/fixtures/callers';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import type { Frame, SocketClient } from '../../../../test/fixtures/socket-client';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { revisionOf } from '../../../model/cursor';
import type { WatchBegun } from '../../../model/frames';
import { intervalOfPrefix } from '../../../model/key-interval';
import { CREDIT_INITIAL_BYTES, ENTRY_VALUE_MAX_BYTES, FRAME_PART_MAX_BYTES } from '../../../model/limits';
import type { TransactionOperation } from '../../../model/transaction';
import { changeEpoch } from '../commit/epoch-change';
import { DEFAULT_RETENTION } from '../commit/journal';

const ALL_KEYS = { keys: [{ prefix: '' }] };

function stage(retention = DEFAULT_RETENTION) {
  const all = new WatchStage(retention);
  const calls = () => new EntryCalls(all.namespace.registry);
  /** Puts one key several times; its value is the revision that the put makes. */
  const putMany = async (count: number, key = 'k') => {
    for (let index = 0; index < count; index++)
      await calls().put(key, String(all.namespace.state.journal.revision + 1));
  };
  const watch = (client: SocketClient, options: object) =>
    client.ask<WatchBegun>({ type: 'watch', watch: 'w', scope: ALL_KEYS, ...options });
  return { all, calls, putMany, watch, connect: () => all.connect() };
}

/** Returns the changes of frames in short form, each with its revision: `3+k=value` or `3-k`, with the entry before. */
function shown(frames: Frame<'changes'>[]): string[] {
  return frames.flatMap(({ revision, changes }) =>
    changes.map((change) => {
      if (change.kind !== 'entry') return change.kind;
      const { key = '', before } = change;
      const was = before === undefined ? '' : ` was ${before === null ? 'absent' : before.value}`;
      return change.type === 'put' ? `${revision}+${key}=${change.after.value}${was}` : `${revision}-${key}${was}`;
    }),
  );
}

const taken = (client: SocketClient) => shown(client.takeOnly('changes'));

/** Keeps the entries of two revisions. */
const BRIEF = { ...DEFAULT_RETENTION, entries: { maxCount: 2, maxBytes: 1e9 } };

describe('a watch without a snapshot', () => {
  it('[W33] gets every change after a revision, and nothing else', async () => {
    const { putMany, watch, connect } = stage();
    await putMany(4);
    for (const afterRevision of [0, 2, 3]) {
      const client = connect();
      const begun = await watch(client, { afterRevision });
      expect([revisionOf(begun.cursor ?? ''), begun.revision]).toEqual([afterRevision, 4]);
      const expected = ['1+k=1', '2+k=2', '3+k=3', '4+k=4'].slice(afterRevision);
      const frames = client.take();
      expect(frames.map(({ type }) => type)).toEqual(expected.map(() => 'changes'));
    }
  });

  it('[W33] begins now, and a revision that is still to come counts as now', async () => {
    const { all, putMany, watch, connect } = stage();
    await putMany(3);
    const clients = [connect(), connect(), connect()];
    const { cursor } = await all.namespace.registry.stats();
    for (const [index, start] of [{ fromNow: true }, { afterRevision: 3 }, { afterRevision: 999_999 }].entries()) {
      const client = clients[index];
      if (client !== undefined) expect(await watch(client, start)).toMatchObject({ cursor, revision: 3 });
    }
    for (const client of clients) expect(client.take()).toEqual([]);
    await putMany(2);
    for (const client of clients) expect(taken(client)).toEqual(['4+k=4', '5+k=5']);
  });

  it('[W33, W8] begins at a durable position while a commit is being written, and gets that commit', async () => {
    const { all, calls, putMany, watch, connect } = stage();
    await putMany(1);
    all.disk.hold();
    const putting = calls().put('k', 'pending');
    const client = connect();
    await client.say({ type: 'watch', id: '1', watch: 'w', scope: ALL_KEYS, fromNow: true });
    const [answer] = client.takeOnly('answer');
    expect(answer?.body).toMatchObject({ revision: 1 });
    all.disk.release();
    await putting;
    await settle();
    expect(taken(client)).toEqual(['2+k=pending']);
    const late = connect();
    await watch(late, { fromNow: true });
    expect(late.take()).toEqual([]);
  });

  it('[W33] names one place to begin', async () => {
    const { watch, connect } = stage();
    for (const start of [{ afterRevision: 1, fromNow: true }, { cursor: 'c', fromNow: true }, { afterRevision: -1 }]) {
      await expect(watch(connect(), start), JSON.stringify(start)).rejects.toThrow('INVALID_REQUEST');
    }
  });

  it('[W33, W2, TX2] gets a revision in the order of its operations, with the entries before it, live and afterwards', async () => {
    const { all, calls, watch, connect } = stage();
    for (const key of ['d/2', 'd/1', 'z', 'a']) await calls().put(key, `old ${key}`);
    const put = (key: string): TransactionOperation => ({ op: 'put', key, value: 'new' });
    const live = connect();
    await watch(live, { fromNow: true, previous: true });
    const { registry } = all.namespace;
    const remove: TransactionOperation = { op: 'delete', interval: intervalOfPrefix('d/') };
    await registry.transaction(OWNER, { if: [], do: [put('z'), remove, put('b'), put('a')], else: [] });
    const late = connect();
    await watch(late, { afterRevision: 4, previous: true });
    const expected = [
      '5+z=new was old z',
      '5-d/1 was old d/1',
      '5-d/2 was old d/2',
      '5+b=new was absent',
      '5+a=new was old a',
    ];
    for (const client of [live, late]) {
      const frames = client.takeOnly('changes');
      expect(frames).toHaveLength(1);
      expect(shown(frames)).toEqual(expected);
    }
  });

  it('[W33, W2, GL2] gets the end of a lease in the order of keys, in parts if it is large', async () => {
    const { all, watch, connect } = stage();
    const { registry } = all.namespace;
    await registry.grantLease(OWNER, { ttlMs: null, alias: '7' });
    const keys = ['c', 'a', 'b', 'e', 'd'];
    const value = 'x'.repeat(FRAME_PART_MAX_BYTES / 2);
    for (const key of keys) {
      await registry.transaction(OWNER, { if: [], do: [{ op: 'put', key, value, lease: '7' }], else: [] });
    }
    const live = connect();
    await watch(live, { fromNow: true, previous: true });
    await registry.revokeLease(OWNER, { lease: '7' });
    await settle();
    const late = connect();
    await watch(late, { afterRevision: keys.length, previous: true });
    await settle();
    for (const client of [live, late]) {
      const frames = client.takeOnly('changes');
      expect(frames.length).toBeGreaterThan(1);
      expect(frames.map(({ last }) => last)).toEqual(frames.map((_, index) => index === frames.length - 1));
      const changes = frames.flatMap((frame) => frame.changes);
      expect(changes.map((change) => 'key' in change && change.key)).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(changes.every((change) => 'before' in change && change.before?.value === value)).toBe(true);
    }
  });

  it('[W33] is refused if changes after its revision are gone, with the revision from which on it would be complete', async () => {
    const { all, putMany, watch, connect } = stage(BRIEF);
    await putMany(8);
    await all.namespace.pass(1_000);
    await all.namespace.fireAlarm();
    const { emptiedRevision } = all.namespace.state.journal.entries;
    expect(emptiedRevision).toBe(6);
    const client = connect();
    await client.say({ type: 'watch', id: '1', watch: 'w', scope: ALL_KEYS, afterRevision: 5 });
    expect(client.take()).toEqual([
      {
        type: 'error',
        id: '1',
        code: 'COMPACTED',
        detail: expect.stringContaining('revision 5'),
        compactedRevision: 7,
      },
    ]);
    await expect(client.say({ type: 'unwatch', id: '2', watch: 'w' })).resolves.toBeUndefined();
    expect(client.take()).toMatchObject([{ type: 'error', id: '2' }]);
    // A watch that begins at the revision in the refusal gets its changes, too.
    await watch(client, { afterRevision: 6 });
    expect(taken(client)).toEqual(['7+k=7', '8+k=8']);
    // Services are not concerned.
    const services = connect();
    await services.ask({ type: 'watch', watch: 'w', scope: {}, afterRevision: 1 });
  });

  it('[W33] is refused for a revision between two epochs, which this history never had', async () => {
    const { all, putMany, watch, connect } = stage();
    await putMany(2);
    changeEpoch(all.namespace.state, 'restored', 'registry');
    await settle();
    await putMany(1);
    const client = connect();
    await client.say({ type: 'watch', id: '1', watch: 'w', scope: ALL_KEYS, afterRevision: 3 });
    const begun = all.namespace.state.journal.revision - 1;
    expect(client.take()).toMatchObject([{ code: 'COMPACTED', compactedRevision: begun }]);
    await expect(watch(client, { afterRevision: begun - 1 })).rejects.toThrow('COMPACTED');
    await watch(client, { afterRevision: begun });
    expect(taken(client)).toHaveLength(1);
  });

  it('[W33] ends if it falls behind the history, also after a sleep, instead of starting over', async () => {
    const { all, calls, putMany, watch, connect } = stage(BRIEF);
    const client = connect();
    await watch(client, { fromNow: true });
    const large = 'x'.repeat(ENTRY_VALUE_MAX_BYTES);
    for (let size = 0; size < CREDIT_INITIAL_BYTES; size += large.length) await calls().put('k', large);
    client.take();
    await all.namespace.hibernate();
    await putMany(8);
    await all.namespace.pass(1_000);
    await all.namespace.fireAlarm();
    await client.say({ type: 'credit', bytes: CREDIT_INITIAL_BYTES });
    const { emptiedRevision } = all.namespace.state.journal.entries;
    expect(client.take()).toEqual([
      { type: 'reset', watch: 'w', reason: 'compacted', ended: true, compactedRevision: emptiedRevision + 1 },
    ]);
    await putMany(1);
    expect(client.take()).toEqual([]);
    await expect(client.ask({ type: 'unwatch', watch: 'w' })).rejects.toThrow('no watch');
  });

  it('[W33] ends with a new epoch', async () => {
    const { all, putMany, watch, connect } = stage();
    const client = connect();
    await watch(client, { fromNow: true });
    changeEpoch(all.namespace.state, 'restored', 'registry');
    await settle();
    const { revision } = all.namespace.state.journal;
    const end = { type: 'reset', watch: 'w', reason: 'restored', ended: true, compactedRevision: revision };
    expect(client.take()).toEqual([end]);
    await putMany(1);
    expect(client.take()).toEqual([]);
  });
});
