import { listDurableObjectIds } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, it, vi } from 'vitest';
import { NAMESPACE_ENTRY_MAX_AGE_MS, VERIFICATION_MAX_AGE_MS } from '../../src/model/limits';
import type { IssuedToken } from '../../src/model/token';
import { workerHome } from '../fixtures/worker-home';
import { directorySuite } from './directory-suite';

/** Directory, namespaces and the caches of isolates, together. */

const home = workerHome();
const { ask } = home;
const place = { address: '10.0.0.7', port: 80, ephemeral: false };
const orders = (ns: string) => `/api/v1/ns/${ns}/groups/g/services/orders`;
const statusWith = async (token: string, path: string) =>
  (await ask('GET', path, undefined, { authorization: `Bearer ${token}` })).status;

/** Expires the isolate's caches, which use the clock. */
function pass(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

afterEach(() => void vi.useRealTimers());

directorySuite(home);

it('[N15, H6] calls create no object for an id that is not a namespace', async () => {
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

it('[N13, N16] a removed namespace is refused even by an isolate that still remembers it', async () => {
  await ask('POST', '/api/v1/ns', { id: 'four' });
  await ask('PUT', `${orders('four')}/instances/a`, place);
  // Simulates a removal by another isolate: this one doesn't notice a direct call to the object.
  await env.NAMESPACES.getByName('four').erase({ onlyIfEmpty: false });
  expect((await ask('PUT', `${orders('four')}/instances/b`, place)).body).toMatchObject({
    code: 'NAMESPACE_NOT_FOUND',
  });
  pass(NAMESPACE_ENTRY_MAX_AGE_MS);
  expect((await ask('GET', `${orders('four')}/instances`)).status).toBe(404);
});

it('[A22, A23] tokens grant access until they are revoked, and at most 30 s longer', async () => {
  const { id, token } = (
    await ask<IssuedToken>('POST', '/api/v1/tokens', {
      name: 't',
      grants: [{ scope: 'read', ns: 'public', services: ['g@@orders'] }],
    })
  ).body;
  expect(await statusWith(token, `${orders('public')}/instances`)).toBe(200);
  expect(await statusWith(token, '/api/v1/ns/public/services')).toBe(403);
  expect(await statusWith(token, '/api/v1/ns/public')).toBe(200);
  expect((await ask('DELETE', `/api/v1/tokens/${id}`)).status).toBe(204);
  pass(VERIFICATION_MAX_AGE_MS);
  expect(await statusWith(token, `${orders('public')}/instances`)).toBe(401);
});
