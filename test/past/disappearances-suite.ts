import { describe, expect, it } from 'vitest';
import type { SessionOpened } from '../../src/model/frames';
import type { WhyReport } from '../../src/model/history';
import { type Answer, type Home, NS, serviceAt } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

const ORDERS = serviceAt('orders');
const A = `${ORDERS}/instances/a`;

/** Returns the ids of the instances that receive traffic. */
async function resolvedOf({ ask }: Home): Promise<string[]> {
  const { body } = await ask<{ instances: { id: string }[] }>('GET', `${ORDERS}/resolve`);
  return body.instances.map(({ id }) => id);
}

/** Returns the last event that `why` reports for the instance `a`, once it receives no traffic. */
export async function lastOf(home: Home) {
  expect(await resolvedOf(home)).toEqual([]);
  const { status, body }: Answer<WhyReport> = await home.ask('GET', `${A}/why`);
  expect(status).toBe(200);
  const { present, summary, entries } = body;
  return { present, summary, cause: entries[0]?.changes[0]?.cause, actor: entries[0]?.actor };
}

/** Registers the tests of `why` for each cause of an instance's disappearance. */
export function disappearancesSuite(home: Home): void {
  const { ask, send, openSocket, tokenFor, ns } = home;
  const place = { address: '10.0.0.7', port: 8080 };

  /** Creates a token for another caller. */
  async function createCaller(scope: 'register' | 'operate') {
    const token = await tokenFor([{ scope, ns: ns() }]);
    const id = /^rc_([^_]+)_/.exec(token)?.[1] ?? '';
    const call = <Body>(method: string, path: string, body?: unknown) =>
      ask<Body>(method, path, body, { authorization: `Bearer ${token}` });
    return { id, token, call };
  }

  /** Registers an instance of an owner, with an operator who may change it. */
  async function begin() {
    const [owner, operator] = await Promise.all([createCaller('register'), createCaller('operate')]);
    const register = async (body: object = {}) => {
      const { status } = await owner.call('PUT', A, { ...place, ...body });
      expect([200, 201]).toContain(status);
    };
    return { owner, operator, register };
  }

  const resolved = () => resolvedOf(home);
  const named = () => lastOf(home);

  describe('an instance that disappeared', () => {
    it('[J8] was deregistered by its owner', async () => {
      const { owner, register } = await begin();
      await register();
      await owner.call('DELETE', A);
      expect(await named()).toMatchObject({
        present: false,
        cause: 'deregistered',
        actor: owner.id,
        summary: expect.stringMatching(/^a is gone: it was deregistered at .* by its owner$/),
      });
    });

    it('[J8] was deregistered by another token', async () => {
      const { operator, register } = await begin();
      await register();
      await operator.call('DELETE', A);
      expect(await named()).toMatchObject({
        present: false,
        cause: 'deregistered',
        actor: operator.id,
        summary: expect.stringMatching(new RegExp(`^a is gone: it was deregistered at .* by token ${operator.id}$`)),
      });
    });

    it('[J8] was removed with its session, which was closed', async () => {
      const { owner } = await begin();
      const socket = await openSocket('', { authorization: `Bearer ${owner.token}` });
      await socket.ask<SessionOpened>({ type: 'session', ttlMs: 30_000 });
      await socket.ask({
        type: 'batch',
        operations: [{ op: 'register', group: 'g', service: 'orders', id: 'a', ...place }],
      });
      expect(await resolved()).toEqual(['a']);
      socket.say({ type: 'end' });
      await expect.poll(resolved, { timeout: 20_000 }).toEqual([]);
      expect(await named()).toMatchObject({
        present: false,
        cause: 'session-closed',
        actor: owner.id,
        summary: expect.stringMatching(/^a is gone: its session was closed at .* by its owner$/),
      });
    });

    it('[J8] was drained', async () => {
      const { owner, register } = await begin();
      await register();
      await owner.call('POST', `${A}/drain?wait=1s`);
      expect(await named()).toMatchObject({
        present: false,
        cause: 'drained',
        actor: 'registry',
        summary: expect.stringMatching(/^a is gone: it was drained at .* by its owner, and removed at /),
      });
    });

    it('[J8] was quarantined', async () => {
      const { operator, register } = await begin();
      await register();
      await operator.call('PUT', `${A}/override`, { quarantine: { reason: 'bad disk' } });
      expect(await named()).toMatchObject({
        present: true,
        cause: 'quarantined',
        actor: operator.id,
        summary: expect.stringMatching(
          new RegExp(`^a is registered but takes no traffic: quarantined by ${operator.id} at .*: bad disk$`),
        ),
      });
    });

    it('[J8, Z10] was not in a file that replaced everything', async () => {
      const { owner, register } = await begin();
      await owner.call('PUT', `${ORDERS}/instances/stays`, { ...place, ephemeral: false, weight: 0 });
      const headers = { authorization: `Bearer ${ROOT_TOKEN}` };
      const file = await (await send('GET', `${NS}/export`, { headers })).arrayBuffer();
      await register();
      expect(await resolved()).toEqual(['a']);
      const imported = await send('POST', `${NS}/import?mode=replace`, {
        headers: { ...headers, 'content-type': 'application/x-ndjson' },
        body: file,
      });
      expect(new TextDecoder().decode(await imported.arrayBuffer())).toContain('"kind":"done"');
      expect(await named()).toMatchObject({
        present: false,
        cause: 'imported',
        actor: 'root',
        summary: expect.stringMatching(
          /^a is gone: an import at .* by token root replaced everything and did not include it$/,
        ),
      });
    });

    it('[J8] lost its traffic to a rollback', async () => {
      const { operator, register } = await begin();
      await register();
      const { headers } = await operator.call('PUT', `${A}/override`, { enabled: false });
      await operator.call('DELETE', `${A}/override`);
      expect(await resolved()).toEqual(['a']);
      const rolledBack = await operator.call('POST', `${ORDERS}/rollback`, { to: headers.get('rollcall-cursor') });
      expect(rolledBack.status).toBe(200);
      expect(await named()).toMatchObject({
        present: true,
        cause: 'rolled-back',
        actor: operator.id,
        summary: expect.stringMatching(
          new RegExp(`^a is registered but takes no traffic: disabled by a rollback of ${operator.id} at `),
        ),
      });
    });
  });
}
