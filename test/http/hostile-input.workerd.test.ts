import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createApp } from '../../src/http/app';
import type { DirectoryApi } from '../../src/model/directory-api';
import { hostileRequests } from '../fixtures/hostile-requests';
import { recordedClient } from '../fixtures/recorded-client';
import { ROOT_TOKEN } from '../fixtures/test-app';
import { workerHome } from '../fixtures/worker-home';

const { routes } = createApp({
  namespaceOf: () => undefined,
  directory: {} as DirectoryApi, // `as`: only the routes of this app are used
  askDirectory: (question) => question(),
  openPipe: () => new IdentityTransformStream(),
  acceptSocket: recordedClient([]),
  rootToken: null,
  writeLog: () => {},
  build: { version: '0' },
  now: () => 0,
});

const { ask, send } = workerHome({ keeps: true });

it('[I10] no input causes a 5xx of the whole Worker, and a refused call changes nothing', async () => {
  const revision = async () => (await ask<{ revision: number }>('GET', '/api/v1/ns/public/stats')).body.revision;
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(hostileRequests(routes), async ({ method, path, headers, body }) => {
      const before = await revision();
      const init = { headers: { ...headers, authorization: `Bearer ${ROOT_TOKEN}` } };
      const response = await send(method, path, body === undefined ? init : { ...init, body });
      if (response.headers.get('content-type') === 'text/event-stream') await response.body?.cancel();
      else await response.text();
      seen.add(response.status);
      expect(response.status, `${method} ${path} ${body}`).toBeLessThan(500);
      if (response.status >= 400) {
        expect(await revision(), `${method} ${path} ${body}`).toBe(before);
      }
    }),
    { numRuns: 500 },
  );
  // The property would also hold if no request arrived.
  expect([...seen]).toEqual(expect.arrayContaining([200, 400]));
  // Random requests may change other namespaces only: this call shows that a change would have been seen.
  const before = await revision();
  const path = '/api/v1/ns/public/groups/g/services/s/instances/changed';
  const body = { address: '10.0.0.7', port: 80, ephemeral: false };
  expect((await ask('PUT', path, body)).status).toBe(201);
  expect(await revision()).toBeGreaterThan(before);
}, 60_000);
