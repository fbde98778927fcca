import { describe, expect, it } from 'vitest';
import { base64 as b, EtcdStream } from '../fixtures/etcd-stream';
import type { Home } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

/** An answer; tests check the members of its value one by one. */
interface Called {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  value: any;
}

/** Tests etcd's JSON gateway on the whole registry. */
export function etcdSuite({ send, sleep, tokenFor, ns }: Home): void {
  const ask = (path: string, body: unknown, token = ROOT_TOKEN, init: RequestInit = {}): Promise<Response> =>
    send('POST', `/n/:ns/v3/${path}`, {
      headers: { authorization: token },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...init,
    });
  const call = async (path: string, body: unknown = {}, token = ROOT_TOKEN): Promise<Called> => {
    const response = await ask(path, body, token);
    return { status: response.status, value: await response.json() };
  };
  const stream = async (path: string, ...messages: object[]): Promise<EtcdStream> =>
    new EtcdStream(await ask(path, messages.map((each) => JSON.stringify(each)).join('\n')));

  describe('a client of etcd’s JSON gateway of a complete registry', () => {
    it('[EK1, EG1, EW1] puts, reads, watches and leases keys, even if the namespace hibernates', async () => {
      expect((await call('lease/grant', { TTL: 600, ID: '9223372036854775807' })).value).toMatchObject({
        ID: '9223372036854775807',
        TTL: '600',
      });
      const watch = await stream('watch', { create_request: { key: b('k'), range_end: b('l'), prev_kv: true } });
      const { header } = await watch.next();
      const next = (count: number) => String(Number(header.revision) + count);
      await call('kv/put', { key: b('k/1'), value: b('one'), lease: '9223372036854775807' });
      expect(await watch.next()).toMatchObject({
        header: { revision: next(1) },
        events: [{ kv: { key: b('k/1'), value: b('one'), lease: '9223372036854775807', version: '1' } }],
      });
      await sleep();
      const { value } = await call('kv/txn', {
        compare: [{ key: b('k/1'), target: 'VALUE', value: b('one') }],
        success: [{ request_put: { key: b('k/2') } }, { request_range: { key: b('k'), range_end: b('l') } }],
      });
      expect(value).toMatchObject({ succeeded: true, responses: [{}, { response_range: { count: '2' } }] });
      expect(await watch.next()).toMatchObject({ events: [{ kv: { key: b('k/2') } }] });
      expect((await call('lease/keepalive', { ID: '9223372036854775807' })).value).toMatchObject({
        result: { TTL: '600' },
      });
      await sleep();
      await call('lease/revoke', { ID: '9223372036854775807' });
      expect(await watch.next()).toMatchObject({
        events: [{ type: 'DELETE', kv: { key: b('k/1') }, prev_kv: { value: b('one') } }],
      });
      await watch.close();
      const past = await call('kv/range', { key: b('k/1'), revision: next(1) });
      expect(past.value).toMatchObject({ header: { revision: next(3) }, kvs: [{ value: b('one') }] });
      const again = await stream('watch', { create_request: { key: b('k/1'), start_revision: next(1) } });
      expect(await again.next()).toMatchObject({ created: true });
      expect(await again.next()).toMatchObject({ events: [{ kv: { mod_revision: next(1) } }] });
      await again.close();
      expect((await call('kv/compaction', { revision: next(2) })).status).toBe(200);
      expect(await call('kv/range', { key: b('k/1'), revision: next(1) })).toMatchObject({
        status: 400,
        value: { code: 11, message: 'etcdserver: mvcc: required revision has been compacted' },
      });
      const compacted = await stream('watch', { create_request: { key: b('k/1'), start_revision: next(1) } });
      expect(await compacted.next()).toMatchObject({ created: true });
      expect(await compacted.next()).toMatchObject({ canceled: true, compact_revision: next(2) });
      await compacted.close();
    });

    it('[EE1] takes a lock in turn, and gives up its place when it leaves', async () => {
      for (const ID of [1, 2, 3]) await call('lease/grant', { TTL: 600, ID });
      expect((await call('lock/lock', { name: b('jobs'), lease: 1 })).value).toMatchObject({ key: b('jobs/1') });
      const client = new AbortController();
      const leaving = ask('lock/lock', { name: b('jobs'), lease: 2 }, ROOT_TOKEN, { signal: client.signal });
      leaving.catch(() => {});
      const waiters = async () =>
        (await call('kv/range', { key: b('jobs/'), range_end: b('jobs0'), count_only: true })).value.count;
      await expect.poll(waiters).toBe('2');
      const waiting = call('lock/lock', { name: b('jobs'), lease: 3 });
      await expect.poll(waiters).toBe('3');
      client.abort();
      await expect.poll(waiters).toBe('2');
      await call('lock/unlock', { key: b('jobs/1') });
      expect((await waiting).value).toMatchObject({ key: b('jobs/3') });
    });

    it('[EK4, EK5] logs in, and has the permissions of its token', async () => {
      const token = await tokenFor([{ scope: 'read', ns: ns(), keys: ['app/*'] }]);
      const { value } = await call('auth/authenticate', { name: `${ns()}/ann`, password: token });
      expect(value.token).toBe(`${ns()}/${token}`);
      expect((await call('kv/range', { key: b('app/x') }, value.token)).status).toBe(200);
      expect(await call('kv/put', { key: b('app/x') }, value.token)).toMatchObject({
        status: 403,
        value: { code: 7, message: 'etcdserver: permission denied' },
      });
      expect(await call('kv/range', { key: b('app/x') }, 'wrong')).toMatchObject({ status: 401, value: { code: 16 } });
    });
  });
}
