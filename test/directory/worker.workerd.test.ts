import { listDurableObjectIds, reset } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CLOSE_CODES } from '../../src/model/frames';
import type { Grant } from '../../src/model/grant';
import { NAMESPACE_ENTRY_MAX_AGE_MS, VERIFICATION_MAX_AGE_MS } from '../../src/model/limits';
import type { IssuedToken } from '../../src/model/token';
import { ask, send } from '../fixtures/worker-client';

/** Namespaces and tokens on the whole Worker: directory, namespaces and what isolates remember, together. */

const place = { address: '10.0.0.7', port: 80, ephemeral: false };
const orders = (ns: string) => `/api/v1/ns/${ns}/groups/g/services/orders`;
const listed = async (ns: string) =>
  (await ask<{ instances: { id: string }[] }>('GET', `${orders(ns)}/instances`)).body.instances?.map(({ id }) => id);

const give = async (grants: Grant[], more = {}): Promise<IssuedToken> =>
  (await ask<IssuedToken>('POST', '/api/v1/tokens', { name: 't', grants, ...more })).body;
const as = (token: string) => ({ authorization: `Bearer ${token}` });
const statusWith = async (token: string, path: string) =>
  await send('GET', path, { headers: as(token) }).then(async (response) => {
    await response.text();
    return response.status;
  });

/** A socket of a token, and what it is closed with. */
async function connect(ns: string, token: string) {
  const { webSocket, status } = await send('GET', `/api/v1/ns/${ns}/socket`, {
    headers: { ...as(token), upgrade: 'websocket', 'sec-websocket-protocol': 'rollcall.v1' },
  });
  if (webSocket === null) throw new Error(`no socket but ${status}`);
  const closed = new Promise<number>((resolve) => webSocket.addEventListener('close', ({ code }) => resolve(code)));
  webSocket.accept();
  return { closed };
}

