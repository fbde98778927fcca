import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { GoMicroStage } from '../../../test/fixtures/go-micro-stage';
import { ROOT_TOKEN, TestApp } from '../../../test/fixtures/test-app';
import { GO_MICRO_BODY_MAX_BYTES, GO_MICRO_LEASE_TTL_MS } from '../../model/limits';
import { goMicro } from './go-micro';

/** The exchanges of go-micro's plugin `proxy` on a real namespace; its requests as a v4 service posts them. */

const NODE =
  '{"metadata":{"broker":"http","protocol":"mucp","registry":"proxy","server":"mucp","transport":"http"},"id":"greeter-6b0c4f0e-2f7c-4a0e-9b52-0d6b0c1f2a3b","address":"10.0.0.5:41873"}';
const ENDPOINTS =
  '[{"request":{"name":"Request","type":"Request","values":[{"name":"name","type":"string","values":null}]},"response":{"name":"Response","type":"Response","values":[{"name":"msg","type":"string","values":null}]},"metadata":{},"name":"Say.Hello"}]';
const SERVICE = `{"name":"greeter","version":"latest","metadata":null,"endpoints":${ENDPOINTS},"nodes":[${NODE}]}`;

/** The same service as returned: null, absent and empty are equal for its clients. */
const GREETER = {
  ...JSON.parse(SERVICE.replaceAll('"values":null', '"values":[]')),
  metadata: {},
};

const node = (id: string, more: object = {}) => ({ id, address: `10.0.0.5:${id.length}`, ...more });
const service = (nodes: object[], more: object = {}) => ({ name: 'greeter', version: 'latest', nodes, ...more });

describe('registering', () => {
  it('[X4, X5] returns 200, and reads back as written', async () => {
    const stage = new GoMicroStage();
    expect(await stage.send('POST', '/registry', SERVICE)).toEqual([200, '{}']);
    expect(await stage.read('/registry?service=greeter')).toEqual([GREETER]);
    expect(await stage.read('/registry/?service=greeter')).toEqual([GREETER]);
    expect(await stage.read('/n/public/registry?service=greeter')).toEqual([GREETER]);
  });

  it('[X5] with the same content changes nothing, and renews', async () => {
    const stage = new GoMicroStage();
    await stage.send('POST', '/registry', SERVICE);
    const revision = await stage.revision();
    expect(revision).toBeGreaterThan(0);
    for (let round = 0; round < 4; round++) {
      await stage.namespace.pass(GO_MICRO_LEASE_TTL_MS - 1_000);
      expect((await stage.send('POST', '/registry', SERVICE))[0]).toBe(200);
    }
    expect(await stage.revision()).toBe(revision);
    expect(await stage.read('/registry?service=greeter')).toHaveLength(1);
  });

  it('[X5] lasts 90 seconds', async () => {
    const stage = new GoMicroStage();
    await stage.send('POST', '/registry', SERVICE);
    await stage.namespace.pass(89_000);
    expect(await stage.read('/registry?service=greeter')).toHaveLength(1);
    await stage.namespace.pass(2_000);
    expect(await stage.read('/registry?service=greeter')).toEqual([]);
  });

  it('[X5] of several nodes is one revision, and other nodes stay', async () => {
    const stage = new GoMicroStage();
    const before = await stage.revision();
    await stage.send('POST', '/registry', service([node('a'), node('bb'), node('ccc')]));
    expect(await stage.revision()).toBe(before + 1);
    await stage.send('POST', '/registry', service([node('dddd')]));
    const [read] = (await stage.read('/registry?service=greeter')) as [{ nodes: { id: string }[] }];
    expect(read.nodes.map(({ id }) => id)).toEqual(['a', 'bb', 'ccc', 'dddd']);
  });
});

