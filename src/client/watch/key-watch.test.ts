import { describe, expect, it, onTestFinished } from 'vitest';
import { HandTime } from '../../../test/fixtures/hand-time';
import { HandWebSockets } from '../../../test/fixtures/hand-web-socket';
import { turn } from '../../../test/fixtures/turns';
import { utf8Bytes } from '../../model/bytes';
import type { Entry } from '../entries/entry';
import { ClientCore } from '../wire/client-core';
import { type KeyEvent, type KeyScope, type KeyWatchOptions, watchKeys } from './key-watch';

const NUMBERS = { bytes: 1, createdRevision: 1, version: 1 };
const at = (revision: number) => ({ ...NUMBERS, revision });

const shown = ({ key, value }: Pick<Entry, 'key' | 'value'>) => `${key}=${Buffer.from(value).toString('latin1')}`;

/** Returns an event in short form: `=` for a snapshot, `+` and `-` for changes, `was` for the entry before. */
function textOf(event: KeyEvent): string {
  if (event.type === 'snapshot') return `=${event.entries.map(shown)}`;
  if (event.type !== 'changes') return event.type;
  const changes = event.changes.map((change) => {
    const { previous } = change;
    const was = previous === undefined ? '' : ` was ${previous === null ? 'absent' : shown(previous)}`;
    return change.type === 'put' ? `+${shown(change.entry)}${was}` : `-${change.key}${was}`;
  });
  return changes.join(' ');
}

/** Opens a watch over a socket whose other end is the test. */
function stage(scope: KeyScope, options: KeyWatchOptions = {}) {
  const sockets = new HandWebSockets();
  const time = new HandTime();
  time.random = () => 0;
  const core = new ClientCore({ url: 'http://registry.example', WebSocket: sockets.WebSocket }, time);
  const events: string[] = [];
  const onEvent = (event: KeyEvent) => events.push(textOf(event));
  const watch = watchKeys(core, scope, { transport: 'socket', onEvent, ...options });
  onTestFinished(() => watch.close());
  const connect = async () => {
    time.advance(0);
    await turn();
    sockets.last.open();
    await turn();
    const frame = sockets.last.answer({ reconnectWithinMs: 1_000 });
    await turn();
    const say = (type: string, more: object) => sockets.last.say({ type, watch: String(frame.watch), ...more });
    return { frame, say };
  };
  return { core, sockets, watch, events, connect, isOver: () => core.opened.size === 0 };
}

const change = (revision: number, changes: object[]) => ({
  cursor: `c.${revision}`,
  revision,
  cause: 'put',
  actor: 'root',
  at: '2026-09-18T12:00:00.000Z',
  changes,
});

