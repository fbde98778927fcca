import { describe, expect, it } from 'vitest';
import { NodeDirectory } from '../../../test/fixtures/node-directory';
import { problemOf, TestApp } from '../../../test/fixtures/test-app';
import type { AuditTrail } from '../../model/audit';
import type { NamespaceList } from '../../model/namespace';
import type { IssuedToken, TokenList } from '../../model/token';

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
  it('make, show, change and remove', async () => {
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

  it('remove by force what holds something', async () => {
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
  it('[A22, A23, A24] make, show, rotate and revoke', async () => {
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

  it('[A26] make a ticket', async () => {
    const { ask, directory } = begin();
    const { status, body } = await ask<{ ticket: string }>('POST', '/tickets');
    expect(status).toBe(200);
    expect(await directory.api.redeemTicket(body.ticket)).toMatchObject({ tokenId: 'root' });
  });
});

describe('the route of the audit trail', () => {
  it('[A27] shows who did what from where, in pages', async () => {
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
