import { describe, expect, it } from 'vitest';
import { EventReader } from '../../../test/fixtures/event-reader';
import { socketPurpose } from '../../../test/fixtures/socket-purpose';
import { problemOf, ROOT_TOKEN, SERVICE, TestApp } from '../../../test/fixtures/test-app';
import { ClientFrame } from '../../model/frames';
import { ENTRY_KEY_MAX_BYTES, WAITS_PER_SUBSCRIBER_MAX_COUNT } from '../../model/limits';
import { assertSocketUpgrade } from './watch-routes';

const WATCH = '/api/v1/ns/public/watch';
const SOCKET = '/api/v1/ns/public/socket';
const UPGRADE = { upgrade: 'websocket', 'sec-websocket-protocol': 'rollcall.v1' };
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** Opens a stream. Returns its response and its call to the namespace. */
async function asked(query: string, headers: Record<string, string> = {}) {
  const test = new TestApp();
  const response = await test.ask('GET', `${WATCH}${query}`, undefined, headers);
  await response.body?.cancel();
  const [socket] = test.sockets.opened;
  return { status: response.status, headers: response.headers, purpose: socket?.purpose, watch: socket?.sent[0] };
}

async function refused(query: string, headers: Record<string, string> = {}) {
  const test = new TestApp();
  const problem = await problemOf(await test.ask('GET', `${WATCH}${query}`, undefined, headers));
  expect(test.sockets.opened).toEqual([]);
  return [problem.status, problem.errors?.map(({ path }) => path)];
}

