import { describe, expect, it } from 'vitest';
import { failureOf } from './failure';

const WHAT = 'GET http://registry.example/health';

const detailOf = async (
  failure: unknown,
  { what = WHAT, token = undefined as string | undefined, isNew = true } = {},
) => (await failureOf(failure, what, 'got no response', { token, isNew }))[1];

describe('the reason of a failure', () => {
  it.each([
    [
      'Node',
      new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:80') }),
      'connect ECONNREFUSED 127.0.0.1:80',
    ],
    [
      'Node with more than one address',
      new TypeError('fetch failed', {
        cause: new AggregateError([
          new Error('connect ECONNREFUSED ::1:80'),
          new Error('connect ECONNREFUSED 127.0.0.1:80'),
        ]),
      }),
      'connect ECONNREFUSED ::1:80, connect ECONNREFUSED 127.0.0.1:80',
    ],
    [
      'Bun',
      Object.assign(new Error('Unable to connect'), { code: 'ConnectionRefused' }),
      'Unable to connect (ConnectionRefused)',
    ],
    [
      'Deno',
      new TypeError('fetch failed', {
        cause: new Error(
          'error sending request for url (http://registry.example/a?q=1): client error (Connect): Connection refused',
        ),
      }),
      'client error (Connect): Connection refused',
    ],
    [
      'Deno, of a connection',
      new TypeError('fetch failed', {
        cause: new Error(
          'error sending request from 127.0.0.1:1 for http://registry.example/a (127.0.0.1:80): client error (SendRequest): x',
        ),
      }),
      'client error (SendRequest): x',
    ],
    ['a browser', new TypeError('Failed to fetch'), 'Failed to fetch'],
    ['anything thrown', 'no network', 'no network'],
    ['an error without a message', Object.assign(new Error(), { code: 'EPIPE' }), 'EPIPE'],
  ])('is found in %s', async (_where, failure, reason) => {
    expect(await detailOf(failure)).toBe(`${WHAT} got no response: ${reason}`);
  });

  it('ends, even if an error is its own cause', async () => {
    const failure = new Error('round');
    failure.cause = failure;
    expect(await detailOf(failure)).toContain('round');
  });

  it('advises on the scheme of the url', async () => {
    const noTls = Object.assign(new Error('wrong version number'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' });
    expect(await detailOf(noTls, { what: 'GET https://registry.example/' })).toMatch(/try a url with http:\/\//);
    expect(await detailOf(noTls)).not.toMatch(/try a/);
    expect(await detailOf(new Error('other side closed'))).toMatch(/must start with https:\/\//);
    expect(await detailOf(new Error('other side closed'), { isNew: false })).not.toMatch(/must/);
    expect(await detailOf(new Error('other side closed'), { what: 'GET https://registry.example/' })).not.toMatch(
      /must/,
    );
  });

  it('contains no secret, nor does its cause', async () => {
    const failure = new TypeError('invalid header value: "Bearer s3cret" for https://registry.example/a?key=private');
    const [code, detail, facts] = await failureOf(failure, WHAT, 'got no response', { token: 's3cret', isNew: true });
    expect([code, facts?.cause]).toEqual(['UNREACHABLE', undefined]);
    expect(detail).toBe(
      `${WHAT} got no response: invalid header value: "Bearer <token>" for https://registry.example/a`,
    );
    const plain = new Error('fetch failed');
    expect((await failureOf(plain, WHAT, 'got no response', { token: 's3cret', isNew: true }))[2]?.cause).toBe(plain);
  });
});

describe('a response', () => {
  it('of a registry keeps its code', async () => {
    const answer = Response.json({ code: 'FORBIDDEN', detail: 'no' }, { status: 403 });
    expect(await failureOf(answer, WHAT, '', { token: undefined, isNew: true })).toMatchObject([
      'FORBIDDEN',
      'no',
      { status: 403 },
    ]);
  });

  it.each([
    [200, 'text/html', '<h1>Welcome</h1>', 'INVALID_REQUEST'],
    [404, 'text/html; charset=utf-8', '<h1>Not found</h1>', 'INVALID_REQUEST'],
    [401, 'application/json', '{"code": 401}', 'INVALID_REQUEST'],
    [200, 'application/json', '{"code": "OK", "detail": "x"}', 'INVALID_REQUEST'],
    [502, 'text/html', '<h1>Bad gateway</h1>', 'UNAVAILABLE'],
  ])('with status %i and %s from another server says so', async (status, type, body, code) => {
    const answer = new Response(body, { status, headers: { 'content-type': type } });
    const [found, detail] = await failureOf(answer, WHAT, '', { token: undefined, isNew: true });
    expect(found).toBe(code);
    expect(detail).toBe(
      `${WHAT} was answered with status ${status} and ${type.split(';')[0]}, but not by a registry; check the url`,
    );
  });
});
