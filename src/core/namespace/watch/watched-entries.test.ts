import { describe, expect, it } from 'vitest';
import { OWNER } from '../../../../test/fixtures/callers';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import type { Frame, SocketClient } from '../../../../test/fixtures/socket-client';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import type { EntryView } from '../../../model/entry';
import { CLOSE_CODES } from '../../../model/frames';
import { intervalOfPrefix } from '../../../model/key-interval';
import {
  CREDIT_INITIAL_BYTES,
  ENTRY_KEY_MAX_BYTES,
  ENTRY_VALUE_MAX_BYTES,
  FRAME_PART_MAX_BYTES,
  PREVIOUS_ENTRIES_MAX_BYTES,
} from '../../../model/limits';
import { DEFAULT_RETENTION } from '../commit/journal';

const CONFIG = { keys: [{ prefix: 'config/' }] };

function stage(retention = DEFAULT_RETENTION) {
  const all = new WatchStage(retention);
  const calls = () => new EntryCalls(all.namespace.registry);
  return {
    all,
    put: (key: string, value = key) => calls().put(key, value),
    remove: (key: string) => calls().delete(key),
  };
}

const shown = ({ key = '', value = '' }: EntryView) => `${key}=${value}`;

/** Returns the changes of a frame in short form: `+key=value` or `-key`, with the entry before if it is there. */
function changesIn({ changes }: Frame<'changes'>): string[] {
  return changes.map((change) => {
    if (change.kind !== 'entry') return change.kind;
    const { key = '', before } = change;
    const was = before === undefined ? '' : ` was ${before === null ? 'absent' : before.value}`;
    return change.type === 'put' ? `+${key}=${change.after.value}${was}` : `-${key}${was}`;
  });
}

/** Returns the changes that a client has received since the last call. */
const taken = (client: SocketClient) => client.takeOnly('changes').flatMap(changesIn);

/** A client that keeps a copy of the entries that it watches. */
class Replica {
  readonly entries = new Map<string, { value: string | undefined; revision: number }>();
  cursor = '';
  resets = 0;

  apply(frames: ReturnType<SocketClient['take']>): void {
    for (const frame of frames) {
      if (frame.type === 'reset') {
        this.resets += 1;
        this.entries.clear();
      } else if (frame.type === 'snapshot') {
        for (const { key = '', value, revision } of frame.entries ?? []) this.#put(key, value, revision);
      } else if (frame.type === 'changes') {
        for (const change of frame.changes) {
          if (change.kind !== 'entry') throw new Error('it watches no services');
          const { key = '' } = change;
          const known = this.entries.get(key)?.revision ?? 0;
          if (change.type === 'put') this.#put(key, change.after.value, change.after.revision);
          else if (known < frame.revision) this.entries.delete(key);
        }
      } else continue;
      if (frame.type !== 'reset' && frame.last !== false) this.cursor = frame.cursor;
    }
  }

  #put(key: string, value: string | undefined, revision: number): void {
    if ((this.entries.get(key)?.revision ?? 0) < revision) this.entries.set(key, { value, revision });
  }

  get texts(): string[] {
    return [...this.entries].map(([key, { value }]) => `${key}=${value}`).sort();
  }
}

