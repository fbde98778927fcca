import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NodeDirectory } from '../../../test/fixtures/node-directory';
import { problemOf, ROOT_TOKEN, TestApp } from '../../../test/fixtures/test-app';
import type { AuditTrail } from '../../model/audit';
import {
  CREDENTIAL_MAX_CHARACTERS,
  FAILED_LOGINS_MAX_COUNT,
  FORM_READ_MAX_MS,
  TICKET_BODY_MAX_BYTES,
} from '../../model/limits';
import type { NamespaceList } from '../../model/namespace';
import type { IssuedToken, RedeemedToken, Ticket, TokenList } from '../../model/token';

function begin() {
  const directory = new NodeDirectory();
  const test = new TestApp({ directory: directory.api, trustedProxy: true });
  const ask = async <T = unknown>(method: string, path: string, body?: unknown, headers = {}) => {
    const response = await test.ask(method, `/api/v1${path}`, body, headers);
    expect(response.headers.get('rollcall-api')).toBe('1.0');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const text = await response.text();
    // `as`: each test says what it expects.
    return { status: response.status, headers: response.headers, body: (text === '' ? '' : JSON.parse(text)) as T };
  };
  return { directory, test, ask };
}

describe('routes of namespaces', () => {
  it('create, show, change and remove a namespace', async () => {
    const { ask } = begin();
    const made = await ask('POST', '/ns', { id: 'a', title: 'A', limits: { perToken: { sockets: 2 } } });
    expect([made.status, made.headers.get('location')]).toEqual([201, '/api/v1/ns/a']);
    const again = await ask('POST', '/ns', { id: 'a', title: 'A', limits: { perToken: { sockets: 2 } } });
    expect([again.status, again.headers.get('location')]).toEqual([200, null]);
    expect(again.body).toEqual(made.body);
    expect((await ask('GET', '/ns/a')).body).toEqual(made.body);
    expect((await ask('PATCH', '/ns/a', { title: null })).body).not.toHaveProperty('title');
    const page = await ask<NamespaceList>('GET', '/ns?limit=1');
    expect([page.body.namespaces.map(({ id }) => id), page.body.next]).toEqual([['a'], 'a']);
    const last = await ask<NamespaceList>('GET', '/ns?after=a');
    expect([last.body.namespaces.map(({ id }) => id), last.body.next]).toEqual([['public'], undefined]);
    expect((await ask('DELETE', '/ns/a')).status).toBe(204);
    expect((await ask('GET', '/ns/a')).status).toBe(404);
  });

  it('remove a namespace with records by force', async () => {
    const { ask, directory } = begin();
    await ask('POST', '/ns', { id: 'a' });
    directory.controls.sizes.set('a', { instances: 2, services: 1 });
    const refused = await ask<{ detail: string }>('DELETE', '/ns/a');
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('instances: 2')]);
    expect((await ask('DELETE', '/ns/a?force=false')).status).toBe(409);
    expect((await ask('DELETE', '/ns/a?force')).status).toBe(204);
  });

  it.each([
    ['POST', '/ns', {}],
    ['POST', '/ns', { id: 'a b' }],
    ['POST', '/ns', { id: '..' }],
    ['POST', '/ns', { id: 'x'.repeat(65) }],
    ['POST', '/ns', { id: 'a', colour: 'red' }],
    ['POST', '/ns', { id: 'a', placement: { hint: 'weur', jurisdiction: 'eu' } }],
    ['POST', '/ns', { id: 'a', limits: { instances: 0 } }],
    ['PATCH', '/ns/public', { placement: { hint: 'weur' } }],
    ['PATCH', '/ns/public', { id: 'b' }],
    ['GET', '/ns/a.b', undefined],
    ['GET', '/ns/a:b', undefined],
    ['GET', '/ns/a%2Fb', undefined],
    ['DELETE', '/ns/a.b?force', undefined],
    ['GET', '/ns?limit=0', undefined],
    ['GET', '/ns?title=x', undefined],
    ['POST', '/tokens', { name: 'x', grants: [] }],
    ['POST', '/tokens', { name: 'x', grants: [{ scope: 'read', ns: 'a' }], expiresInMs: 1 }],
    ['POST', '/tokens', { name: 'x', grants: [{ scope: 'read', ns: 'a' }], pathWrite: true }],
    ['POST', '/tokens/x/rotate', { overlapMs: -1 }],
    ['GET', '/audit?limit=1001', undefined],
    ['GET', '/audit?after=x', undefined],
    ['GET', '/audit?ns=a.b', undefined],
  ])('[I10] refuse %s %s %j, and change nothing', async (method, path, body) => {
    const { test, directory } = begin();
    directory.platform.storage.takeWritten();
    const response = await test.ask(method, `/api/v1${path}`, body);
    expect([response.status, (await problemOf(response)).code]).toEqual([400, 'INVALID_REQUEST']);
    expect(directory.platform.storage.takeWritten()).toEqual({});
  });
});