describe('the event stream', () => {
  it('[E1] disables buffering and transformation by proxies', async () => {
    const { status, headers } = await asked('');
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'rollcall-api': '1.0',
    });
  });

  it('covers the whole namespace, or the groups and services in the query', async () => {
    expect((await asked('')).watch).toMatchObject({ type: 'watch', scope: { groups: [], services: [] } });
    expect((await asked('?group=g&service=orders&service=h%40%40carts&group=i')).watch).toMatchObject({
      scope: { groups: ['g', 'i'], services: ['DEFAULT_GROUP@@orders', 'h@@carts'] },
    });
  });

  it('[E10] covers keys, prefixes and intervals of entries, also of keys that are not text', async () => {
    const keysOf = async (query: string) => {
      const { watch } = await asked(query);
      const { scope } = ClientFrame.parse(watch) as Extract<ClientFrame, { type: 'watch' }>;
      expect([scope.groups, scope.services]).toEqual([[], []]);
      return scope.keys;
    };
    expect(await keysOf('?key=config/a&prefix=lock%2F&key=%C3%BC')).toEqual([
      { from: 'config/a', to: 'config/a\0' },
      { from: '\u00c3\u00bc', to: '\u00c3\u00bc\0' },
      { from: 'lock/', to: 'lock0' },
    ]);
    expect(await keysOf('?from=a&to=b&from=c&to=')).toEqual([{ from: 'a', to: 'b' }, { from: 'c' }]);
    expect([await keysOf('?from=a'), await keysOf('?to=b')]).toEqual([[{ from: 'a' }], [{ from: '', to: 'b' }]]);
    expect(await keysOf('?prefix=')).toEqual([{ from: '' }]);
    expect(await keysOf('?base64=true&prefix=_w&key=%2Fw%3D%3D&from=AP8B&to=')).toEqual([
      { from: '\u00ff', to: '\u00ff\0' },
      { from: '\u00ff' },
      { from: '\0\u00ff\u0001' },
    ]);
    const longest = 'k'.repeat(ENTRY_KEY_MAX_BYTES);
    expect(await keysOf(`?key=${longest}`)).toEqual([{ from: longest, to: `${longest}\0` }]);
    expect((await asked('?key=a&previous=true')).watch).toMatchObject({ previous: true });
    expect((await asked('?key=a')).watch).not.toHaveProperty('previous');
  });

  it('[E10] refuses invalid keys by the name of their parameter', async () => {
    expect(await refused('?key=')).toEqual([400, ['key.0']]);
    expect(await refused(`?prefix=a&prefix=${'k'.repeat(ENTRY_KEY_MAX_BYTES + 1)}`)).toEqual([400, ['prefix.1']]);
    for (const text of ['%25', 'A', 'AA=A', 'AAAAA']) {
      expect(await refused(`?base64=true&key=${text}`), text).toEqual([400, ['key.0']]);
    }
    expect(await refused('?base64=true&from=AAAA&to=%21')).toEqual([400, ['from.0']]);
    expect(await refused('?from=a&from=b&to=c')).toEqual([400, ['to']]);
    expect(await refused(`?${'key=x&'.repeat(200)}${'prefix=x&'.repeat(57)}`)).toEqual([400, ['prefix.56']]);
    expect(await refused('?keys=x')).toEqual([400, ['keys']]);
    expect(await refused('?key=a&previous=1')).toEqual([400, ['previous']]);
  });

  it('[E2] resumes after Last-Event-ID, or else after the cursor in the query', async () => {
    expect((await asked('')).watch).not.toHaveProperty('cursor');
    expect((await asked('?cursor=cE.1.x')).watch).toMatchObject({ cursor: 'cE.1.x' });
    expect((await asked('', { 'last-event-id': 'cE.2.x' })).watch).toMatchObject({ cursor: 'cE.2.x' });
    expect((await asked('?cursor=cE.1.x', { 'last-event-id': 'cE.2.x' })).watch).toMatchObject({ cursor: 'cE.2.x' });
    expect((await asked('?cursor=cE.1.x', { 'last-event-id': '' })).watch).toMatchObject({ cursor: 'cE.1.x' });
  });

  it('[E3] refuses an invalid cursor', async () => {
    for (const text of ['x', 'c', 'c%20', `c${'x'.repeat(128)}`]) {
      expect(await refused(`?cursor=${text}`)).toEqual([400, ['cursor']]);
    }
    expect(await refused('', { 'last-event-id': '12' })).toEqual([400, ['Last-Event-ID']]);
  });

  it('refuses an invalid scope', async () => {
    expect(await refused('?service=')).toEqual([400, ['service.0.service']]);
    expect(await refused('?group=..')).toEqual([400, ['group.0']]);
    expect(await refused(`?${'service=x&'.repeat(257)}`)).toEqual([400, ['service']]);
    expect(await refused('?services=x')).toEqual([400, ['services']]);
    expect(await refused('?cursor=cE.1.x&cursor=cE.2.x')).toEqual([400, ['cursor']]);
  });

  it('[E9] takes its subscriber from the header or the query, or generates one', async () => {
    const named = async (query: string, headers: Record<string, string> = {}) => {
      const { purpose, headers: answered } = await asked(query, headers);
      const isGiven = UUID.test(purpose?.subscriber ?? '');
      expect(answered.get('rollcall-subscriber')).toBe(isGiven ? purpose?.subscriber : null);
      expect(purpose).toMatchObject({ kind: 'stream', caller: { tokenId: 'root' } });
      return purpose?.subscriber;
    };
    expect(await named('', { 'rollcall-subscriber': 'one' })).toBe('one');
    expect(await named('?subscriber=two')).toBe('two');
    expect(await named('?subscriber=two', { 'rollcall-subscriber': 'one' })).toBe('one');
    expect(await named('')).toMatch(UUID);
    expect(await named('')).not.toBe(await named(''));
    expect(await refused('', { 'rollcall-subscriber': '..' })).toEqual([400, ['Rollcall-Subscriber']]);
  });

  it('[E1] sends the frames of the namespace', async () => {
    const test = new TestApp();
    const response = await test.ask('GET', WATCH);
    const events = new EventReader(response.body);
    test.sockets.opened[0]?.deliver({ type: 'bookmark', watch: 'stream', cursor: 'cE.1.x' });
    expect(await events.take(1)).toMatchObject([{ event: 'bookmark', id: 'cE.1.x' }]);
  });

  it('is refused if the namespace refuses the watch', async () => {
    const test = new TestApp();
    test.sockets.reconnectWithinMs = undefined;
    const answer = test.ask('GET', WATCH);
    const socket = await test.sockets.next();
    socket.deliver({ type: 'error', id: 'watch', code: 'LIMIT_EXCEEDED', detail: 'too many' });
    expect(await problemOf(await answer)).toMatchObject({ status: 429, detail: 'too many' });
  });

  it('answers HEAD without opening a socket', async () => {
    const test = new TestApp();
    const response = await test.ask('HEAD', WATCH);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(test.sockets.opened).toEqual([]);
  });

  it('[P5] counts against its subscriber while it is open', async () => {
    const test = new TestApp();
    const open = () => test.ask('GET', `${WATCH}?subscriber=s`);
    const streams: Response[] = [];
    while (streams.length < WAITS_PER_SUBSCRIBER_MAX_COUNT) streams.push(await open());
    expect((await problemOf(await open())).code).toBe('LIMIT_EXCEEDED');
    test.sockets.opened[0]?.break(1006);
    expect((await open()).status).toBe(200);
  });
});

