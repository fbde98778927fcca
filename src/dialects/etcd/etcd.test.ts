import { describe, expect, it } from 'vitest';
import { EtcdStage } from '../../../test/fixtures/etcd-stage';
import { base64 as b } from '../../../test/fixtures/etcd-stream';
import { everyRow } from '../../../test/fixtures/every-row';
import { ROOT_TOKEN } from '../../../test/fixtures/test-app';
import { EVENT_STREAM_KEEPALIVE_MS, FAILED_LOGINS_MAX_COUNT } from '../../model/limits';

const RANGE = { key: b('k') };

describe('the JSON gateway of etcd', () => {
  it('[EK1] answers below the prefixes of all versions, in every namespace', () =>
    everyRow(['/v3', '/v3beta', '/v3alpha', '/n/orders/v3', '/n/orders/v3beta'], async (prefix) => {
      const stage = new EtcdStage();
      const response = await stage.send(`${prefix}/kv/range`, RANGE);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
      expect(await response.json()).toMatchObject({ header: { revision: '1', raft_term: '2' } });
    }));

  it('takes a body of any type, and an empty one for an empty message', async () => {
    const stage = new EtcdStage();
    const headers = { authorization: stage.token, 'content-type': 'application/x-www-form-urlencoded' };
    const response = await stage.send('/v3/kv/range', JSON.stringify(RANGE), { headers });
    expect(response.status).toBe(200);
    expect(await stage.refusal('kv/range', '')).toBe('400 3 etcdserver: key is not provided');
    expect(await stage.call('lease/leases', '')).toHaveProperty('header');
  });

  it('refuses other methods, paths that do not exist, and slashes at their end, in text', () =>
    everyRow(
      [
        ['GET', '/v3/kv/range', 405, 'Method Not Allowed\n'],
        ['PUT', '/v3/watch', 405, 'Method Not Allowed\n'],
        ['POST', '/v3/kv/range/', 404, 'Not Found\n'],
        ['POST', '/v3/kv/none', 404, 'Not Found\n'],
        ['POST', '/v3', 404, 'Not Found\n'],
      ] as const,
      async ([method, path, status, text]) => {
        const { app, token } = new EtcdStage();
        const response = await app.send(method, path, { headers: { authorization: token } });
        expect([response.status, await response.text()]).toEqual([status, text]);
        expect(response.headers.get('allow')).toBe(status === 405 ? 'POST' : null);
      },
    ));

  it('refuses a body that is too large with etcd’s text', async () => {
    const stage = new EtcdStage();
    const value = 'A'.repeat(3 * 1024 * 1024);
    expect(await stage.refusal('kv/put', { ...RANGE, value })).toBe('400 3 etcdserver: request is too large');
    expect(await stage.refusal('kv/put', { ...RANGE, value: value.slice(0, 800_000) })).toBe(
      '400 3 etcdserver: request is too large',
    );
  });

  it('[EK2] lists the address that the client dialled as that of the one member', async () => {
    const stage = new EtcdStage();
    expect(await stage.call('cluster/member/list')).toMatchObject({
      members: [{ name: 'rollcall', clientURLs: ['http://rollcall.test'] }],
    });
    const [first, second] = await Promise.all(
      ['/v3', '/n/orders/v3'].map(async (prefix) => (await stage.send(`${prefix}/maintenance/status`)).json()),
    );
    expect(first).toMatchObject({ version: '3.6.0', storageVersion: '3.6.0' });
    expect((first as { leader: string }).leader).not.toBe((second as { leader: string }).leader); // `as`: checked above
  });
});

describe('what etcd’s clients probe', () => {
  it('[EK3] is answered without a token, and shows nothing of a namespace', () =>
    everyRow(
      [
        ['/version', '{"etcdserver":"3.6.0","etcdcluster":"3.6.0","storage":"3.6.0"}'],
        ['/n/orders/version', '{"etcdserver":"3.6.0","etcdcluster":"3.6.0","storage":"3.6.0"}'],
        ['/n/orders/health', '{"health":"true","reason":""}'],
        ['/n/no-such-namespace/health', '{"health":"true","reason":""}'],
      ] as const,
      async ([path, text]) => {
        const response = await new EtcdStage().app.send('GET', path);
        expect([response.status, await response.text()]).toEqual([200, text]);
      },
    ));

  it('leaves the native health check alone', async () => {
    const response = await new EtcdStage().app.send('GET', '/health');
    expect(await response.json()).toHaveProperty('status');
  });
});

