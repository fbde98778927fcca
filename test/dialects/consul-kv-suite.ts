import { describe, expect, it } from 'vitest';
import type { Home } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

/** Tests keys, sessions and transactions of Consul's clients on the whole registry. */
export function consulKvSuite({ send, sleep, tokenFor, ns }: Home): void {
  const call = async (method: string, path: string, body?: unknown, token = ROOT_TOKEN) => {
    const response = await send(method, `/n/:ns/v1${path}`, {
      headers: { 'x-consul-token': token },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const { status, headers } = response;
    const text = await response.text();
    const isJson = headers.get('content-type') === 'application/json';
    return { status, value: isJson ? JSON.parse(text) : text, index: Number(headers.get('x-consul-index')) };
  };

  describe('a Consul client of a complete registry', () => {
    it('[CK1, CK4, CK6, CK7, CK8] puts, waits for, locks and deletes keys, even if the namespace hibernates', async () => {
      const missing = await call('GET', '/kv/app/leader');
      expect([missing.status, missing.index]).toEqual([404, 2]);
      const waiting = call('GET', `/kv/app/leader?index=${missing.index}&wait=60s`);
      const session = (await call('PUT', '/session/create', { TTL: '60s', LockDelay: '0s', Behavior: 'delete' })).value
        .ID;
      expect((await call('PUT', `/kv/app/leader?acquire=${session}&flags=18446744073709551615`, 'me')).value).toBe(
        true,
      );
      expect(await waiting).toMatchObject({ status: 200, index: 3, value: [{ Value: 'bWU=', Session: session }] });
      await sleep();
      expect((await call('GET', '/session/list')).value).toMatchObject([
        { ID: session, TTL: '60s', Behavior: 'delete' },
      ]);
      expect((await call('PUT', `/session/renew/${session}`)).value).toMatchObject([{ ID: session }]);
      expect((await call('PUT', '/kv/app/leader?flags=18446744073709551615', 'me')).value).toBe(true);
      expect(await call('GET', '/kv/app/leader?index=3&wait=1ms')).toMatchObject({ status: 200, index: 3 });
      const { status, value } = await call('PUT', '/txn', [
        { KV: { Verb: 'check-session', Key: 'app/leader', Session: session } },
        { KV: { Verb: 'set', Key: 'app/term', Value: 'MQ==' } },
      ]);
      expect([status, value.Errors]).toEqual([200, null]);
      expect((await call('GET', '/kv/?keys&separator=/')).value).toEqual(['app/']);
      await sleep();
      expect((await call('PUT', `/session/destroy/${session}`)).value).toBe(true);
      expect((await call('GET', '/kv/app?keys')).value).toEqual(['app/term']);
      expect((await call('DELETE', '/kv/?recurse')).value).toBe(true);
      expect((await call('GET', '/kv/?keys')).value).toEqual([]);
    });

    it('[CK10] sees and changes the keys of its token', async () => {
      await call('PUT', '/kv/app/a', 'x');
      await call('PUT', '/kv/other', 'x');
      const token = await tokenFor([{ scope: 'read', ns: ns(), keys: ['app/*'] }]);
      expect((await call('GET', '/kv/?keys', undefined, token)).value).toEqual(['app/a']);
      expect(await call('GET', '/kv/other', undefined, token)).toMatchObject({
        status: 403,
        value: expect.stringMatching(/^Permission denied/),
      });
      expect((await call('PUT', '/kv/app/a', 'y', token)).status).toBe(403);
      expect(await call('GET', '/kv/app/a', undefined, 'wrong')).toMatchObject({ status: 403, value: 'ACL not found' });
    });
  });
}