describe('deregistering', () => {
  it('[X5] removes the named nodes and nothing else, without a Content-Type', async () => {
    const stage = new GoMicroStage();
    await stage.send('POST', '/registry', service([node('a'), node('bb')]));
    expect(await stage.send('DELETE', '/registry', service([node('a'), node('unknown')]))).toEqual([200, '{}']);
    expect(await stage.read('/registry?service=greeter')).toMatchObject([{ nodes: [{ id: 'bb' }] }]);
    expect(await stage.send('DELETE', '/registry', service([]))).toEqual([200, '{}']);
    expect(await stage.read('/registry?service=greeter')).toHaveLength(1);
    const recording = new TestApp({ dialects: [goMicro] });
    expect((await recording.ask('DELETE', '/registry', service([]))).status).toBe(200);
    expect(recording.namespace.calls).toEqual([]);
    expect(await stage.send('DELETE', '/registry', { name: 'unknown', nodes: [node('a')] })).toEqual([200, '{}']);
  });
});

describe('reading', () => {
  it('[X5] an unknown service returns an empty list', async () => {
    const stage = new GoMicroStage();
    expect(await stage.send('GET', '/registry?service=unknown')).toEqual([200, '[]']);
    expect(await stage.send('GET', '/registry')).toEqual([200, '[]']);
  });

  it('[X4, X5] lists the names of services with nodes', async () => {
    const stage = new GoMicroStage();
    await stage.send('POST', '/registry', service([node('a')]));
    await stage.send('POST', '/registry', service([node('a')], { name: 'g@@other' }));
    const empty = { version: '', metadata: {}, endpoints: [], nodes: [] };
    expect(await stage.read('/registry')).toEqual([
      { name: 'greeter', ...empty },
      { name: 'g@@other', ...empty },
    ]);
    await quarantine(stage, 'a');
    expect(await stage.read('/registry')).toEqual([{ name: 'g@@other', ...empty }]);
  });

  it('[X5] omits what an operator quarantined, even after it registered again', async () => {
    const stage = new GoMicroStage();
    await stage.send('POST', '/registry', service([node('a'), node('bb')]));
    await quarantine(stage, 'a');
    await stage.send('POST', '/registry', service([node('a'), node('bb')]));
    expect(await stage.read('/registry?service=greeter')).toMatchObject([{ nodes: [{ id: 'bb' }] }]);
  });
});

describe('watching', () => {
  it.each([
    ['GET', 'websocket', 1],
    ['GET', 'WebSocket', 1],
    ['GET', 'h2c', 0],
    ['HEAD', 'websocket', 0],
  ])('[X6] %s with Upgrade: %s admits %d clients', async (method, upgrade, count) => {
    const app = new TestApp({ dialects: [goMicro] });
    app.namespace.answer.body = '{"services":[]}';
    const response = await app.send(method, '/registry', {
      headers: { authorization: `Bearer ${ROOT_TOKEN}`, upgrade },
    });
    expect([response.status, app.clients.length]).toEqual([200, count]);
    expect(app.sockets.opened.map(({ purpose: { kind } }) => kind)).toEqual(Array(count).fill('stream'));
    for (const client of app.clients) client.leave();
  });
});

async function quarantine({ namespace }: GoMicroStage, id: string): Promise<void> {
  await namespace.api.putOverride(
    { tokenId: 'root', operates: true },
    {
      key: { group: 'DEFAULT_GROUP', service: 'greeter', id },
      override: { quarantine: {} },
      precondition: {},
    },
  );
}