describe('routes of tokens', () => {
  it('[A22, A23, A24] create, list, rotate and revoke a token', async () => {
    const { ask, test } = begin();
    const request = { name: 'orders', grants: [{ scope: 'read', ns: 'public' }], expiresInMs: 3_600_000 };
    const made = await ask<IssuedToken>('POST', '/tokens', request);
    const { token, ...view } = made.body;
    expect([made.status, made.headers.get('location')]).toEqual([201, `/api/v1/tokens/${view.id}`]);
    expect((await ask<TokenList>('GET', '/tokens')).body).toEqual({ tokens: [view] });
    const allowed = (secret: string) =>
      test
        .send('GET', '/api/v1/ns/public', { headers: { authorization: `Bearer ${secret}` } })
        .then(({ status }) => status);
    expect(await allowed(token)).toBe(200);
    const rotated = await ask<IssuedToken>('POST', `/tokens/${view.id}/rotate`, { overlapMs: 1_000 });
    expect([rotated.status, rotated.body.id]).toEqual([200, view.id]);
    expect(await allowed(rotated.body.token)).toBe(200);
    expect((await ask('DELETE', `/tokens/${view.id}`)).status).toBe(204);
    test.now += 30_000;
    expect([await allowed(token), await allowed(rotated.body.token)]).toEqual([401, 401]);
  });

  it('[A64] show any valid token to its holder', async () => {
    const { ask } = begin();
    for (const scope of ['admin', 'operate', 'register', 'read', 'metrics']) {
      const grants = [{ scope, ns: 'public' }];
      const { token, id } = (await ask<IssuedToken>('POST', '/tokens', { name: scope, grants })).body;
      const { status, body } = await ask('GET', '/token', undefined, { authorization: `Bearer ${token}` });
      expect([status, body]).toEqual([200, { id, name: scope, grants, root: false }]);
    }
    expect((await ask('GET', '/token')).body).toMatchObject({ id: 'root', root: true });
  });

  it('[A26] create a ticket', async () => {
    const { ask, directory } = begin();
    const { status, body } = await ask<{ ticket: string }>('POST', '/tickets');
    expect(status).toBe(200);
    expect(await directory.api.redeemTicket(body.ticket)).toMatchObject({ tokenId: 'root' });
  });
});