describe('the socket', () => {
  const connect = async (headers: Record<string, string>, query = '') => {
    const test = new TestApp();
    const response = await test.send('GET', `${SOCKET}${query}`, { headers });
    return { response, passed: test.sockets.passed };
  };

  it('[E8] is passed on to the namespace, and answered with its protocol only', async () => {
    const { passed } = await connect({
      upgrade: 'websocket',
      'sec-websocket-protocol': `token.${ROOT_TOKEN}, rollcall.v1`,
    });
    expect(passed).toEqual([
      {
        purpose: socketPurpose({ subscriber: expect.stringMatching(UUID) }),
        headers: {
          'Sec-WebSocket-Protocol': 'rollcall.v1',
          'Rollcall-Subscriber': passed[0]?.purpose.subscriber,
        },
      },
    ]);
  });

  it('[E8, A9] accepts the token in a header too, and refuses two', async () => {
    const header = { ...UPGRADE, authorization: `Bearer ${ROOT_TOKEN}` };
    expect((await connect(header)).passed).toHaveLength(1);
    const both = { ...header, 'sec-websocket-protocol': `rollcall.v1, token.${ROOT_TOKEN}` };
    expect((await connect(both)).response.status).toBe(401);
  });

  it('[A2, E8] is refused without a token, regardless of other errors', async () => {
    for (const headers of [
      UPGRADE,
      { ...UPGRADE, 'sec-websocket-protocol': 'rollcall.v1, token.wrong' },
      { ...UPGRADE, 'sec-websocket-protocol': 'rollcall.v1, token.' },
      { 'sec-websocket-protocol': 'nonsense' },
    ]) {
      const { response, passed } = await connect(headers);
      expect([response.status, passed]).toEqual([401, []]);
    }
  });

  it('[E8] refuses anything but a WebSocket of its protocol', async () => {
    const authorized = { authorization: `Bearer ${ROOT_TOKEN}` };
    const plain = await connect(authorized);
    expect(await problemOf(plain.response)).toMatchObject({ status: 426, code: 'UPGRADE_REQUIRED' });
    expect(plain.response.headers.get('upgrade')).toBe('websocket');
    const other = await connect({ ...authorized, ...UPGRADE, 'sec-websocket-protocol': 'chat' });
    expect(await problemOf(other.response)).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
    expect([...plain.passed, ...other.passed]).toEqual([]);
  });

  it('[E9] takes its subscriber from the header or the query', async () => {
    const headers = { ...UPGRADE, authorization: `Bearer ${ROOT_TOKEN}` };
    expect((await connect(headers, '?subscriber=one')).passed[0]?.purpose.subscriber).toBe('one');
    const both = await connect({ ...headers, 'rollcall-subscriber': 'two' }, '?subscriber=one');
    expect(both.passed[0]?.purpose.subscriber).toBe('two');
  });
});

