import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/model/grant';
import type { RedeemedToken } from '../../src/model/token';
import { type Home, NS, serviceAt } from '../fixtures/home';

const ORDERS = serviceAt('orders');
const place = { address: '10.0.0.7', port: 8080 };

/** Result that each holder gets for a call on an instance which `owner` registered. Written by hand. */
const OWNERSHIP = `
                                              owner  register  of others  operate  of others  admin  root
PUT    /instances/a                           200    403       403        200      403        200    200
PATCH  /instances/a                           200    403       403        200      403        200    200
POST   /instances/a/heartbeat                 200    403       403        200      403        200    200
POST   /instances/a/drain?wait=0s&grace=1h    200    403       403        200      403        200    200
DELETE /instances/a                           204    403       403        204      403        204    204
POST   /heartbeat                             200    403       403        200      403        200    200
POST   /batch [register]                      200    403       403        200      403        200    200
POST   /batch [update]                        200    403       403        200      403        200    200
POST   /batch [deregister]                    200    403       403        200      403        200    200
POST   /batch [override]                      403    403       403        200      403        200    200
PUT    /instances/a/override                  403    403       403        201      403        201    201
DELETE /instances/a/override                  403    403       403        204      403        204    204
`;

/** Bodies of the calls above that have one. */
const key = { group: 'g', service: 'orders', id: 'a' };
const BODIES: Record<string, unknown> = {
  'PUT /instances/a': { ...place, weight: 2 },
  'PATCH /instances/a': { weight: 2 },
  'POST /heartbeat': { instances: [key] },
  'POST /batch [register]': { operations: [{ op: 'register', ...key, ...place, weight: 2 }] },
  'POST /batch [update]': { operations: [{ op: 'update', ...key, weight: 2 }] },
  'POST /batch [deregister]': { operations: [{ op: 'deregister', ...key }] },
  'POST /batch [override]': { operations: [{ op: 'override', ...key, enabled: false }] },
  'PUT /instances/a/override': { enabled: false },
};

const OWNERSHIP_LINES = OWNERSHIP.trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [, call = '', cells = ''] = /^(.*?)((?: +\d{3})+)$/.exec(line) ?? [];
    const name = call.trim().replace(/ +/g, ' ');
    const [method = '', path = ''] = name.split(' ');
    return {
      name,
      method,
      path: /^\/(batch|heartbeat)$/.test(path) ? `${NS}${path}` : `${ORDERS}${path}`,
      expected: cells.trim().split(/ +/).map(Number),
    };
  });