describe('a watch of entries by socket', () => {
  it('[W31] converts keys and values to bytes, with the entries before changes', async () => {
    const { events, watch, connect } = stage({ prefix: 'a' }, { previous: true });
    const { frame, say } = await connect();
    expect(frame).toMatchObject({ type: 'watch', scope: { keys: [{ prefix: 'a' }] }, previous: true });
    expect(frame).not.toHaveProperty('observer');
    const entries = [
      { key: 'a', value: '1', ...at(1) },
      { keyBase64: 'Yf8=', valueBase64: '/wA=', ...at(1) },
    ];
    say('snapshot', { cursor: 'c.1', revision: 1, services: [], entries, part: 0, last: false });
    say('snapshot', {
      cursor: 'c.1',
      revision: 1,
      services: [],
      entries: [{ key: 'b', value: '', ...at(1) }],
      part: 1,
      last: true,
    });
    say(
      'changes',
      change(2, [
        { type: 'put', kind: 'entry', key: 'a', after: { value: '2', ...at(2) }, before: { value: '1', ...at(1) } },
        { type: 'delete', kind: 'entry', keyBase64: 'Yf8=', before: { valueBase64: '/wA=', ...at(1) } },
        { type: 'put', kind: 'entry', key: 'ab', after: { value: 'new', ...at(2) }, before: null },
      ]),
    );
    say('bookmark', { cursor: 'c.9' });
    say('reset', { reason: 'compacted' });
    expect(events).toEqual([
      '=a=1,a\ufffd=\u00ff\0,b=',
      '+a=2 was a=1 -a\ufffd was a\ufffd=\u00ff\0 +ab=new was absent',
      'bookmark',
      'reset',
    ]);
    expect(watch.cursor).toBeUndefined();
  });

  it('[W31] has each event with its cursor, and an entry that is read like any other', async () => {
    const { watch, connect } = stage({ key: 'a' }, { onEvent: undefined });
    const { say } = await connect();
    say('snapshot', { cursor: 'c.1', revision: 1, services: [], entries: [] });
    const after = { value: '{"a":1}', contentType: 'application/json', ...at(2) };
    say('changes', change(2, [{ type: 'put', kind: 'entry', key: 'a', after }]));
    const events: KeyEvent[] = [];
    for await (const event of watch) {
      events.push(event);
      if (events.length === 2) break;
    }
    expect(events[0]).toEqual({ type: 'snapshot', cursor: 'c.1', revision: 1, entries: [] });
    expect(events[1]).toMatchObject({ type: 'changes', cursor: 'c.2', revision: 2, cause: 'put', actor: 'root' });
    const [put] = events[1]?.type === 'changes' ? events[1].changes : [];
    if (put?.type !== 'put') throw new Error('expected an entry');
    expect([put.key, put.keyBytes, put.entry.contentType, put.entry.json()]).toEqual([
      'a',
      utf8Bytes('a'),
      'application/json',
      { a: 1 },
    ]);
    expect(put).not.toHaveProperty('previous');
  });

  it('[W31, W5] resumes after its newest event, and hands on no change twice', async () => {
    const { sockets, events, connect } = stage({ key: 'a' });
    const put = (revision: number) =>
      change(revision, [{ type: 'put', kind: 'entry', key: 'a', after: { value: `${revision}`, ...at(revision) } }]);
    const first = await connect();
    expect(first.frame.cursor).toBeUndefined();
    // A later part of a snapshot may be newer than its revision.
    const entries = [{ key: 'a', value: '3', ...at(3) }];
    first.say('snapshot', { cursor: 'c.1', revision: 1, services: [], entries });
    for (const revision of [2, 3, 4]) first.say('changes', put(revision));
    sockets.last.break();
    const second = await connect();
    expect(second.frame).toMatchObject({ cursor: 'c.4' });
    for (const revision of [4, 5]) second.say('changes', put(revision));
    expect(events).toEqual(['=a=3', 'bookmark', 'bookmark', '+a=4', '+a=5']);
  });

  it('[W31] sends keys that are not text as base64', async () => {
    const scope = [{ key: Uint8Array.of(255) }, { prefix: 'ü' }, { from: '', to: 'b' }, { from: 'x' }];
    const { connect } = stage(scope);
    expect((await connect()).frame.scope).toEqual({
      keys: [{ keyBase64: '/w==' }, { prefix: 'ü' }, { from: '', to: 'b' }, { from: 'x' }],
    });
  });

  it('[W31] refuses keys that are not valid, and ends with the error of the registry', async () => {
    const core = new ClientCore({ url: 'http://registry.example' }, new HandTime());
    const refused = [[], { key: '' }, { from: 'a', to: '' }, { key: '\ud800' }] satisfies KeyScope[];
    for (const scope of refused) {
      const refusal = expect.objectContaining({ code: 'INVALID_REQUEST' });
      expect(() => watchKeys(core, scope), JSON.stringify(scope)).toThrow(refusal);
    }
    const ends: unknown[] = [];
    const { sockets, watch, isOver } = stage(
      { key: 'a' },
      { onEvent: undefined, onEnd: (error) => ends.push(error?.code) },
    );
    await turn();
    sockets.last.open();
    await turn();
    // An older registry, which knows no keys, must not make it a watch of everything.
    sockets.last.refuse('INVALID_REQUEST');
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    expect([ends, isOver()]).toEqual([['INVALID_REQUEST'], true]);
  });
});

