import { describe, expect, it } from 'vitest';
import { HandTime } from '../../../test/fixtures/hand-time';
import { turn } from '../../../test/fixtures/turns';
import { ClientCore } from '../wire/client-core';
import { entryCalls } from './entry-calls';

/** A request as a registry would get it. */
interface Made {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: unknown;
}

/** Any entry, as the registry returns it. */
const ENTRY = { key: 'a', value: 'x', bytes: 1, createdRevision: 3, revision: 5, version: 2 };

const json = (body: object, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  json({ code, detail: 'no' }, status, headers);

/** @param answers Responses in their order, the last one for all further requests; an error is a request without one. */
function stage(...answers: (() => Response | Error)[]) {
  const made: Made[] = [];
  const time = new HandTime();
  const core = new ClientCore(
    {
      url: 'https://registry.example',
      fetch: async (url, { method = '', headers, body } = {}) => {
        const { pathname, searchParams } = new URL(url);
        const path = pathname.replace('/api/v1/ns/public', '');
        made.push({
          method,
          path,
          query: Object.fromEntries(searchParams),
          headers: headers as Record<string, string>,
          body,
        });
        const answer = (answers[made.length - 1] ?? answers.at(-1) ?? (() => json(ENTRY)))();
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    time,
  );
  return { calls: entryCalls(core), made, time };
}

const lost = () => new TypeError('socket closed');

describe('the path of an entry', () => {
  it.each([
    ['config/db/url', '/kv/config%2Fdb%2Furl', undefined],
    ['größe %', '/kv/gr%C3%B6%C3%9Fe%20%25', undefined],
    ['a/../b', '/kv/YS8uLi9i', 'true'],
    ['.', '/kv/Lg', 'true'],
    ['a//b', '/kv/YS8vYg', 'true'],
    ['a\0', '/kv/YQA', 'true'],
    [Uint8Array.of(0xff, 0xfe), '/kv/__4', 'true'],
    [new TextEncoder().encode('plain'), '/kv/plain', undefined],
  ])('of %j is %s', async (key, path, base64) => {
    const { calls, made } = stage();
    await calls.get(key);
    expect([made[0]?.path, made[0]?.query.base64, made[0]?.query.as]).toEqual([path, base64, 'entry']);
  });

  it.each(['', new Uint8Array(0), 'half \ud83d'])('is refused for %j', async (key) => {
    const { calls, made } = stage();
    await expect(calls.get(key)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    expect(made).toEqual([]);
  });
});

describe('get', () => {
  it('returns value and numbers', async () => {
    const found = await stage(() =>
      json({ ...ENTRY, value: '{"a":1}', contentType: 'application/json', lease: '7' }),
    ).calls.get('a');
    expect(found).toMatchObject({ key: 'a', revision: 5, createdRevision: 3, version: 2, lease: '7' });
    expect([found?.text(), found?.json(), found?.value]).toEqual([
      '{"a":1}',
      { a: 1 },
      new TextEncoder().encode('{"a":1}'),
    ]);
  });

  it('returns bytes that are no text', async () => {
    const { key: _key, value: _value, ...numbers } = ENTRY;
    const found = await stage(() => json({ ...numbers, keyBase64: 'YQD/', valueBase64: 'AP8=' })).calls.get('a');
    expect([found?.keyBytes, found?.key, found?.value]).toEqual([
      Uint8Array.of(0x61, 0, 0xff),
      'a\0\ufffd',
      Uint8Array.of(0, 0xff),
    ]);
  });

  it('returns undefined without an entry, and throws for all other refusals', async () => {
    expect(await stage(() => problem(404, 'ENTRY_NOT_FOUND')).calls.get('a')).toBeUndefined();
    const refused = stage(() => problem(404, 'NAMESPACE_NOT_FOUND')).calls.get('a');
    await expect(refused).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
  });
});

describe('put', () => {
  it('sends bytes, with a type only if there is one', async () => {
    const { calls, made } = stage(
      () => json(ENTRY, 201),
      () => json(ENTRY),
    );
    expect(await calls.put('a', 'größe')).toMatchObject({ created: true, revision: 5 });
    expect(await calls.put('a', Uint8Array.of(0, 255), { contentType: 'image/png', lease: '12' })).toMatchObject({
      created: false,
    });
    expect(made.map(({ headers }) => headers['Content-Type'])).toEqual([undefined, 'image/png']);
    expect(made.map(({ body }) => body)).toEqual([new TextEncoder().encode('größe'), Uint8Array.of(0, 255)]);
    expect(made[1]?.query).toEqual({ lease: '12' });
  });

  it.each<unknown>([5, { a: 1 }, undefined, null, [1], new ArrayBuffer(2), new DataView(new ArrayBuffer(2))])(
    'refuses %j as a value, of which bytes would be zeros or none',
    async (value) => {
      const { calls, made } = stage();
      // `as`: a program without types may pass anything.
      await expect(calls.put('a', value as string)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('must be a string or a Uint8Array'),
      });
      await expect(calls.get(value as string)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
      expect(made).toEqual([]);
    },
  );

  it('sends its condition', async () => {
    const { calls, made } = stage();
    await calls.put('a', '', { ifRevision: 7 });
    await calls.put('a', '', { ifAbsent: true });
    await calls.delete('a', { ifRevision: 8 });
    expect(made.map(({ query, headers }) => [query.ifRevision, headers['If-None-Match']])).toEqual([
      ['7', undefined],
      [undefined, '*'],
      ['8', undefined],
    ]);
  });
});

describe('a call that is not answered', () => {
  it.each([
    ['get', lost],
    ['get', () => problem(503, 'UNAVAILABLE')],
    ['put', lost],
    ['delete', () => problem(504, 'DEADLINE_EXCEEDED')],
  ] as const)('[LK4] is repeated if that has no further effect: %s', async (name, failure) => {
    const { calls, made, time } = stage(failure, failure, () => json(ENTRY));
    const done = name === 'put' ? calls.put('a', '') : calls[name]('a');
    for (let attempt = 0; attempt < 2; attempt++) {
      await turn();
      time.advance(2_000);
    }
    await done;
    expect(made).toHaveLength(3);
  });

  it('[LK4] is repeated if it acquires a lock, which succeeds again, and sent once if it releases one', async () => {
    const locked = { ...ENTRY, lock: { lease: '12', index: 1, acquiredRevision: 5 } };
    const { calls, made, time } = stage(lost, () => json(locked), lost);
    const acquired = calls.put('a', '', { acquire: '12' });
    await turn();
    time.advance(2_000);
    expect((await acquired).lock).toEqual(locked.lock);
    await expect(calls.put('a', '', { release: '12' })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(made.map(({ query }) => query)).toEqual([{ acquire: '12' }, { acquire: '12' }, { release: '12' }]);
  });

  it('is given up after three attempts', async () => {
    const { calls, made, time } = stage(lost);
    const done = expect(calls.get('a')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    for (let attempt = 0; attempt < 4; attempt++) {
      await turn();
      time.advance(2_000);
    }
    await done;
    expect(made).toHaveLength(3);
  });

  // The registry may have carried it out. A repetition would then be refused, as if another client had been first.
  it('[LK4] is sent once if it has a condition, so that no mismatch is its own effect', async () => {
    const { calls, made } = stage(lost, () => problem(412, 'REVISION_MISMATCH'));
    const unreachable = { code: 'UNREACHABLE' };
    await expect(calls.put('a', '', { ifAbsent: true })).rejects.toMatchObject(unreachable);
    expect(made).toHaveLength(1);
    const other = stage(lost);
    await expect(other.calls.put('a', '', { ifRevision: 1 })).rejects.toMatchObject(unreachable);
    await expect(other.calls.delete('a', { ifRevision: 1 })).rejects.toMatchObject(unreachable);
    await expect(other.calls.transaction({ do: [{ op: 'delete', key: 'a' }] })).rejects.toMatchObject(unreachable);
    expect(other.made).toHaveLength(3);
  });

  it('is not repeated if the registry has refused it', async () => {
    const { calls, made } = stage(() => problem(429, 'LIMIT_EXCEEDED'));
    await expect(calls.put('a', '')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(made).toHaveLength(1);
  });

  it('waits as long as the registry asks for, unless the caller gives up', async () => {
    const { calls, made, time } = stage(() => problem(503, 'UNAVAILABLE', { 'retry-after': '30' }));
    const caller = new AbortController();
    const done = expect(calls.get('a', { signal: caller.signal })).rejects.toThrow('enough');
    await turn();
    time.advance(29_000);
    await turn();
    expect(made).toHaveLength(1);
    caller.abort(new Error('enough'));
    await done;
  });
});

describe('a range', () => {
  it('is a prefix, an interval or a key, as base64 if it is not text', async () => {
    const { calls, made } = stage(() => json({ entries: [ENTRY], count: 1, more: false }));
    await calls.range({ prefix: 'a/' }, { limit: 2, order: 'revision', descending: true, at: 'c1' });
    await calls.range({ from: 'a', to: 'b' });
    await calls.range({ key: 'a' });
    await calls.range({ prefix: Uint8Array.of(0xff) });
    expect(made.map(({ query }) => query)).toEqual([
      { prefix: 'a/', limit: '2', order: 'revision', descending: 'true', at: 'c1' },
      { from: 'a', to: 'b' },
      { from: 'YQ', to: 'YQA', base64: 'true' },
      { prefix: '_w', base64: 'true' },
    ]);
    // A program without types may name both.
    await expect(calls.range({ prefix: 'a', key: 'b' })).rejects.toThrow('got key and prefix');
  });

  it('is listed page by page, as it was when the first was read', async () => {
    const page = (key: string, next?: string) => () =>
      json({ entries: [{ ...ENTRY, key }], count: 3, more: next !== undefined, next }, 200, {
        'rollcall-cursor': `c-${key}`,
      });
    const { calls, made } = stage(page('a', 'YQ'), page('b', 'Yg'), page('c'));
    const keys = [];
    for await (const { key } of calls.list({ prefix: '' }, { pageSize: 1 })) keys.push(key);
    expect(keys).toEqual(['a', 'b', 'c']);
    expect(made.map(({ query }) => query)).toEqual([
      { prefix: '', limit: '1' },
      { prefix: '', limit: '1', at: 'c-a', after: 'YQ' },
      { prefix: '', limit: '1', at: 'c-a', after: 'Yg' },
    ]);
  });
});

describe('a transaction', () => {
  it('is sent as JSON, with bytes as base64', async () => {
    const { calls, made } = stage(() => json({ succeeded: true, cursor: 'c1', revision: 9, results: [] }));
    const bytes = Uint8Array.of(0xff);
    await calls.transaction({
      if: [
        { key: 'a', exists: false },
        { prefix: 'jobs/', version: ['<', 3] },
        { key: bytes, createdRevision: 7 },
        { key: 'b', value: ['!=', bytes] },
        { key: 'b', value: 'text' },
        { key: 'b', lease: null },
        { key: 'b', lock: '12' },
      ],
      do: [
        { op: 'put', key: 'a', value: bytes, lease: '12', previous: true },
        { op: 'put', key: 'b', keepValue: true, release: '12' },
        { op: 'delete', from: 'a', to: 'b' },
        { op: 'transaction', do: [{ op: 'range', key: 'a', order: 'revision' }] },
        { op: 'deregister', service: 'orders', id: 'orders-1' },
      ],
    });
    expect(made[0]).toMatchObject({ method: 'POST', path: '/transaction' });
    expect(JSON.parse(String(made[0]?.body))).toEqual({
      if: [
        { key: 'a', property: 'exists', operand: false },
        { prefix: 'jobs/', property: 'version', is: '<', operand: 3 },
        { keyBase64: '/w==', property: 'createdRevision', is: '=', operand: 7 },
        { key: 'b', property: 'value', is: '!=', operandBase64: '/w==' },
        { key: 'b', property: 'value', is: '=', operand: 'text' },
        { key: 'b', property: 'lease', operand: null },
        { key: 'b', property: 'lock', operand: '12' },
      ],
      do: [
        { op: 'put', key: 'a', valueBase64: '/w==', lease: '12', previous: true },
        { op: 'put', key: 'b', keepValue: true, release: '12' },
        { op: 'delete', from: 'a', to: 'b' },
        { op: 'transaction', if: [], do: [{ op: 'range', key: 'a', order: 'revision' }], else: [] },
        { op: 'deregister', service: 'orders', id: 'orders-1' },
      ],
      else: [],
    });
  });

  it('is refused if it has members that would be left out, such as conditions under another name', async () => {
    const { calls, made } = stage();
    const put = { op: 'put', key: 'a', value: '' } as const;
    const compares = [{ key: 'a', exists: false }];
    const named = { compares, do: [put] };
    await expect(calls.transaction(named)).rejects.toThrow('a transaction has if, do and else; got compares');
    await expect(calls.transaction({ do: [{ op: 'transaction', ...named }] })).rejects.toThrow('got compares');
    await expect(calls.transaction({ if: [{ key: 'a', exists: true, revision: 7 }], do: [put] })).rejects.toThrow(
      'a condition has one property; got exists and revision',
    );
    // `as`: a program without types may omit the property.
    const none = { key: 'a' } as { key: string; exists: boolean };
    await expect(calls.transaction({ if: [none], do: [put] })).rejects.toThrow('got none');
    expect(made).toEqual([]);
  });

  it('passes on members of operations that it does not know, which the registry refuses', async () => {
    const { calls, made } = stage(() => json({ succeeded: true, cursor: 'c1', revision: 9, results: [] }));
    const odd = { ifRevision: 7 };
    await calls.transaction({
      do: [
        { op: 'put', key: 'a', value: '', previous: false, contentType: undefined, ...odd },
        { op: 'delete', key: 'b', ...odd },
        { op: 'range', prefix: 'c', limit: 1, ...odd },
      ],
    });
    expect(JSON.parse(String(made[0]?.body))).toMatchObject({
      do: [
        { op: 'put', key: 'a', value: '', ifRevision: 7 },
        { op: 'delete', key: 'b', ifRevision: 7 },
        { op: 'range', prefix: 'c', limit: 1, ifRevision: 7 },
      ],
    });
  });

  it('returns results of each kind', async () => {
    const { value: _value, ...numbers } = ENTRY;
    const results = [
      { op: 'put', outcome: 'created', entry: numbers },
      { op: 'delete', deleted: 1, previous: [ENTRY] },
      { op: 'transaction', succeeded: false, results: [{ op: 'range', entries: [ENTRY], count: 1, more: false }] },
    ];
    const { calls } = stage(() => json({ succeeded: true, cursor: 'c1', revision: 9, results }));
    const report = await calls.transaction({ do: [] });
    expect(report).toMatchObject({ succeeded: true, cursor: 'c1', revision: 9 });
    const [put, removed, nested] = report.results;
    expect(put).toMatchObject({ op: 'put', created: true, entry: { key: 'a', revision: 5 } });
    expect(removed?.op === 'delete' && removed.previous?.map((entry) => entry.text())).toEqual(['x']);
    expect(nested).toMatchObject({ succeeded: false, results: [{ op: 'range', count: 1, entries: [{ key: 'a' }] }] });
  });
});