describe('tokens of etcd’s clients', () => {
  const statusWith = async (stage: EtcdStage, authorization: string | undefined, path = '/v3/kv/range') => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const response = await stage.send(path, RANGE, { headers });
    const { code, message } = (await response.json()) as { code?: number; message?: string }; // `as`: members of refusals
    return `${response.status} ${code ?? ''} ${message ?? ''}`.trim();
  };

  it('[EK4] are taken as the whole header, as a bearer token, and as a password', () =>
    everyRow(
      [
        [ROOT_TOKEN, '200'],
        [`Bearer ${ROOT_TOKEN}`, '200'],
        [`Basic ${btoa(`root:${ROOT_TOKEN}`)}`, '200'],
        [`orders/${ROOT_TOKEN}`, '200'],
        [undefined, '401 16 etcdserver: user name is empty'],
        ['wrong', '401 16 etcdserver: invalid auth token'],
        ['two words', '401 16 etcdserver: invalid auth token'],
        [`orders/wrong`, '401 16 etcdserver: invalid auth token'],
      ] as const,
      async ([authorization, expected]) => {
        expect(await statusWith(new EtcdStage(), authorization)).toBe(expected);
      },
    ));

  it('[EK5] name a namespace if they came from the login of one of its users, unless the path does', async () => {
    const stage = new EtcdStage();
    const { token } = stage.app.directory.give([{ scope: 'read', ns: 'orders' }]);
    const login = await stage.call('auth/authenticate', { name: 'orders/ann', password: token });
    expect(login).toMatchObject({ token: `orders/${token}`, header: expect.anything() });
    expect(await statusWith(stage, login.token)).toBe('200');
    expect(await statusWith(stage, token)).toBe('403 7 etcdserver: permission denied');
    expect(await statusWith(stage, token, '/n/orders/v3/kv/range')).toBe('200');
    expect(await statusWith(stage, login.token, '/n/public/v3/kv/range')).toBe('403 7 etcdserver: permission denied');
    expect(await stage.call('auth/authenticate', { name: 'ann', password: token })).toMatchObject({ token });
  });

  it('[EK5] are refused as a wrong password, and after many with a limit', async () => {
    const stage = new EtcdStage();
    const refusals = new Set<string>();
    for (let count = 0; count <= FAILED_LOGINS_MAX_COUNT; count++) {
      refusals.add((await stage.refusal('auth/authenticate', { name: 'root', password: 'wrong' })).slice(0, 40));
    }
    expect([...refusals]).toEqual([
      '400 3 etcdserver: authentication failed, invalid user ID or password'.slice(0, 40),
      expect.stringMatching(/^429 8 more than \d+ invalid tokens/),
    ]);
    expect(await stage.refusal('auth/authenticate', {})).toBe('400 3 etcdserver: user name is empty');
    expect(await stage.call('auth/authenticate', { name: 'x', password: ROOT_TOKEN })).toHaveProperty('token');
  });

  it('are the users: each sees its own, with one role', async () => {
    const stage = new EtcdStage().as({ scope: 'read', ns: 'public', keys: ['app/*'] });
    const { users } = await stage.call('auth/user/list');
    expect(users).toHaveLength(1);
    expect(await stage.call('auth/user/get', { name: users[0] })).toMatchObject({ roles: ['grants'] });
    expect(await stage.refusal('auth/user/get', { name: 'other' })).toBe('400 9 etcdserver: user name not found');
    expect(await stage.call('auth/role/list')).toMatchObject({ roles: ['grants'] });
    expect(await stage.call('auth/role/get', { role: 'grants' })).toMatchObject({
      perm: [{ key: b('app/'), range_end: b('app0') }],
    });
    expect(await stage.call('auth/status')).toMatchObject({ enabled: true });
    expect(await stage.refusal('auth/user/add', { name: 'x' })).toMatch(
      /^501 12 rollcall: users and roles are the tokens/,
    );
  });
});

