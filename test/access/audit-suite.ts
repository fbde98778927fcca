import { expect, it, vi } from 'vitest';
import type { AuditEntry } from '../../src/model/audit';
import { type Home, NS, serviceAt } from '../fixtures/home';

/** Operators' actions on the whole registry, in the audit trail of the real directory. */
export function auditSuite({ ask, send, callerAt, openSocket, tokenFor, ns }: Home): void {
  const S = serviceAt('orders');
  const A = `${S}/instances/a`;
  const place = { address: '10.0.0.7', port: 8080 };
  const ADDRESS = '192.0.2.7';
  /** Timeout for an entry: the trail is written without any request waiting for it. */
  const PATIENCE = { timeout: 30_000 };

  const trail = async () =>
    (await ask<{ entries: AuditEntry[] }>('GET', '/api/v1/audit?ns=:ns')).body.entries
      .filter(({ action }) => !/^(token|namespace)-/.test(action))
      .reverse();
  const story = async () =>
    (await trail()).map(({ action, target, outcome, code }) =>
      [action, target, outcome, code].filter(Boolean).join(' '),
    );

  /** Creates an operator, and the instance `a`, which belongs to another token. */
  async function begin() {
    const owner = await tokenFor([{ scope: 'register', ns: ns() }]);
    const operator = await tokenFor([{ scope: 'operate', ns: ns() }]);
    const as = (token: string) => ({ authorization: `Bearer ${token}` });
    /** Sends a call of the operator. */
    const call = async (method: string, path: string, body?: unknown) => {
      const caller = callerAt(ADDRESS);
      const headers = { ...as(operator), 'content-type': 'application/json', ...caller.headers };
      const response = await send(method, path, { ...caller, headers, body: JSON.stringify(body) });
      await response.text();
      return response.status;
    };
    expect((await ask('PUT', A, place, as(owner))).status).toBe(201);
    return { call, operator, owner, as, id: operator.split('_')[1] };
  }

  it('[A46, A56] every change by an operator is in the audit trail with its caller, origin, target and outcome', async () => {
    const { call, id } = await begin();
    const statuses = [
      await call('PUT', `${A}/override`, { weight: 2 }),
      await call('PUT', `${A}/override`, { quarantine: { reason: 'slow' } }),
      await call('DELETE', `${A}/override`),
      await call('PUT', S, { protectThreshold: 0.5 }),
      await call('PATCH', S, { protectThreshold: 0.6 }),
      await call('PATCH', A, { weight: 3 }),
      await call('PUT', A, { ...place, weight: 4 }),
      await call('POST', `${NS}/batch`, {
        operations: [{ op: 'update', group: 'g', service: 'orders', id: 'a', weight: 5 }],
      }),
      await call('POST', `${S}/rollback`, { to: new Date().toISOString() }),
      await call('POST', `${A}/drain?wait=0s`),
      await call('PUT', `${S}/instances/gone/override`, { weight: 2 }),
      await call('DELETE', `${S}?force`),
    ];
    expect(statuses).toEqual([201, 200, 204, 201, 200, 200, 200, 200, 200, 200, 404, 204]);
    await vi.waitFor(async () => {
      expect(await story()).toEqual([
        'overridden g@@orders/a done',
        'quarantined g@@orders/a done',
        'override-cleared g@@orders/a done',
        'service-changed g@@orders done',
        'service-changed g@@orders done',
        'changed g@@orders/a done',
        'changed g@@orders/a done',
        'changed g@@orders/a done',
        'drained g@@orders/a done',
        'service-deleted g@@orders done',
      ]);
    }, PATIENCE);
    const entries = await trail();
    expect(new Set(entries.map(({ actor, address, ns }) => `${actor} ${address} ${ns}`))).toEqual(
      new Set([`${id} ${ADDRESS} ${ns()}`]),
    );
  });

  it('[A46] changes by owners to their own instances and refused requests are not in the audit trail', async () => {
    const { owner, as } = await begin();
    const statuses = [];
    for (const [method, path, body] of [
      ['PATCH', A, { weight: 3 }],
      ['PUT', A, { ...place, weight: 4 }],
      ['PUT', `${A}/override`, { weight: 2 }],
      ['POST', `${A}/drain?wait=0s`, undefined],
      ['DELETE', A, undefined],
    ] as const) {
      statuses.push((await ask(method, path, body, as(owner))).status);
    }
    expect(statuses).toEqual([200, 200, 403, 200, 204]);
    expect(await story()).toEqual([]);
  });

  it('[A46] a batch over a socket is one entry', async () => {
    const { as, operator, id } = await begin();
    const socket = await openSocket('', as(operator));
    const operation = { group: 'g', service: 'orders', id: 'a' };
    await socket.ask({
      type: 'batch',
      operations: [
        { ...operation, op: 'update', weight: 2 },
        { ...operation, op: 'deregister' },
      ],
    });
    socket.close();
    await vi.waitFor(async () => {
      expect(await trail()).toMatchObject([
        {
          action: 'deregistered',
          actor: id,
          target: 'g@@orders/a',
          detail: 'batch of 2: 1 deregistered, 1 changed',
          outcome: 'done',
        },
      ]);
    }, PATIENCE);
  });
}
