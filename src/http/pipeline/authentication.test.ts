import { describe, expect, it } from 'vitest';
import { NO_STATS, problemOf, ROOT_TOKEN, TestApp } from '../../../test/fixtures/test-app';
import { Authenticator } from '../../auth/authenticator';
import { FailedLogins } from '../../auth/failed-logins';
import { TOKEN_ID_LENGTH, TOKEN_SECRET_LENGTH, tokenText } from '../../auth/token-text';
import { RegistryError } from '../../model/errors';
import type { Grant } from '../../model/grant';
import { FAILED_LOGINS_MAX_COUNT, LAST_KNOWN_MAX_AGE_MS, VERIFICATION_MAX_AGE_MS } from '../../model/limits';
import { Authentication } from './authentication';

const NS = '/api/v1/ns/public';
const READ: Grant[] = [{ scope: 'read', ns: 'public' }];
const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });
const wrong = (id = 'x'.repeat(TOKEN_ID_LENGTH)): string => tokenText(id, 'y'.repeat(TOKEN_SECRET_LENGTH));

/** Status and code of an answer. */
async function outcome(answer: Promise<Response>): Promise<string> {
  const response = await answer;
  return response.ok ? String(response.status) : `${response.status} ${(await problemOf(response)).code}`;
}

describe('tokens', () => {
  it('[A6, A60] are accepted, refused, or answered with Retry-After while the directory is unreachable', async () => {
    const test = new TestApp();
    const { token } = test.directory.give(READ);
    expect(await outcome(test.send('GET', `${NS}/stats`, bearer(token)))).toBe('200');
    expect(await outcome(test.send('GET', `${NS}/stats`, bearer(wrong())))).toBe('401 UNAUTHENTICATED');
    test.directory.failure = new RegistryError('UNAVAILABLE', 'the directory could not be reached');
    test.now += VERIFICATION_MAX_AGE_MS;
    expect(await outcome(test.send('GET', `${NS}/stats`, bearer(token)))).toBe('200');
    test.now += LAST_KNOWN_MAX_AGE_MS - VERIFICATION_MAX_AGE_MS;
    const refused = test.send('GET', `${NS}/stats`, bearer(token));
    expect([await outcome(refused), (await refused).headers.get('retry-after')]).toEqual(['503 UNAVAILABLE', '1']);
    expect(await outcome(test.send('GET', `${NS}/stats`, bearer(ROOT_TOKEN)))).toBe('200');
    expect(test.namespace.calls).toHaveLength(3);
  });

  it('[A60, A62] stay cached despite attempts of others to revoke them, also while the directory is unreachable', async () => {
    const test = new TestApp();
    const { token, id } = test.directory.give(READ);
    const other = bearer(test.directory.give(READ).token);
    let failure = new RegistryError('TOKEN_NOT_FOUND', 'there is no such token that this one may manage');
    Object.assign(test.directory, { revokeToken: () => Promise.reject(failure) });
    const seen = () => outcome(test.send('GET', `${NS}/stats`, bearer(token)));
    const revoke = () => outcome(test.send('DELETE', `/api/v1/tokens/${id}`, other));
    expect([await seen(), await revoke()]).toEqual(['200', '404 TOKEN_NOT_FOUND']);
    failure = new RegistryError('UNAVAILABLE', 'the directory could not be reached');
    test.directory.failure = failure;
    expect([await seen(), await revoke(), await seen()]).toEqual(['200', '503 UNAVAILABLE', '200']);
  });

  it('[A62] are verified again after the response to their revocation was lost', async () => {
    const test = new TestApp();
    const { token, id } = test.directory.give(READ);
    const revokeToken = () => {
      test.directory.revoke(id);
      return Promise.reject(new RegistryError('UNAVAILABLE', 'the answer was lost'));
    };
    Object.assign(test.directory, { revokeToken });
    const seen = () => outcome(test.send('GET', `${NS}/stats`, bearer(token)));
    expect(await seen()).toBe('200');
    await test.send('DELETE', `/api/v1/tokens/${id}`, bearer(ROOT_TOKEN));
    expect(await seen()).toBe('401 UNAUTHENTICATED');
  });

  it('[A2] are checked before anything else of the request is read', async () => {
    const test = new TestApp();
    const sent = { method: 'PUT', body: '{', ...bearer(wrong()) };
    expect(await outcome(test.send('PUT', `${NS}/groups/%ff/services/x?y`, sent))).toBe('401 UNAUTHENTICATED');
  });
});