/** A registry that answers requests with what the test lines up, and keeps further ones waiting. */
function answering(answers: (() => Response)[]) {
  const asked: { url: URL; headers: Headers }[] = [];
  const fetch = (url: string, init: RequestInit = {}): Promise<Response> => {
    asked.push({ url: new URL(url), headers: new Headers(init.headers) });
    const answer = answers.shift();
    if (answer !== undefined) return Promise.resolve(answer());
    return new Promise((_, reject) => init.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
  };
  const core = new ClientCore({ url: 'http://registry.example', fetch }, new HandTime());
  return { core, asked };
}

describe('a watch of entries by event stream', () => {
  it('[W31] names its keys in the query, and reads the events', async () => {
    const snapshot = {
      type: 'snapshot',
      watch: 'stream',
      cursor: 'c.1',
      revision: 1,
      services: [],
      entries: [{ key: 'a', value: '1', ...at(1) }],
    };
    const text = `retry: 400\n\nevent: snapshot\nid: c.1\ndata: ${JSON.stringify(snapshot)}\n\n`;
    const { core, asked } = answering([() => new Response(text, { headers: { 'content-type': 'text/event-stream' } })]);
    const scope = [{ key: 'a' }, { prefix: 'b/' }, { prefix: 'c' }, { from: 'd', to: 'e' }, { from: 'f' }];
    const watch = watchKeys(core, scope, { transport: 'stream', previous: true });
    for await (const event of watch) {
      expect(textOf(event)).toBe('=a=1');
      break;
    }
    expect(asked[0]?.url.search).toBe('?key=a&prefix=b%2F&prefix=c&from=d&from=f&to=e&to=&previous=true');
    const binary = answering([]);
    watchKeys(binary.core, [{ key: Uint8Array.of(255) }, { from: 'a' }], { transport: 'stream' });
    await expect.poll(() => binary.asked.length).toBe(1);
    expect(binary.asked[0]?.url.search).toBe('?key=_w&from=YQ&to=&base64=true');
  });
});

describe('a watch of entries by long polls', () => {
  const list = (cursor: string, entries: object[], next?: string) => () =>
    Response.json(
      { entries, count: entries.length, more: next !== undefined, next },
      {
        headers: { etag: `"${cursor}"`, 'rollcall-cursor': cursor },
      },
    );

  it('[W31] reads each range with all its pages, and waits for the next change', async () => {
    const { core, asked } = answering([
      list('c.2', [{ key: 'a', value: '1', ...at(1) }], 'YQ'),
      list('c.2', [{ key: 'b', value: '2', ...at(2) }]),
      list('c.3', [{ key: 'b', value: '3', ...at(3) }]),
    ]);
    const watch = watchKeys(core, { prefix: '' }, { transport: 'poll' });
    const events: string[] = [];
    for await (const event of watch) {
      events.push(textOf(event));
      if (events.length === 2) break;
    }
    expect(events).toEqual(['=a=1,b=2', '=b=3']);
    expect(asked.slice(0, 3).map(({ url }) => url.pathname + url.search)).toEqual([
      '/api/v1/ns/public/kv?prefix=',
      '/api/v1/ns/public/kv?prefix=&at=c.2&after=YQ',
      '/api/v1/ns/public/kv?prefix=',
    ]);
    const { headers } = asked[2] ?? {};
    expect([headers?.get('if-none-match'), headers?.get('prefer'), headers?.get('rollcall-subscriber')]).toEqual([
      '"c.2"',
      'wait=30',
      null,
    ]);
  });

  it('[W31] joins several ranges, which may overlap, and asks for single keys', async () => {
    const longest = 'k'.repeat(4_096);
    const urlBase64Of = (text: string) => Buffer.from(text).toString('base64url');
    const { core, asked } = answering([
      list('c.1', [{ key: 'a', value: 'old', ...at(1) }]),
      list('c.3', [
        { key: 'a', value: 'new', ...at(2) },
        { keyBase64: '/w==', value: '3', ...at(3) },
      ]),
      list('c.3', []),
      list('c.3', []),
    ]);
    const scope = [{ key: 'a' }, { from: 'a' }, { key: longest }, { from: 'x', to: 'y' }];
    const watch = watchKeys(core, scope, { transport: 'poll' });
    for await (const event of watch) {
      expect(textOf(event)).toBe('=a=new,\ufffd=3');
      expect(event).toMatchObject({ revision: 3 });
      break;
    }
    const queries = asked.slice(0, 4).map(({ url }) => [...url.searchParams]);
    expect(queries).toEqual([
      [
        ['from', 'YQ'],
        ['to', 'YQA'],
        ['base64', 'true'],
      ],
      [['from', 'a']],
      [
        ['prefix', urlBase64Of(longest)],
        ['base64', 'true'],
      ],
      [
        ['from', 'x'],
        ['to', 'y'],
      ],
    ]);
    const binary = answering([]);
    watchKeys(binary.core, { key: Uint8Array.of(255) }, { transport: 'poll' });
    await expect.poll(() => binary.asked.length).toBe(1);
    expect([...(binary.asked[0]?.url.searchParams ?? [])]).toEqual([
      ['from', '_w'],
      ['to', '_wA'],
      ['base64', 'true'],
    ]);
  });
});