/** Lets the isolate forget what it remembers, which goes by the clock. */
function pass(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

afterEach(async () => {
  vi.useRealTimers();
  // What the isolate remembers of this test's namespaces and tokens must not meet the next.
  await reset();
});

describe('namespaces on the Worker', () => {
  it('[N11, N12, N13] keep apart what is in them, from the call that makes one to the call that removes it', async () => {
    expect((await ask('GET', `${orders('one')}/instances`)).status).toBe(404);
    expect((await ask('POST', '/api/v1/ns', { id: 'one', placement: { hint: 'weur' } })).status).toBe(201);
    expect((await ask('PUT', `${orders('one')}/instances/a`, place)).status).toBe(201);
    expect([await listed('one'), await listed('public')]).toEqual([['a'], []]);
    expect((await ask('DELETE', '/api/v1/ns/one')).status).toBe(409);
    expect((await ask('DELETE', '/api/v1/ns/one?force')).status).toBe(204);
    expect((await ask('GET', `${orders('one')}/instances`)).status).toBe(404);
    expect((await ask('POST', '/api/v1/ns', { id: 'one' })).status).toBe(201);
    expect(await listed('one'), 'nothing is left of what it held').toEqual([]);
  });

  it('[N15, H6] make no object for an id that nobody made a namespace of', async () => {
    for (const [method, path, body] of [
      ['GET', `${orders('two')}/instances`],
      ['PUT', `${orders('two')}/instances/a`, place],
      ['GET', '/api/v1/ns/two'],
      ['PATCH', '/api/v1/ns/two', { title: 'x' }],
      ['DELETE', '/api/v1/ns/two?force'],
    ] as const) {
      await ask(method, path, body);
    }
    const made = (await listDurableObjectIds(env.NAMESPACES)).map(String);
    expect(made).not.toContain(env.NAMESPACES.idFromName('two').toString());
  });

  it('[N14] hold to the limits that they are set', async () => {
    await ask('POST', '/api/v1/ns', { id: 'three', limits: { instances: 1 } });
    expect((await ask('PUT', `${orders('three')}/instances/a`, place)).status).toBe(201);
    expect((await ask('PUT', `${orders('three')}/instances/b`, place)).body).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await ask('PATCH', '/api/v1/ns/three', { limits: { instances: 2 } });
    expect((await ask('PUT', `${orders('three')}/instances/b`, place)).status).toBe(201);
  });

  it('[N13, N16] are gone for an isolate that still remembers them', async () => {
    await ask('POST', '/api/v1/ns', { id: 'four' });
    await ask('PUT', `${orders('four')}/instances/a`, place);
    // Another isolate removes it: what is asked of the object directly is all that this one can't know.
    await env.NAMESPACES.getByName('four').erase({ onlyIfEmpty: false });
    expect((await ask('PUT', `${orders('four')}/instances/b`, place)).body).toMatchObject({
      code: 'NAMESPACE_NOT_FOUND',
    });
    pass(NAMESPACE_ENTRY_MAX_AGE_MS);
    expect((await ask('GET', `${orders('four')}/instances`)).status).toBe(404);
  });
});

describe('tokens on the Worker', () => {
  it('[A22, A23] are good for what they are granted until they are revoked, and 30 s at most after that', async () => {
    const { id, token } = await give([{ scope: 'read', ns: 'public', services: ['g@@orders'] }]);
    expect(await statusWith(token, `${orders('public')}/instances`)).toBe(200);
    expect(await statusWith(token, '/api/v1/ns/public/services')).toBe(403);
    expect(await statusWith(token, '/api/v1/ns/public')).toBe(200);
    expect((await ask('DELETE', `/api/v1/tokens/${id}`)).status).toBe(204);
    pass(VERIFICATION_MAX_AGE_MS);
    expect(await statusWith(token, `${orders('public')}/instances`)).toBe(401);
  });

  it('[A62] end at once where they are revoked, and so does a secret that is replaced', async () => {
    const revoked = await give([{ scope: 'read', ns: 'public' }]);
    const rotated = await give([{ scope: 'read', ns: 'public' }]);
    const services = '/api/v1/ns/public/services';
    expect([await statusWith(revoked.token, services), await statusWith(rotated.token, services)]).toEqual([200, 200]);
    await ask('DELETE', `/api/v1/tokens/${revoked.id}`);
    await ask('POST', `/api/v1/tokens/${rotated.id}/rotate`, {});
    expect([await statusWith(revoked.token, services), await statusWith(rotated.token, services)]).toEqual([401, 401]);
  });

  it('[A30] lose their sockets, wherever those are, when they are revoked or replaced', async () => {
    await ask('POST', '/api/v1/ns', { id: 'five' });
    const everywhere = await give([{ scope: 'read', ns: '*' }]);
    const here = await give([{ scope: 'read', ns: 'five' }]);
    const lost = [await connect('public', everywhere.token), await connect('five', everywhere.token)];
    const kept = await connect('five', here.token);
    await ask('DELETE', `/api/v1/tokens/${everywhere.id}`);
    expect(await Promise.all(lost.map(({ closed }) => closed))).toEqual(Array(2).fill(CLOSE_CODES.unauthorized));
    const state = await Promise.race([kept.closed, Promise.resolve('open')]);
    expect(state).toBe('open');
    await ask('POST', `/api/v1/tokens/${here.id}/rotate`, {});
    expect(await kept.closed).toBe(CLOSE_CODES.unauthorized);
  });

  it('[A27] are accounted for, under who made them', async () => {
    const admin = await give([{ scope: 'admin', ns: 'public' }]);
    const headers = { ...as(admin.token), 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'scraper', grants: [{ scope: 'metrics', ns: 'public' }] });
    const made: IssuedToken = await (await send('POST', '/api/v1/tokens', { headers, body })).json();
    const trail = await send('GET', '/api/v1/audit?ns=public&limit=1', { headers });
    expect(await trail.json()).toMatchObject({
      entries: [{ action: 'token-created', actor: admin.id, target: made.id, detail: 'scraper', outcome: 'done' }],
    });
  });
});