describe('the route that redeems a ticket', () => {
  const REDEEM = '/api/v1/tickets/redeem';

  function beginWithTicket() {
    const stage = begin();
    const ticket = async (headers = {}) =>
      (await stage.ask<Ticket>('POST', '/tickets', undefined, headers)).body.ticket;
    /** Sends a body without any other credential. */
    const redeem = (body: string, headers: Record<string, string> = {}) =>
      stage.test.send('POST', REDEEM, { headers: { 'content-type': 'application/json', ...headers }, body });
    return { ...stage, ticket, redeem };
  }

  it('[A65, A66] needs no token, and returns one that is never stored in a cache', async () => {
    const { ask, ticket, redeem } = beginWithTicket();
    const grants = [{ scope: 'read', ns: 'public' }];
    const page = (await ask<IssuedToken>('POST', '/tokens', { name: 'page', grants })).body;
    const body = JSON.stringify({ ticket: await ticket({ authorization: `Bearer ${page.token}` }) });
    const answer = await redeem(body);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const redeemed = (await answer.json()) as RedeemedToken; // `as`: the next lines check it
    expect(redeemed).toMatchObject({ tokenId: page.id, grants });
    const headers = { authorization: `Bearer ${redeemed.token}` };
    expect((await ask('GET', '/token', undefined, headers)).body).toMatchObject({
      id: page.id,
      redeemedId: redeemed.id,
      expiresAt: redeemed.expiresAt,
    });
    expect((await redeem(body)).status).toBe(401);
    expect((await ask('GET', '/ns/public', undefined, headers)).status).toBe(200);
    expect((await ask('DELETE', `/tokens/${redeemed.id}`, undefined, headers)).status).toBe(204);
    expect((await ask('GET', '/ns/public', undefined, headers)).status).toBe(401);
  });

  it('[A62, A67] refuses the token at once where the one that requested the ticket is revoked', async () => {
    const { ask, ticket, redeem } = beginWithTicket();
    const grants = [{ scope: 'read', ns: 'public' }];
    const page = (await ask<IssuedToken>('POST', '/tokens', { name: 'page', grants })).body;
    const answer = await redeem(JSON.stringify({ ticket: await ticket({ authorization: `Bearer ${page.token}` }) }));
    const { token } = (await answer.json()) as RedeemedToken; // `as`: tested above
    const headers = { authorization: `Bearer ${token}` };
    expect((await ask('GET', '/ns/public', undefined, headers)).status).toBe(200);
    await ask('DELETE', `/tokens/${page.id}`);
    expect((await ask('GET', '/ns/public', undefined, headers)).status).toBe(401);
  });

  it('[A65] ignores every credential but the ticket in the body', async () => {
    const { ticket, redeem, test } = beginWithTicket();
    const wrong = { authorization: 'Bearer wrong', cookie: 'ticket=x' };
    expect((await redeem(JSON.stringify({ ticket: await ticket() }), wrong)).status).toBe(200);
    expect((await redeem(JSON.stringify({ ticket: 'x' }), { authorization: `Bearer ${ROOT_TOKEN}` })).status).toBe(401);
    expect((await redeem('{}', { authorization: `Bearer ${ROOT_TOKEN}` })).status).toBe(400);
    const inQuery = await test.ask('POST', `${REDEEM}?ticket=${await ticket()}`, { ticket: await ticket() });
    expect(inQuery.status).toBe(400);
  });

  it('[A8] counts wrong tickets as failed logins, and accepts a valid one at any time', async () => {
    const { ticket, redeem, test } = beginWithTicket();
    const statuses: number[] = [];
    const from = { 'x-forwarded-for': '203.0.113.9' };
    for (let count = 0; count <= FAILED_LOGINS_MAX_COUNT; count++) {
      statuses.push((await redeem(JSON.stringify({ ticket: `wrong-${count}` }), from)).status);
    }
    expect(statuses).toEqual([...Array(FAILED_LOGINS_MAX_COUNT).fill(401), 429]);
    expect((await test.send('GET', '/nope', { headers: { ...from, authorization: 'Bearer x' } })).status).toBe(429);
    expect((await redeem('{"ticket":"wrong"}', { 'x-forwarded-for': '203.0.113.10' })).status).toBe(401);
    expect((await redeem(JSON.stringify({ ticket: await ticket() }), from)).status).toBe(200);
  });

  it('[I10, A65] refuses any other body, and leaves the ticket unused', async () => {
    const { ticket, redeem } = beginWithTicket();
    const text = await ticket();
    const bodies: [status: number, body: string][] = [
      [400, ''],
      [400, '{'],
      [400, '[]'],
      [400, '{"ticket":""}'],
      [400, '{"ticket":1}'],
      [400, JSON.stringify({ ticket: text, ttlMs: 1 })],
      [400, JSON.stringify({ ticket: 'x'.repeat(CREDENTIAL_MAX_CHARACTERS + 1) })],
      [413, JSON.stringify({ ticket: text, padding: 'x'.repeat(TICKET_BODY_MAX_BYTES) })],
    ];
    for (const [status, body] of bodies)
      expect([body.slice(0, 40), (await redeem(body)).status]).toEqual([body.slice(0, 40), status]);
    expect((await redeem(JSON.stringify({ ticket: text }), { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await redeem(JSON.stringify({ ticket: text }))).status).toBe(200);
  });

  it('[A54] times out if its body does not arrive', async () => {
    const { test } = begin();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
    // `as`: Node asks for duplex, the type lacks it.
    const init = { body, duplex: 'half', headers: { 'content-type': 'application/json' } } as RequestInit;
    const answer = test.send('POST', REDEEM, init);
    await vi.advanceTimersByTimeAsync(FORM_READ_MAX_MS);
    expect((await answer).status).toBe(400);
  });

  it('[A1] is closed without a root token', async () => {
    const test = new TestApp({ rootToken: null });
    expect((await test.ask('POST', REDEEM, { ticket: 'x' })).status).toBe(503);
  });
});

describe('the route of the audit trail', () => {
  it('[A27] lists actions with their actor and address, in pages', async () => {
    const { ask } = begin();
    await ask('POST', '/ns', { id: 'a' }, { 'x-forwarded-for': '203.0.113.9' });
    await ask('PATCH', '/ns/a', { title: 'A' });
    const { body } = await ask<AuditTrail>('GET', '/audit?limit=1');
    expect(body).toMatchObject({ entries: [{ action: 'namespace-changed', outcome: 'done' }], next: '2' });
    expect((await ask<AuditTrail>('GET', `/audit?after=${body.next}&ns=a`)).body).toMatchObject({
      entries: [{ id: 1, action: 'namespace-created', actor: 'root', address: '203.0.113.9', ns: 'a' }],
    });
  });
});