describe('a read that waits', () => {
  const CONDITION = { 'if-none-match': '"cE.0.x"' };

  /** A namespace without changes, until the test makes one. */
  function unchanged() {
    const test = new TestApp();
    test.namespace.answer.body = null;
    return test;
  }

  it.each([
    [`${SERVICE}/resolve`, { groups: [], services: ['g@@orders'] }],
    [`${SERVICE}/instances`, { groups: [], services: ['g@@orders'] }],
    [`${SERVICE}/instances/a`, { groups: [], services: ['g@@orders'] }],
    [`${SERVICE}/instances/a/override`, { groups: [], services: ['g@@orders'] }],
    [SERVICE, { groups: [], services: ['g@@orders'] }],
    ['/api/v1/ns/public/services', { groups: [], services: [] }],
    ['/api/v1/ns/public/services?group=g', { groups: ['g'], services: [] }],
  ])('[P1] of %s waits for a change of that', async (path, scope) => {
    const test = unchanged();
    const answer = test.ask('GET', `${path}${path.includes('?') ? '&' : '?'}wait=30s`, undefined, CONDITION);
    const socket = await test.sockets.next();
    await expect.poll(() => socket.sent[0]).toMatchObject({ scope, cursor: 'cE.1.x' });
    test.namespace.answer.body = '{"ok":true}';
    socket.deliver({ type: 'changes', watch: 'x', cursor: 'cE.2.x', revision: 2, changes: [] });
    const response = await answer;
    expect([response.status, response.headers.get('preference-applied')]).toEqual([200, 'wait=30']);
    const [first, second] = test.namespace.calls;
    expect(second).toEqual(first);
    expect(test.namespace.calls).toHaveLength(2);
  });

  it('[P2] names the applied wait: that of the query, or else of the preference', async () => {
    const applied = async (query: string, prefer?: string) => {
      const test = unchanged();
      test.namespace.answer.body = '{}';
      const headers = prefer === undefined ? CONDITION : { ...CONDITION, prefer };
      return (await test.ask('GET', `${SERVICE}/resolve${query}`, undefined, headers)).headers.get(
        'preference-applied',
      );
    };
    expect(await applied('?wait=5m')).toBe('wait=300');
    expect(await applied('?wait')).toBe('wait=30');
    expect(await applied('', 'wait=20')).toBe('wait=20');
    expect(await applied('?wait=10s', 'wait=20')).toBe('wait=10');
    expect(await applied('', 'wait=9999')).toBe('wait=300');
    expect(await applied('')).toBeNull();
    expect(await applied('?wait=0s', 'wait=20')).toBeNull();
  });

  it('[P3] is answered immediately without a condition', async () => {
    const test = unchanged();
    const response = await test.ask('GET', `${SERVICE}/resolve?wait=30s`, undefined, { prefer: 'wait=20' });
    expect(response.headers.get('preference-applied')).toBeNull();
    expect(test.sockets.opened).toEqual([]);
  });

  it('[P2] refuses an invalid or too long wait, and one for a cached copy', async () => {
    for (const query of ['?wait=301s', '?wait=soon', '?wait=-1s', '?consistency=cached&wait=1s']) {
      const problem = await problemOf(await unchanged().ask('GET', `${SERVICE}/resolve${query}`, undefined, CONDITION));
      expect([query, problem.status, problem.errors?.[0]?.path]).toEqual([query, 400, 'wait']);
    }
    const cached = await unchanged().ask('GET', `${SERVICE}/resolve?consistency=cached`, undefined, {
      ...CONDITION,
      prefer: 'wait=20',
    });
    expect([cached.status, cached.headers.get('preference-applied')]).toEqual([200, null]);
  });

  it('[E9] names the subscriber to the namespace if the header does', async () => {
    const test = new TestApp();
    await test.ask('GET', `${SERVICE}/resolve`, undefined, { ...CONDITION, 'rollcall-subscriber': 'p' });
    await test.ask('GET', `${SERVICE}/resolve`, undefined, CONDITION);
    expect(test.namespace.calls.map(({ asked: [options] }) => options)).toMatchObject([
      { subscriber: { id: 'p' }, ifNoneMatch: 'cE.0.x' },
      { subscriber: undefined },
    ]);
    const polling = unchanged();
    const answer = polling.ask('GET', `${SERVICE}/resolve?wait=1s`, undefined, {
      ...CONDITION,
      'rollcall-subscriber': 'p',
    });
    const socket = await polling.sockets.next();
    expect(socket.purpose).toEqual(socketPurpose({ kind: 'poll', subscriber: 'p', proof: 'marks' }));
    socket.break(1006);
    expect((await answer).status).toBe(304);
  });
});

const protocols = (value: string) => new Headers({ upgrade: 'websocket', 'sec-websocket-protocol': value });

describe('assertSocketUpgrade', () => {
  it('[E8] accepts a WebSocket that offers the subprotocol', () => {
    for (const offered of ['rollcall.v1', 'other, rollcall.v1', 'token.x,rollcall.v1']) {
      expect(() => assertSocketUpgrade({ method: 'GET', headers: protocols(offered) })).not.toThrow();
    }
    const shouted = protocols('rollcall.v1');
    shouted.set('upgrade', 'WebSocket');
    expect(() => assertSocketUpgrade({ method: 'GET', headers: shouted })).not.toThrow();
  });

  it('[E8] refuses anything else', () => {
    const refusal = (headers: Headers, method = 'GET') => {
      try {
        assertSocketUpgrade({ method, headers });
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(refusal(new Headers())).toMatchObject({ code: 'UPGRADE_REQUIRED' });
    expect(refusal(new Headers({ upgrade: 'h2c' }))).toMatchObject({ code: 'UPGRADE_REQUIRED' });
    expect(refusal(protocols('rollcall.v1'), 'HEAD')).toMatchObject({ code: 'UPGRADE_REQUIRED' });
    for (const headers of [new Headers({ upgrade: 'websocket' }), protocols('rollcall.v2'), protocols('token.x')]) {
      expect(refusal(headers)).toMatchObject({
        code: 'INVALID_REQUEST',
        details: { errors: [{ path: 'Sec-WebSocket-Protocol' }] },
      });
    }
  });
});