describe('refusing', () => {
  it('[X1] returns refusals in plain text', () =>
    eachRow(
      [
        ['POST', '/registry', '', 400, 'the body is empty'],
        ['POST', '/registry', '{', 400, 'the body is not JSON'],
        ['POST', '/registry', '[]', 400, 'in the body: '],
        ['POST', '/registry', '{"name":"a"}', 400, 'has no nodes'],
        ['POST', '/registry', '{"name":"a","nodes":[{"id":"n"}]}', 400, 'is not host:port'],
        ['POST', '/registry', 'x'.repeat(GO_MICRO_BODY_MAX_BYTES + 1), 413, 'bytes'],
        ['DELETE', '/registry', '{"nodes":[{"id":"n"}]}', 400, 'a service name must not be empty'],
        ['GET', '/registry?service=@@', undefined, 400, 'in the query: '],
        ['PUT', '/registry', '{}', 405, 'supports GET, HEAD, POST, DELETE'],
        ['GET', '/registry/greeter', undefined, 404, 'no such route'],
        ['GET', '/n/unknown/registry', undefined, 403, 'namespace "unknown"'],
      ],
      async (method, path, body, status, words) => {
        const stage = new GoMicroStage();
        const response = await stage.app.send(method, `${stage.prefix}${path}`, body === undefined ? {} : { body });
        expect([response.status, response.headers.get('content-type')]).toEqual([status, 'text/plain; charset=utf-8']);
        expect(await response.text()).toContain(words);
      },
    ));

  it('[X1, I9] requires a token, and its scope on the service', async () => {
    const stage = new GoMicroStage([{ scope: 'register', ns: 'public', services: ['DEFAULT_GROUP@@own'] }]);
    const own = { ...service([node('a')]), name: 'own' };
    expect(await stage.send('POST', '/registry', own)).toEqual([200, '{}']);
    expect(await stage.send('POST', '/registry', SERVICE)).toEqual([403, expect.stringContaining('"register"')]);
    expect(await stage.send('DELETE', '/registry', SERVICE)).toEqual([403, expect.stringContaining('"register"')]);
    expect(await stage.send('GET', '/registry?service=own')).toEqual([403, expect.stringContaining('"read"')]);
    expect(await stage.send('GET', '/registry')).toEqual([403, expect.stringContaining('"read"')]);
    const reader = new GoMicroStage([{ scope: 'read', ns: 'public', services: ['DEFAULT_GROUP@@own'] }]);
    expect(await reader.send('GET', '/registry?service=own')).toEqual([200, '[]']);
    expect(await reader.send('GET', '/registry?service=other')).toEqual([403, expect.stringContaining('other')]);
    expect(await reader.send('GET', '/registry')).toEqual([403, expect.stringContaining('"read"')]);
    stage.prefix = '';
    expect((await stage.send('GET', '/registry'))[0]).toBe(401);
  });

  it('[X1] accepts a bearer token, and in a path only a token for paths', async () => {
    const stage = new GoMicroStage([{ scope: 'register', ns: 'public' }], false);
    expect(await stage.send('POST', '/registry', SERVICE)).toEqual([401, expect.stringContaining('path')]);
    const response = await stage.app.ask('POST', '/registry', SERVICE, { authorization: `Bearer ${ROOT_TOKEN}` });
    expect(response.status).toBe(200);
    const reader = new GoMicroStage([{ scope: 'read', ns: 'public' }], false);
    expect(await reader.send('GET', '/registry')).toEqual([200, '[]']);
  });

  it('[X1, I10] survives any body, and a refused one changes nothing', async () => {
    const stage = new GoMicroStage();
    const names = [
      'name',
      'version',
      'Nodes',
      'ENDPOINTS',
      'metadata',
      'id',
      'address',
      'request',
      'values',
      '__proto__',
    ];
    const { member } = fc.letrec((tie) => ({
      member: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom(null, '', 'a', '10.0.0.5:1', ':1', '\ud800', 1, true),
        fc.array(tie('member'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie('member'), { maxKeys: 6 }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('POST', 'DELETE'), member, async (method, body) => {
        const before = await stage.revision();
        const [status, text] = await stage.send(method, '/registry', JSON.stringify(body));
        expect([200, 400]).toContain(status);
        expect(text).not.toBe('');
        if (status !== 200) expect(await stage.revision()).toBe(before);
      }),
      { numRuns: 500 },
    );
  });
});