describe('a watch of keys', () => {
  it('[KV11, W9, W10] starts with the entries of its scope, and gets their changes only', async () => {
    const { all, put, remove } = stage();
    await put('config/a');
    await put('config/b');
    await put('other');
    await all.scene.register('instance');
    const client = all.connect();
    await client.watch(CONFIG);
    const [snapshot] = client.takeOnly('snapshot');
    expect([snapshot?.services, snapshot?.entries?.map(shown)]).toEqual([
      [],
      ['config/a=config/a', 'config/b=config/b'],
    ]);
    await put('config/b', 'changed');
    await put('other', 'changed');
    await all.scene.register('another');
    await remove('config/a');
    await put('config/c', 'new');
    expect(taken(client)).toEqual(['+config/b=changed', '-config/a', '+config/c=new']);
  });

  it('[KV11] takes single keys, intervals and keys that are no text', async () => {
    const { all, put } = stage();
    const client = all.connect();
    await client.watch({
      keys: [{ key: 'a' }, { from: 'c', to: 'e' }, { prefixBase64: 'Yg==' }, { from: 'x' }],
    });
    for (const key of ['a', 'a/', 'b', 'bb', 'c', 'd/z', 'e', 'w', 'x', 'z']) await put(key, '');
    expect(taken(client)).toEqual(['+a=', '+b=', '+bb=', '+c=', '+d/z=', '+x=', '+z=']);
    const refused = all.connect();
    for (const keys of [[{}], [{ key: 'a', prefix: 'b' }], [{ keyBase64: '%' }], [{ key: 'k'.repeat(4_097) }]]) {
      await expect(refused.watch({ keys }), JSON.stringify(keys).slice(0, 40)).rejects.toThrow('INVALID_REQUEST');
    }
  });

  it('[KV11, W2] gets a revision as a whole, in the order of its changes, with services of its scope', async () => {
    const { all, put } = stage();
    await put('config/a');
    const client = all.connect();
    await client.watch({ ...CONFIG, services: ['orders'] });
    client.take();
    await all.scene.register('instance');
    expect(client.takeOnly('changes').map(({ changes }) => changes.map(({ kind }) => kind))).toEqual([['instance']]);
    await put('config/a', 'x'.repeat(FRAME_PART_MAX_BYTES + 1));
    const [large] = client.takeOnly('changes');
    expect([large?.part, large?.changes.length]).toEqual([undefined, 1]);
  });

  it('[KV11] has the entry before a change, for those that asked for it', async () => {
    const { all, put, remove } = stage();
    const [asking, plain] = [all.connect(), all.connect()];
    await asking.watch(CONFIG, { previous: true });
    await plain.watch(CONFIG);
    await put('config/a', 'first');
    await put('config/a', 'second');
    await remove('config/a');
    const expected = ['+config/a=first was absent', '+config/a=second was first', '-config/a was second'];
    expect(taken(asking)).toEqual(expected);
    expect(taken(plain)).toEqual(['+config/a=first', '+config/a=second', '-config/a']);
    const { cursor } = await all.namespace.registry.stats();
    await put('config/a', 'third');
    const late = all.connect();
    await late.watch(CONFIG, { previous: true, cursor });
    expect(taken(late)).toEqual(['+config/a=third was absent']);
  });

  it('[KV11, W9] gets a revision without the entries before it if these are too long for a connection', async () => {
    const { all, put } = stage();
    const { registry } = all.namespace;
    // Six characters of JSON for each.
    const value = '\u0001'.repeat(ENTRY_VALUE_MAX_BYTES);
    const count = Math.ceil(PREVIOUS_ENTRIES_MAX_BYTES / 6 / ENTRY_VALUE_MAX_BYTES);
    for (let index = 0; index < count; index++) await put(`config/${index}`, value);
    const { cursor } = await registry.stats();
    const [live, narrow, late] = [all.connect(), all.connect(), all.connect()];
    await live.watch(CONFIG, { previous: true, cursor });
    await narrow.watch({ keys: [{ key: 'config/3' }] }, { previous: true, cursor });
    for (const client of [live, narrow]) client.take();
    const interval = intervalOfPrefix('config/');
    await registry.transaction(OWNER, { if: [], do: [{ op: 'delete', interval }], else: [] });
    await late.watch(CONFIG, { previous: true, cursor });
    await settle();
    for (const client of [live, late]) {
      const changes = client.takeOnly('changes').flatMap((frame) => frame.changes);
      expect(changes).toHaveLength(count);
      expect(changes[0]).toEqual({ type: 'delete', kind: 'entry', key: 'config/0' });
    }
    const [alone] = narrow.takeOnly('changes');
    expect(alone?.changes).toMatchObject([{ key: 'config/3', before: { value } }]);
  });

  it('[KV11, W3, W4, W5] resumes from a cursor with what it missed, each change once', async () => {
    const { all, put, remove } = stage();
    const cursors = [(await all.namespace.registry.stats()).cursor];
    for (const [key, value] of [
      ['config/a', '1'],
      ['other', '2'],
      ['config/a', '3'],
    ] as const) {
      cursors.push(await put(key, value));
    }
    cursors.push(await remove('config/a'));
    const expected = ['+config/a=1', undefined, '+config/a=3', '-config/a'];
    for (const [index, cursor] of cursors.entries()) {
      const client = all.connect();
      await client.watch(CONFIG, { cursor });
      expect(taken(client), `from ${index}`).toEqual(expected.slice(index).filter((change) => change !== undefined));
    }
  });

  it('[KV11, W8] is sent nothing before it is durable', async () => {
    const { all, put } = stage();
    const client = all.connect();
    await client.watch(CONFIG);
    client.take();
    all.disk.hold();
    void put('config/a');
    await settle();
    expect(client.take()).toEqual([]);
    all.disk.release();
    await settle();
    expect(taken(client)).toEqual(['+config/a=config/a']);
  });

  it('[KV11, W6, KV8] starts over if the journal no longer has the changes of entries since its cursor', async () => {
    const { all, put } = stage({ ...DEFAULT_RETENTION, entries: { maxCount: 2, maxBytes: 1e9 } });
    const old = await put('config/a', '1');
    for (const value of ['2', '3', '4']) await put('config/a', value);
    await all.namespace.pass(1_000);
    await all.namespace.registry.alarm(all.namespace.platform.clock.now());
    await settle();
    const [keys, services] = [all.connect(), all.connect()];
    await keys.watch(CONFIG, { cursor: old });
    await services.watch({}, { cursor: old });
    const frames = keys.take();
    expect(frames.map(({ type }) => type)).toEqual(['reset', 'snapshot']);
    // The revision itself is still there, so watches of services go on.
    expect(services.take()).toEqual([]);
  });

  it('[KV11, W10, W12, W14] gives the exact state at its cursor, from a snapshot in parts, slow reading and a sleep', async () => {
    const { all, put, remove } = stage();
    const value = (index: number) => `${index} `.padEnd(ENTRY_VALUE_MAX_BYTES / 4, 'x');
    for (let index = 0; index < 60; index++) await put(`config/${index}`, value(index));
    await put('other', value(0));
    const client = all.connect();
    const replica = new Replica();
    await client.watch(CONFIG);
    replica.apply(client.take());
    expect(replica.cursor).toBe('');
    expect(replica.entries.size * value(0).length).toBeLessThan(2 * CREDIT_INITIAL_BYTES);
    await put('config/0', 'changed');
    await put('config/59', 'changed');
    await remove('config/58');
    await remove('config/1');
    await put('config/new', 'new');
    for (let round = 0; round < 10; round++) {
      if (round === 1) await all.namespace.hibernate();
      await client.say({ type: 'credit', bytes: 1024 * 1024 });
      replica.apply(client.take());
    }
    const { entries } = await new EntryCalls(all.namespace.registry).range({
      interval: { from: 'config/', to: 'config0' },
      keysOnly: true,
    });
    expect([...replica.entries].map(([key, { revision }]) => `${key} ${revision}`).sort()).toEqual(
      entries.map(({ key, revision }) => `${key} ${revision}`).sort(),
    );
    expect(replica.texts.filter((text) => text.length < 100)).toEqual([
      'config/0=changed',
      'config/59=changed',
      'config/new=new',
    ]);
    await put('config/2', 'live');
    replica.apply(client.take());
    expect(replica.texts).toContain('config/2=live');
    expect(replica.resets).toBe(0);
  });

  it('[KV11, W13, W5] is closed if its reader does not read, and then misses nothing', async () => {
    const { all, put } = stage();
    await put('config/count', 'start');
    const client = all.connect();
    const replica = new Replica();
    await client.watch(CONFIG);
    const value = (index: number) => `${index} `.padEnd(ENTRY_VALUE_MAX_BYTES, 'x');
    let puts = 0;
    while (client.socket.closed === undefined && puts < 100) await put(`config/${puts % 3}`, value(puts++));
    expect(client.socket.closed?.code).toBe(CLOSE_CODES.slowConsumer);
    expect(puts * ENTRY_VALUE_MAX_BYTES).toBeLessThan(4 * CREDIT_INITIAL_BYTES);
    replica.apply(client.take());
    const again = all.connect();
    await again.watch(CONFIG, { cursor: replica.cursor });
    for (let round = 0; round < 20; round++) {
      await again.say({ type: 'credit', bytes: 1024 * 1024 });
      replica.apply(again.take());
    }
    const last = (key: number) => value([puts - 1, puts - 2, puts - 3].find((each) => each % 3 === key) ?? -1);
    expect([...replica.entries].map(([key, { value: text }]) => [key, text?.trimEnd().slice(0, 8)]).sort()).toEqual(
      [
        ['config/0', last(0)],
        ['config/1', last(1)],
        ['config/2', last(2)],
        ['config/count', 'start'],
      ].map(([key, text]) => [key, text?.slice(0, 8)]),
    );
    expect(replica.resets).toBe(0);
  });

  it('[KV11, W14] continues a snapshot of the longest keys after a sleep', async () => {
    const { all, put } = stage();
    // A text of NULs takes six times as much as JSON.
    const keys = Array.from({ length: 30 }, (_, index) => '\0'.repeat(ENTRY_KEY_MAX_BYTES - 2) + String(index + 10));
    for (const key of keys) await put(key, 'x'.repeat(ENTRY_VALUE_MAX_BYTES / 2));
    const client = all.connect();
    const replica = new Replica();
    await client.watch({ keys: [{ prefix: '' }] });
    replica.apply(client.take());
    expect(replica.cursor).toBe('');
    await all.namespace.hibernate();
    for (let round = 0; round < 16; round++) {
      await client.say({ type: 'credit', bytes: 1024 * 1024 });
      replica.apply(client.take());
    }
    expect([[...replica.entries.keys()].sort(), replica.resets]).toEqual([keys, 0]);
  });

  it('[KV11, KV12, A5] needs a token for all of its keys', async () => {
    const { all } = stage();
    const connect = (services: string[], keys?: string[]) =>
      all.connect({ grants: [{ scope: 'read', ns: '*', services, keys }] });
    await connect([], ['config/*']).watch(CONFIG);
    await connect([], ['config/*', 'lock']).watch({ keys: [{ key: 'lock' }, { prefix: 'config/a' }] });
    for (const client of [connect(['DEFAULT_GROUP@@*']), connect([], ['config/a*']), connect([], ['config'])]) {
      await expect(client.watch(CONFIG)).rejects.toThrow('FORBIDDEN');
    }
    await expect(connect([], ['*']).watch({})).rejects.toThrow('FORBIDDEN');
    await expect(connect([], ['*']).watch({ ...CONFIG, services: ['orders'] })).rejects.toThrow('FORBIDDEN');
  });
});

describe('a watch without keys', () => {
  it('[KV11, W7] gets nothing of entries but its cursor', async () => {
    const { all, put } = stage();
    const client = all.connect();
    await client.watch({});
    client.take();
    const cursor = await put('config/a');
    await client.ask({ type: 'sync', watch: 'w' });
    const frames = client.take();
    expect(frames.filter(({ type }) => type !== 'bookmark')).toEqual([]);
    expect(frames.at(-1)).toMatchObject({ cursor });
  });
});
