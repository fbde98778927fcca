import { describe, expect, it } from 'vitest';
import { CLOSE_CODES } from '../../src/model/frames';
import type { Grant } from '../../src/model/grant';

import type { IssuedToken } from '../../src/model/token';
import { type Home, NS } from '../fixtures/home';

/** Tests namespaces and tokens on the whole registry: directory and namespaces together. */
export function directorySuite({ ask, send, upgrade, ns }: Home): void {
  const place = { address: '10.0.0.7', port: 80, ephemeral: false };
  const orders = (id: string) => `/api/v1/ns/${id}/groups/g/services/orders`;
  const listed = async (id: string) =>
    (await ask<{ instances: { id: string }[] }>('GET', `${orders(id)}/instances`)).body.instances?.map(({ id }) => id);

  const give = async (grants: Grant[], more = {}): Promise<IssuedToken> =>
    (await ask<IssuedToken>('POST', '/api/v1/tokens', { name: 't', grants, ...more })).body;
  const as = (token: string) => ({ authorization: `Bearer ${token}` });
  const statusWith = async (token: string, path: string) =>
    await send('GET', path, { headers: as(token) }).then(async (response) => {
      await response.text();
      return response.status;
    });

  /** Opens a socket of a token, and records the code it is closed with. */
  async function connect(id: string, token: string) {
    const { socket, status } = await upgrade(`/api/v1/ns/${id}/socket`, {
      ...as(token),
      'sec-websocket-protocol': 'rollcall.v1',
    });
    if (socket === undefined) throw new Error(`expected a socket, got ${status}`);
    const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)));
    socket.accept();
    return { closed };
  }

  describe('namespaces', () => {
    it('[N11, N12, N13] isolate their contents from the call that creates one to the call that removes it', async () => {
      expect((await ask('GET', `${orders(`${ns()}-one`)}/instances`)).status).toBe(404);
      expect((await ask('POST', '/api/v1/ns', { id: `${ns()}-one`, placement: { hint: 'weur' } })).status).toBe(201);
      expect((await ask('PUT', `${orders(`${ns()}-one`)}/instances/a`, place)).status).toBe(201);
      expect([await listed(`${ns()}-one`), await listed(ns())]).toEqual([['a'], []]);
      expect((await ask('DELETE', '/api/v1/ns/:ns-one')).status).toBe(409);
      expect((await ask('DELETE', '/api/v1/ns/:ns-one?force')).status).toBe(204);
      expect((await ask('GET', `${orders(`${ns()}-one`)}/instances`)).status).toBe(404);
      expect((await ask('POST', '/api/v1/ns', { id: `${ns()}-one` })).status).toBe(201);
      expect(await listed(`${ns()}-one`), 'the contents are removed').toEqual([]);
    });

    it('[N14] enforce their limits', async () => {
      await ask('POST', '/api/v1/ns', { id: `${ns()}-three`, limits: { instances: 1 } });
      expect((await ask('PUT', `${orders(`${ns()}-three`)}/instances/a`, place)).status).toBe(201);
      expect((await ask('PUT', `${orders(`${ns()}-three`)}/instances/b`, place)).body).toMatchObject({
        code: 'LIMIT_EXCEEDED',
      });
      await ask('PATCH', '/api/v1/ns/:ns-three', { limits: { instances: 2 } });
      expect((await ask('PUT', `${orders(`${ns()}-three`)}/instances/b`, place)).status).toBe(201);
    });
  });

  describe('tokens', () => {
    it('[A62] end at once when they are revoked, and so does a replaced secret', async () => {
      const revoked = await give([{ scope: 'read', ns: ns() }]);
      const rotated = await give([{ scope: 'read', ns: ns() }]);
      const services = `${NS}/services`;
      expect([await statusWith(revoked.token, services), await statusWith(rotated.token, services)]).toEqual([
        200, 200,
      ]);
      await ask('DELETE', `/api/v1/tokens/${revoked.id}`);
      await ask('POST', `/api/v1/tokens/${rotated.id}/rotate`, {});
      expect([await statusWith(revoked.token, services), await statusWith(rotated.token, services)]).toEqual([
        401, 401,
      ]);
    });

    it('[A30] lose their sockets, wherever those are, when they are revoked or replaced', async () => {
      await ask('POST', '/api/v1/ns', { id: `${ns()}-five` });
      const everywhere = await give([{ scope: 'read', ns: '*' }]);
      const here = await give([{ scope: 'read', ns: `${ns()}-five` }]);
      const lost = [await connect(ns(), everywhere.token), await connect(`${ns()}-five`, everywhere.token)];
      const kept = await connect(`${ns()}-five`, here.token);
      await ask('DELETE', `/api/v1/tokens/${everywhere.id}`);
      expect(await Promise.all(lost.map(({ closed }) => closed))).toEqual(Array(2).fill(CLOSE_CODES.unauthorized));
      const state = await Promise.race([kept.closed, Promise.resolve('open')]);
      expect(state).toBe('open');
      await ask('POST', `/api/v1/tokens/${here.id}/rotate`, {});
      expect(await kept.closed).toBe(CLOSE_CODES.unauthorized);
    });

    it('[A27] are audited under the name of their creator', async () => {
      const admin = await give([{ scope: 'admin', ns: ns() }]);
      const grants = [{ scope: 'metrics', ns: ns() }];
      const { body: made } = await ask<IssuedToken>(
        'POST',
        '/api/v1/tokens',
        { name: 'scraper', grants },
        as(admin.token),
      );
      const trail = await ask('GET', '/api/v1/audit?ns=:ns&limit=1', undefined, as(admin.token));
      expect(trail.body).toMatchObject({
        entries: [{ action: 'token-created', actor: admin.id, target: made.id, detail: 'scraper', outcome: 'done' }],
      });
    });
  });
}