describe('a stream of etcd’s JSON', () => {
  it('[EW5] takes messages while it answers, also in pieces', async () => {
    const stage = new EtcdStage();
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const writer = body.writable.getWriter();
    const send = (text: string) => writer.write(new TextEncoder().encode(text));
    const answering = stage.send('/v3/watch', body.readable);
    await send('{"create_request":{"key":"a');
    await send('w=="}}\n {"create_request":{"key":"ag==","watch_id":7}}');
    const reader = ((await answering).body as ReadableStream<Uint8Array>).getReader(); // `as`: a stream has a body
    const next = async () => JSON.parse(new TextDecoder().decode((await reader.read()).value)).result;
    expect(await next()).toMatchObject({ created: true });
    expect(await next()).toMatchObject({ created: true, watch_id: '7' });
    await send('{"cancel_request":{"watch_id":"7"}}');
    expect(await next()).toMatchObject({ canceled: true, watch_id: '7' });
    await writer.close();
    await stage.call('kv/put', RANGE);
    expect(await next()).toMatchObject({ events: [{ kv: { key: b('k') } }] });
    await reader.cancel();
  });

  it.each([
    ['a body with a length', (text: string) => text],
    ['a stream', (text: string) => new Blob([text]).stream()],
  ])('answers the keepalives in %s in their order, and ends', async (_, bodyOf) => {
    const stage = new EtcdStage();
    await stage.call('lease/grant', { ID: '7', TTL: '60' });
    const response = await stage.send('/v3/lease/keepalive', bodyOf('{"ID":7}\n{"ID":"8"} {"ID":"7"}'));
    expect(response.status).toBe(200);
    const lines = (await response.text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).result)).toMatchObject([
      { ID: '7', TTL: '60' },
      { ID: '8' },
      { ID: '7', TTL: '60' },
    ]);
    expect(JSON.parse(lines[1] ?? '').result).not.toHaveProperty('TTL');
  });

  it('answers keepalives before one that is no message, and then ends with its refusal', async () => {
    const stage = new EtcdStage();
    await stage.call('lease/grant', { ID: '7', TTL: '60' });
    for (const bad of ['{"ID":"x"}', '{"ID":7', 'x']) {
      expect(await stage.refusal('lease/keepalive', bad)).toMatch(/^400 3 /);
      const { status, text } = await stage.answer('lease/keepalive', `{"ID":"7"}${bad}`);
      const last = JSON.parse(text.trim().split('\n').at(-1) ?? '');
      expect(status === 400 ? last : last.error).toMatchObject(status === 400 ? { code: 3 } : { grpc_code: 3 });
    }
    expect(await stage.refusal('lease/keepalive', `{"ID":"${'7'.repeat(30)}"}`)).toMatch(/^400 3 /);
    expect(await stage.answer('lease/keepalive', '')).toMatchObject({ status: 200, text: '' });
  });

  it('refuses what is no message: before a response with a status, and later with a line', async () => {
    const stage = new EtcdStage();
    expect(await stage.refusal('watch', 'x')).toBe("400 3 invalid character 'x' looking for beginning of value");
    expect(await stage.refusal('watch', '{"create_request":{}')).toBe('400 3 unexpected EOF');
    expect(await stage.refusal('lease/keepalive', '{"ID":"x"}')).toMatch(/^400 3 /);
    expect(await stage.refusal('maintenance/snapshot')).toMatch(/^501 12 rollcall: a snapshot/);
    expect(stage.sockets.size).toBe(0);
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const writer = body.writable.getWriter();
    const send = (text: string) => writer.write(new TextEncoder().encode(text));
    const answering = stage.send('/v3/watch', body.readable);
    await send('{"create_request":{"key":"aw=="}}');
    const response = await answering;
    expect(response.status).toBe(200);
    await send('x');
    const last = (await response.text()).trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ error: { grpc_code: 3, http_code: 400 } });
    // The rest of the body is not read.
    await expect(writer.closed).rejects.toBeUndefined();
  });

  it('[EW6] sends an empty line while nothing happens', async () => {
    const { promise, resolve } = Promise.withResolvers<() => void>();
    const original = globalThis.setInterval;
    // `as`: the timer is only stored and cleared.
    globalThis.setInterval = ((act: () => void, ms: number) => {
      if (ms === EVENT_STREAM_KEEPALIVE_MS) resolve(act);
      return original(() => {}, 1_000_000);
    }) as typeof setInterval;
    try {
      const stage = new EtcdStage();
      const answering = stage.send('/v3/watch', {});
      (await promise)();
      const reader = ((await answering).body as ReadableStream<Uint8Array>).getReader(); // `as`: a stream has a body
      expect(new TextDecoder().decode((await reader.read()).value)).toBe('\n');
      await reader.cancel();
    } finally {
      globalThis.setInterval = original;
    }
  });
});