describe('cached reads', () => {
  it('[A4] share a copy among authorized callers, and check every caller', async () => {
    const test = new TestApp();
    const path = `${NS}/groups/g/services/s/resolve?consistency=cached&maxAge=60s`;
    const first = test.directory.give([{ scope: 'read', ns: 'public', services: ['g@@s'] }]);
    const second = test.directory.give(READ);
    const other = test.directory.give([{ scope: 'read', ns: 'public', services: ['g@@other'] }]);
    expect(await outcome(test.send('GET', path, bearer(first.token)))).toBe('200');
    expect(await outcome(test.send('GET', path, bearer(second.token)))).toBe('200');
    expect(await outcome(test.send('GET', `/t/${second.token}${path}`))).toBe('200');
    expect(test.namespace.calls, 'all share one copy').toHaveLength(1);
    expect(await outcome(test.send('GET', path, bearer(other.token)))).toBe('403 FORBIDDEN');
    expect(await outcome(test.send('GET', path))).toBe('401 UNAUTHENTICATED');
  });
});

describe('failed logins', () => {
  const attempts = async (test: TestApp, count: number, init: (attempt: number) => RequestInit): Promise<string[]> => {
    const seen: string[] = [];
    for (let attempt = 0; attempt < count; attempt++) {
      seen.push(await outcome(test.send('GET', `${NS}/stats`, init(attempt))));
    }
    return seen;
  };
  const from = (address: string, token: string): RequestInit => ({
    headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': address },
  });
  const idOf = (attempt: number): string => String(attempt).padStart(TOKEN_ID_LENGTH, '0');
  const refusals = [...Array(FAILED_LOGINS_MAX_COUNT).fill('401 UNAUTHENTICATED'), '429 LIMIT_EXCEEDED'];

  it('[A8] are counted by address, for any credential, and never block a valid token', async () => {
    const test = new TestApp({ trustedProxy: true });
    const { token } = test.directory.give(READ);
    const guesses = attempts(test, refusals.length, (attempt) => from('192.0.2.1', wrong(idOf(attempt))));
    expect(await guesses).toEqual(refusals);
    const refused = await test.send('GET', `${NS}/stats`, from('192.0.2.1', 'anything'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect(await outcome(test.send('GET', `${NS}/stats`, from('192.0.2.1', token)))).toBe('200');
    expect(await outcome(test.send('GET', `${NS}/stats`, from('192.0.2.1', ROOT_TOKEN)))).toBe('200');
    expect(await outcome(test.send('GET', `${NS}/stats`, from('192.0.2.2', wrong())))).toBe('401 UNAUTHENTICATED');
    test.now += 60_000;
    expect(await outcome(test.send('GET', `${NS}/stats`, from('192.0.2.1', wrong())))).toBe('401 UNAUTHENTICATED');
  });

  it('[A8] are counted by the attempted id if the address is unknown', async () => {
    const test = new TestApp();
    const { token, id } = test.directory.give(READ);
    expect(await attempts(test, refusals.length, () => from('192.0.2.1', wrong(id)))).toEqual(refusals);
    expect(await outcome(test.send('GET', `${NS}/stats`, bearer(token)))).toBe('200');
    expect(await attempts(test, refusals.length, (attempt) => bearer(`malformed-${attempt}`))).toEqual(refusals);
    expect(await attempts(test, 30, (attempt) => bearer(wrong(idOf(attempt))))).not.toContain('429 LIMIT_EXCEEDED');
  });

  it('[A8] are not counted without a token, or with several', async () => {
    const test = new TestApp({ trustedProxy: true });
    const nothing = { 'x-forwarded-for': '192.0.2.1' };
    const several = { headers: { ...nothing, authorization: `Bearer ${wrong()}, Bearer ${wrong()}` } };
    expect(await attempts(test, 30, () => ({ headers: nothing }))).not.toContain('429 LIMIT_EXCEEDED');
    expect(await attempts(test, 30, () => several)).not.toContain('429 LIMIT_EXCEEDED');
  });

  it('[A8] are counted at every door: paths, subprotocols, tickets, and paths that do not exist', async () => {
    const test = new TestApp({ trustedProxy: true });
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    for (let round = 0; round < FAILED_LOGINS_MAX_COUNT / 4; round++) {
      await test.send('GET', `/t/${wrong()}/health`, { headers });
      await test.send('GET', `${NS}/watch?ticket=x`, { headers });
      await test.send('GET', `${NS}/socket`, { headers: { ...headers, 'sec-websocket-protocol': 'token.x' } });
      await test.send('GET', '/nope', { headers: { ...headers, authorization: 'Bearer x' } });
    }
    const next = test.send('GET', '/nope', { headers: { ...headers, authorization: 'Bearer x' } });
    expect(await outcome(next)).toBe('429 LIMIT_EXCEEDED');
  });
});

describe('tokens in paths', () => {
  it('[A10] authenticate read-only tokens, and tokens created for paths', async () => {
    const test = new TestApp();
    const reader = test.directory.give(READ);
    const scraper = test.directory.give([{ scope: 'metrics', ns: '*' }]);
    const writer = test.directory.give([{ scope: 'register', ns: 'public' }], { pathWrite: true });
    expect(await outcome(test.send('GET', `/t/${reader.token}${NS}/stats`))).toBe('200');
    expect(await outcome(test.send('GET', `/t/${reader.token}/nope`))).toBe('404 ROUTE_NOT_FOUND');
    expect(await outcome(test.send('DELETE', `/t/${reader.token}${NS}/groups/g/services/s`))).toBe('403 FORBIDDEN');
    test.namespace.answer.body = NO_STATS;
    expect(await outcome(test.send('GET', `/t/${scraper.token}/metrics`))).toBe('200');
    expect(await outcome(test.send('DELETE', `/t/${writer.token}${NS}/groups/g/services/s/instances/i`))).toBe('204');
    expect(await outcome(test.send('GET', `/t/${writer.token}${NS}/stats`))).toBe('403 FORBIDDEN');
  });

  it.each([
    ['root', (): string => ROOT_TOKEN],
    ['operate', (test: TestApp): string => test.directory.give([{ scope: 'operate', ns: 'public' }]).token],
    ['register', (test: TestApp): string => test.directory.give([{ scope: 'register', ns: 'public' }]).token],
    ['read and more', (test: TestApp) => test.directory.give([...READ, { scope: 'register', ns: 'public' }]).token],
    ['wrong', (): string => wrong()],
    ['none', (): string => ''],
  ])('[A10] are refused if %s, also at open doors', async (_, tokenOf) => {
    const test = new TestApp();
    const token = tokenOf(test);
    for (const path of [`${NS}/stats`, '/health', '/', '/docs', '/nope']) {
      expect(await outcome(test.send('GET', `/t/${token}${path}`)), path).toBe('401 UNAUTHENTICATED');
    }
    expect(test.namespace.calls).toEqual([]);
  });

  it.each([
    ['/../..', '404 ROUTE_NOT_FOUND'],
    ['/%2e%2e/%2e%2e/api/v1/ns/other/stats', '401 UNAUTHENTICATED'],
    ['/../../api/v1/ns/other/stats', '401 UNAUTHENTICATED'],
    ['/api/v1/ns/public/../other/stats', '403 FORBIDDEN'],
    ['/api/v1/ns/public/%2e%2e/other/stats', '403 FORBIDDEN'],
    ['/api/v1/ns/public%2F..%2Fother/stats', '400 INVALID_REQUEST'],
    ['/api/v1/ns/..%2Fother/stats', '400 INVALID_REQUEST'],
    ['/api/v1/ns/%252e%252e/stats', '400 INVALID_REQUEST'],
    ['/api/v1/ns/public%00/stats', '400 INVALID_REQUEST'],
    ['/api/v1/ns/public;x/stats', '400 INVALID_REQUEST'],
    ['//api/v1/ns/other/stats', '404 ROUTE_NOT_FOUND'],
    ['/api/v1/ns/other/stats', '403 FORBIDDEN'],
    ['/api/v1/ns/*/stats', '400 INVALID_REQUEST'],
    ['/api/v1/ns/Public/stats', '403 FORBIDDEN'],
    ['%2Fapi/v1/ns/public/stats', '401 UNAUTHENTICATED'],
    ['%3F/api/v1/ns/public/stats', '401 UNAUTHENTICATED'],
  ])('[A10] reach nothing else with %s', async (path, expected) => {
    const test = new TestApp();
    const { token } = test.directory.give(READ);
    const got = await outcome(test.send('GET', `/t/${token}${path}`));
    // The URL standard takes dots out before we see them, and the token with them: what is left is open to everybody.
    expect(got).toBe(path === '/../..' ? '200' : expected);
    expect(test.namespace.calls).toEqual([]);
  });

  it('[A10] are read once: a second one in the path is part of an unknown route, and a header is refused', async () => {
    const test = new TestApp();
    const { token } = test.directory.give(READ);
    expect(await outcome(test.send('GET', `/t/${token}/t/${token}${NS}/stats`))).toBe('404 ROUTE_NOT_FOUND');
    expect(await outcome(test.send('GET', `/t/${token}${NS}/stats`, bearer(token)))).toBe('401 UNAUTHENTICATED');
  });

  it('[A13] appear in no response and no stored record', async () => {
    const test = new TestApp();
    const writer = test.directory.give([{ scope: 'register', ns: 'public' }], { pathWrite: true });
    test.namespace.answer.created = true;
    const response = await test.send('POST', `/t/${writer.token}${NS}/groups/g/services/s/instances`, {
      headers: { 'content-type': 'application/json' },
      body: '{"address":"10.0.0.7","port":80}',
    });
    expect(response.headers.get('location')).toBe(`${NS}/groups/g/services/s/instances/10.0.0.7%3A80`);
    expect(JSON.stringify(test.namespace.calls)).not.toContain(writer.token);
  });
});

describe('redeemed tokens', () => {
  it('[A67, A69] open sockets that end with them', async () => {
    const test = new TestApp();
    const { token, id } = test.directory.give(READ, { redeemedId: 'r', expiresAt: test.now + 60_000 });
    await test.send('GET', `${NS}/socket`, {
      headers: { ...bearer(token).headers, upgrade: 'websocket', 'sec-websocket-protocol': 'rollcall.v1' },
    });
    expect(test.sockets.passed).toMatchObject([
      { purpose: { caller: { tokenId: id }, redeemedId: 'r', expiresAt: test.now + 60_000 } },
    ]);
  });
});

describe('tickets', () => {
  const socket = (protocols: string): RequestInit => ({
    headers: { upgrade: 'websocket', 'sec-websocket-protocol': protocols },
  });

  it('[A11] open a stream or a socket, once', async () => {
    const test = new TestApp();
    const verified = { tokenId: 'page', grants: READ, pathWrite: false };
    const inQuery = test.directory.ticketFor(verified);
    expect(await outcome(test.send('HEAD', `${NS}/watch?ticket=${inQuery}`))).toBe('200');
    expect((await test.send('GET', `${NS}/watch?ticket=${inQuery}`)).status).toBe(401);
    const onSocket = test.directory.ticketFor(verified);
    expect(await outcome(test.send('GET', `${NS}/socket?ticket=${onSocket}`, socket('rollcall.v1')))).toBe('200');
    const offered = test.directory.ticketFor(verified);
    expect(await outcome(test.send('GET', `${NS}/socket`, socket(`rollcall.v1, ticket.${offered}`)))).toBe('200');
    expect(await outcome(test.send('GET', `${NS}/socket`, socket(`rollcall.v1, ticket.${offered}`)))).toBe(
      '401 UNAUTHENTICATED',
    );
    expect(test.sockets.passed.map(({ purpose }) => purpose.caller.tokenId)).toEqual(['page', 'page']);
    expect(JSON.stringify(test.sockets.passed)).not.toContain(onSocket);
  });

  it('[A11] open nothing else, and are not used up by the attempt', async () => {
    const test = new TestApp();
    const ticket = test.directory.ticketFor({ tokenId: 'page', grants: READ, pathWrite: false });
    for (const path of [`${NS}/stats`, `${NS}/services`, '/metrics']) {
      expect(await outcome(test.send('GET', `${path}?ticket=${ticket}`))).toBe('401 UNAUTHENTICATED');
    }
    expect(await outcome(test.send('GET', `${NS}/stats`, bearer(ticket)))).toBe('401 UNAUTHENTICATED');
    expect(await outcome(test.send('GET', `/t/${ticket}${NS}/stats`))).toBe('401 UNAUTHENTICATED');
    expect(await outcome(test.send('HEAD', `${NS}/watch?ticket=${ticket}`))).toBe('200');
  });

  it('[A9] beside another credential are refused, and not used up', async () => {
    const test = new TestApp();
    const ticket = test.directory.ticketFor({ tokenId: 'page', grants: READ, pathWrite: false });
    const url = `${NS}/watch?ticket=${ticket}`;
    expect(await outcome(test.send('GET', url, bearer(ROOT_TOKEN)))).toBe('401 UNAUTHENTICATED');
    expect(await outcome(test.send('GET', `${url}&ticket=${ticket}`))).toBe('401 UNAUTHENTICATED');
    expect(await outcome(test.send('HEAD', url))).toBe('200');
  });
});

const OVER_RATE = new RegistryError('LIMIT_EXCEEDED', 'too fast', { retryAfterSeconds: 1, isOverRate: true });

/** Authentication at a time that is moved by hand. */
function stage() {
  const time = { now: 1_000_000 };
  const now = () => time.now;
  const { directory } = new TestApp();
  const authenticator = new Authenticator({ rootToken: ROOT_TOKEN, directory, askDirectory: (ask) => ask(), now });
  const refusals = new Authentication({
    authenticator,
    failedLogins: new FailedLogins(now),
    origins: { trustedProxy: false },
    now,
  });
  const isRefused = (tokenId: string, namespace = 'public'): boolean => {
    try {
      refusals.assertWithinRate(tokenId, namespace);
      return false;
    } catch (error) {
      expect(error).toBe(OVER_RATE);
      return true;
    }
  };
  return { time, refusals, isRefused };
}

it('[N24] refuses a token for a second after it exceeded its rate in a namespace, and no other token', () => {
  const { time, refusals, isRefused } = stage();
  expect(isRefused('t')).toBe(false);
  refusals.noteRefusal('t', 'public', OVER_RATE);
  expect([isRefused('t'), isRefused('other'), isRefused('t', 'staging')]).toEqual([true, false, false]);
  time.now += 999;
  expect(isRefused('t')).toBe(true);
  time.now += 1;
  expect(isRefused('t')).toBe(false);
});

it('[N24] ignores errors that do not predict the next request', () => {
  const { refusals, isRefused } = stage();
  refusals.noteRefusal(
    't',
    'public',
    new RegistryError('LIMIT_EXCEEDED', 'too many sockets', { retryAfterSeconds: 10 }),
  );
  refusals.noteRefusal('t', 'public', new Error('lost'));
  expect(isRefused('t')).toBe(false);
});

it('[N24] refuses for no longer if the clock goes back, and forgets the oldest beyond its limit', () => {
  const { time, refusals, isRefused } = stage();
  refusals.noteRefusal('t', 'public', OVER_RATE);
  time.now -= 10_000;
  expect(isRefused('t')).toBe(false);
  for (let count = 0; count <= 1_000; count += 1) refusals.noteRefusal(`t${count}`, 'public', OVER_RATE);
  expect([isRefused('t0'), isRefused('t1'), isRefused('t1000')]).toEqual([false, true, true]);
});