/** Checks tokens of the real directory at the doors of the whole registry. */
export function tokensSuite({ ask, send, upgrade, openSocket, tokenFor, ns }: Home): void {
  const read = (): Grant[] => [{ scope: 'read', ns: ns() }];
  const register = (): Grant[] => [{ scope: 'register', ns: ns() }];

  /** Returns the status of a call with a token. */
  async function status(token: string, method: string, path: string, body?: unknown): Promise<number> {
    return (await ask(method, path, body, { authorization: `Bearer ${token}` })).status;
  }

  /** Returns the status of a request sent unchanged. */
  async function sent(path: string, init: RequestInit = {}): Promise<number> {
    const response = await send('GET', path, init);
    await response.body?.cancel();
    return response.status;
  }

  it('[A48] a frame does not register under a virtual address that its token does not cover', async () => {
    const token = await tokenFor([{ scope: 'register', ns: ns(), services: ['DEFAULT_GROUP@@own'] }]);
    const socket = await openSocket('', { authorization: `Bearer ${token}` });
    const operation = { op: 'register', service: 'own', id: 'a', ...place };
    const extensions = { eureka: { vipAddress: 'victim' } };
    socket.say({ type: 'batch', id: '1', operations: [{ ...operation, extensions }] });
    expect(await socket.next('error')).toMatchObject({
      id: '1',
      code: 'FORBIDDEN',
      detail: expect.stringContaining('vipAddress "victim"'),
    });
    expect(await socket.ask({ type: 'batch', operations: [operation] })).toMatchObject({ revision: 1 });
    socket.close();
  });

  describe('a token of the directory', () => {
    it('[A4, A6] allows exactly what it is granted', async () => {
      const reader = await tokenFor(read());
      const writer = await tokenFor([{ scope: 'register', ns: ns(), services: ['g@@orders'] }]);
      expect(await status(writer, 'PUT', `${ORDERS}/instances/a`, place)).toBe(201);
      expect(await status(writer, 'GET', `${ORDERS}/resolve`)).toBe(403);
      expect(await status(writer, 'PUT', `${serviceAt('orders2')}/instances/a`, place)).toBe(403);
      expect(await status(reader, 'GET', `${ORDERS}/resolve`)).toBe(200);
      expect(await status(reader, 'DELETE', `${ORDERS}/instances/a`)).toBe(403);
      expect(
        await status(`${reader.slice(0, -1)}${reader.endsWith('A') ? 'B' : 'A'}`, 'GET', `${ORDERS}/resolve`),
      ).toBe(401);
    });

    it('[A10] is accepted from a path if it can only read or was created for that', async () => {
      expect((await ask('PUT', `${ORDERS}/instances/a`, place)).status).toBe(201);
      const reader = await tokenFor(read());
      const writer = await tokenFor(register());
      const proxy = await tokenFor(register(), true);
      expect(await sent(`/t/${reader}${ORDERS}/resolve`)).toBe(200);
      expect(await sent(`/t/${reader}${ORDERS}/resolve?consistency=cached`)).toBe(200);
      expect(await sent(`/t/${writer}${ORDERS}/instances/b/heartbeat`, { method: 'POST' })).toBe(401);
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'PUT', headers, body: JSON.stringify(place) };
      expect(await sent(`/t/${proxy}${ORDERS}/instances/b`, init)).toBe(201);
      expect(await sent(`/t/${proxy}${ORDERS}/resolve`)).toBe(403);
    });

    it('[A10] in a path opens event streams and sockets, and leaves the rest of the request intact', async () => {
      const reader = await tokenFor(read());
      const stream = await send('GET', `/t/${reader}${NS}/watch?service=g@@orders&subscriber=me`);
      expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
      await stream.body?.cancel();
      const { status: opened, socket } = await upgrade(`/t/${reader}${NS}/socket`, {
        'sec-websocket-protocol': 'rollcall.v1',
      });
      expect(opened).toBe(101);
      socket?.accept();
      socket?.close(1000);
    });

    it('[A11] can be replaced by a ticket, which opens one stream or socket', async () => {
      const headers = { authorization: `Bearer ${await tokenFor(read())}` };
      const ticketOf = async () =>
        (await ask<{ ticket: string }>('POST', '/api/v1/tickets', undefined, headers)).body.ticket;
      const first = await ticketOf();
      expect(await sent(`${NS}/watch?ticket=${first}`)).toBe(200);
      expect(await sent(`${NS}/watch?ticket=${first}`)).toBe(401);
      const { status: opened, socket } = await upgrade(`${NS}/socket`, {
        'sec-websocket-protocol': `rollcall.v1, ticket.${await ticketOf()}`,
      });
      expect(opened).toBe(101);
      socket?.accept();
      socket?.close(1000);
      expect(await sent(`${NS}/stats?ticket=${await ticketOf()}`)).toBe(401);
    });

    it('[A65, A66, A67] can be replaced by a token that a ticket is redeemed for, until it is revoked', async () => {
      const grants = [...read(), ...register()];
      const made = await ask<{ token: string; id: string }>('POST', '/api/v1/tokens', { name: 'page', grants });
      const { token, id } = made.body;
      const ticketOf = async (holder: string) => {
        const headers = { authorization: `Bearer ${holder}` };
        return (await ask<{ ticket: string }>('POST', '/api/v1/tickets', undefined, headers)).body.ticket;
      };
      const redeem = (ticket: string) => {
        const headers = { 'content-type': 'application/json' };
        return send('POST', '/api/v1/tickets/redeem', { headers, body: JSON.stringify({ ticket }) });
      };
      const ticket = await ticketOf(token);
      const answers = await Promise.all([redeem(ticket), redeem(ticket), redeem(ticket)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
      const bodies = await Promise.all(answers.map((answer) => answer.json() as Promise<Partial<RedeemedToken>>)); // `as`: checked by the next line
      const redeemed = bodies.find(({ tokenId }) => tokenId === id)?.token ?? expect.unreachable();
      // It owns what its token registered, and the other way round.
      expect(await status(token, 'PUT', `${ORDERS}/instances/a`, place)).toBe(201);
      expect(await status(redeemed, 'DELETE', `${ORDERS}/instances/a`)).toBe(204);
      const { status: opened, socket } = await upgrade(`${NS}/socket`, {
        'sec-websocket-protocol': `rollcall.v1, ticket.${await ticketOf(redeemed)}`,
      });
      expect(opened).toBe(101);
      socket?.accept();
      socket?.close(1000);
      expect((await redeem(await ticketOf(redeemed))).status).toBe(403);
      expect((await ask('DELETE', `/api/v1/tokens/${id}`)).status).toBe(204);
      expect(await status(redeemed, 'GET', `${ORDERS}/resolve`)).toBe(401);
    });
  });

  describe("another's instance", () => {
    it.each(OWNERSHIP_LINES)('[A41, A42] $name', async ({ name, method, path, expected }) => {
      const owner = await tokenFor(register());
      const others = { ns: ns(), services: ['g@@others*'] };
      const holders = [
        owner,
        await tokenFor(register()),
        await tokenFor([{ scope: 'register', ...others }]),
        await tokenFor([{ scope: 'operate', ns: ns() }]),
        await tokenFor([{ scope: 'operate', ...others }, ...register()]),
        await tokenFor([{ scope: 'admin', ns: ns() }]),
        undefined,
      ];
      const got: number[] = [];
      for (const holder of holders) {
        await ask('DELETE', `${ORDERS}/instances/a`);
        await ask('DELETE', `${ORDERS}/instances/a/override`);
        expect(await status(owner, 'PUT', `${ORDERS}/instances/a`, place)).toBe(201);
        const before = (await ask('GET', `${ORDERS}/instances/a`)).body;
        const body = BODIES[name];
        got.push(
          holder === undefined ? (await ask(method, path, body)).status : await status(holder, method, path, body),
        );
        // A refused call has changed nothing.
        if (got.at(-1) === 403) expect((await ask('GET', `${ORDERS}/instances/a`)).body).toEqual(before);
      }
      expect(got).toEqual(expected);
    });
  });
}
