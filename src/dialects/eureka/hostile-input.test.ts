import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EurekaStage, INSTANCE_PATH } from '../../../test/fixtures/eureka-stage';
import { eachRow } from '../../../test/fixtures/every-row';
import { SPRING_INSTANCE } from '../../../test/fixtures/spring-instance';
import { BODY_MAX_BYTES } from '../../model/limits';

const XML = 'application/xml';
const JSON_TYPE = 'application/json';

function post(
  stage: EurekaStage,
  body: string | Uint8Array<ArrayBuffer>,
  type: string | null = JSON_TYPE,
): Promise<[number, string]> {
  // A text body would set a type of its own.
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const headers: Record<string, string> = type === null ? {} : { 'content-type': type };
  return stage.brief('POST', '/eureka/apps/ORDERS', { body: bytes, headers });
}

const json = (more: object) => JSON.stringify({ instance: { ...SPRING_INSTANCE, ...more } });

const MINIMAL =
  '<instance><hostName>h</hostName><app>ORDERS</app><ipAddr>10.0.0.1</ipAddr><dataCenterInfo class="x"><name>MyOwn</name></dataCenterInfo></instance>';

describe('an invalid registration', () => {
  it('[F10] is 400 with a message that describes the fault', () =>
    eachRow(
      [
        [{ instanceId: '', hostName: '' }, 'Missing instanceId'],
        [{ hostName: '' }, 'Missing hostname'],
        [{ hostName: null }, 'Missing hostname'],
        [{ ipAddr: ' ' }, 'Missing ip address'],
        [{ app: '' }, 'Missing appName'],
        [{ app: 'CARTS' }, 'Mismatched appName, expecting ORDERS but was CARTS'],
        [{ dataCenterInfo: undefined }, 'Missing dataCenterInfo'],
        [{ dataCenterInfo: {} }, 'Missing dataCenterInfo Name'],
        [{ dataCenterInfo: { name: 'Azure' } }, /^dataCenterInfo has the name "Azure"/],
        [{ dataCenterInfo: { name: 'Amazon', metadata: { '': 'x' } } }, /metadata keys must not be empty/],
        [{ securePort: { $: 2 ** 31, '@enabled': 'false' } }, /securePort must be a whole number of 32 bits/],
        [{ countryId: -(2 ** 31) - 1 }, /countryId must be a whole number of 32 bits/],
        [{ leaseInfo: { renewalIntervalInSecs: 2 ** 40 } }, /renewalIntervalInSecs must be a whole number of 32 bits/],
        [{ hostName: '', ipAddr: '', app: '' }, 'Missing hostname'],
        [{ ipAddr: 'no address', hostName: 'nor this' }, /^neither ipAddr \("no address"\) nor hostName/],
        [
          { port: { $: 70_000, '@enabled': 'true' }, securePort: { $: 0 } },
          /^neither port \(70000\) nor securePort \(0, dis/,
        ],
        [
          { port: { $: 0, '@enabled': 'true' } },
          /^neither port \(0\) nor securePort \(443, disabled\) is a usable port/,
        ],
        [{ port: { $: -1, '@enabled': 'true' }, securePort: undefined }, /^neither port \(-1\) nor securePort/],
        [{ port: { $: 'x' } }, /port/],
        [{ leaseInfo: { durationInSecs: 'soon' } }, /durationInSecs/],
        [{ metadata: { a: { b: '1' } } }, /metadata "a" must be text/],
        [{ metadata: { a: 'x'.repeat(9_000) } }, /metadata has/],
        [{ homePageUrl: `http://h/${'x'.repeat(9_000)}` }, /URLs, virtual addresses/],
        [{ instanceId: 'x'.repeat(300) }, /at most 255 bytes/],
        [{ lastDirtyTimestamp: 'yesterday' }, /lastDirtyTimestamp/],
      ],
      async (more, words) => {
        const stage = new EurekaStage();
        const [status, text] = await post(stage, json(more));
        expect([status, text]).toEqual([400, typeof words === 'string' ? words : expect.stringMatching(words)]);
        expect(stage.namespace.state.journal.revision).toBe(0);
      },
    ));

  it.each<[body: string | Uint8Array<ArrayBuffer>, type: string | null, status: number]>([
    ['', JSON_TYPE, 400],
    ['{', JSON_TYPE, 400],
    ['[]', JSON_TYPE, 400],
    ['null', JSON_TYPE, 400],
    ['{"instance":[]}', JSON_TYPE, 400],
    ['{"instance":{"__proto__":{"app":"x"}}}', JSON_TYPE, 400],
    [`{"instance":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, JSON_TYPE, 400],
    [new Uint8Array([0x7b, 0xff, 0xfe]), JSON_TYPE, 400],
    ['hello', 'text/plain', 415],
    ['a=b', 'application/x-www-form-urlencoded', 415],
    ['', XML, 400],
    ['not xml', XML, 400],
    ['<instance>', XML, 400],
    ['<instance></a>', XML, 400],
    ['<a/><b/>', XML, 400],
    [`${'<a>'.repeat(5_000)}${'</a>'.repeat(5_000)}`, XML, 400],
    [`<instance>${'<a>'.repeat(5_000)}`, XML, 400],
    ['<instance><metadata><constructor>1</constructor></metadata></instance>', XML, 400],
    [`<!DOCTYPE instance>${MINIMAL}`, XML, 400],
    [`<!DOCTYPE i [<!ENTITY a "b">]>${MINIMAL.replace('10.0.0.1', '&a;')}`, XML, 400],
    [`<!DOCTYPE i [<!ENTITY a SYSTEM "file:///etc/passwd">]>${MINIMAL}`, XML, 400],
    [
      `<!DOCTYPE i [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>${MINIMAL}`,
      null,
      400,
    ],
    ['x'.repeat(BODY_MAX_BYTES + 1), JSON_TYPE, 413],
    ['x'.repeat(10 * 1024 * 1024), XML, 413],
  ])('[F10] %#: is refused with its status', async (body, type, status) => {
    const stage = new EurekaStage();
    const [received, text] = await post(stage, body, type);
    expect([received, text.length > 0 && text.length < 400]).toEqual([status, true]);
    expect(text).not.toContain('passwd');
    expect(stage.namespace.state.journal.revision).toBe(0);
  });

  it('[F3] expands no entity except those predefined by XML', async () => {
    const stage = new EurekaStage();
    const body = MINIMAL.replace('</instance>', '<metadata><a>&lt;&#65;&amp;lt;</a><b>&xxe;</b></metadata></instance>');
    expect(await post(stage, body, XML)).toEqual([204, '']);
    expect((await stage.instance('/eureka/apps/ORDERS/h')).metadata).toEqual({ a: '<A&lt;', b: '&xxe;' });
  });
});

it('[F10] a compressed body is refused with a message about it', async () => {
  const stage = new EurekaStage();
  const body = new Uint8Array(gzipSync(json({})));
  const headers = { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' };
  expect(await stage.brief('POST', '/eureka/apps/ORDERS', { body, headers })).toEqual([
    415,
    'the body must not be compressed; send it without Content-Encoding',
  ]);
});

describe('a registration by real clients', () => {
  it('[F1] may use each spelling of its members', () =>
    eachRow(
      [
        ['a bare port', { port: 8080 }, { port: 8080 }],
        ['a port as text', { port: '8080', securePort: null }, { port: 8080 }],
        [
          'flags as flags',
          { port: { $: 80, '@enabled': false }, securePort: { $: 443, '@enabled': true } },
          { port: 443, ports: { https: { port: 443, secure: true } } },
        ],
        ['no port at all', { port: undefined, securePort: undefined }, { port: 7001 }],
        [
          'a wrong port beside one that is enabled',
          { port: { $: 0, '@enabled': true }, securePort: { $: 8443, '@enabled': true } },
          { port: 8443, ports: { https: { port: 8443, secure: true } } },
        ],
        ['no port enabled', { port: { $: 80, '@enabled': false } }, { port: 80 }],
        ['no class', { dataCenterInfo: { name: 'MyOwn' } }, {}],
        [
          'numbers and flags in metadata',
          { metadata: { a: 1, b: true, c: null, '@class': 'x', '@y': 'x', $: 'x', class: 'x' } },
          { metadata: { a: '1', b: 'true' } },
        ],
        ['no metadata', { metadata: null }, { metadata: {} }],
        ['a status in lower case', { status: 'starting' }, { status: 'starting' }],
        ['an unknown status', { status: 'sideways' }, { status: 'down' }],
        ['unknown members', { colour: { red: true } }, {}],
        ['an app in lower case', { app: 'orders' }, { service: 'orders' }],
      ],
      async (_what, more, seen) => {
        const stage = new EurekaStage();
        expect(await post(stage, json(more))).toEqual([204, '']);
        expect(await stage.view()).toMatchObject(seen);
      },
    ));

  it('[F1] without instanceId is identified by its host, and in Amazon by its instance-id', async () => {
    const stage = new EurekaStage();
    await post(stage, json({ instanceId: undefined }));
    const dataCenterInfo = { name: 'Amazon', metadata: { 'instance-id': 'i-1', 'local-ipv4': '10.0.0.1' } };
    await post(stage, json({ instanceId: undefined, dataCenterInfo }));
    expect(await stage.statuses()).toEqual(['h1.example UP', 'i-1 UP']);
    expect(await stage.instance('/eureka/apps/ORDERS/i-1')).toMatchObject({
      dataCenterInfo: { ...dataCenterInfo, '@class': 'com.netflix.appinfo.AmazonInfo' },
    });
  });

  it('[F1] is accepted without its wrapper, without a type, and in XML under any root', async () => {
    for (const [body, type] of [
      [JSON.stringify(SPRING_INSTANCE), JSON_TYPE],
      [json({}), null],
      [MINIMAL, null],
      [
        `<?xml version="1.0"?>\n${MINIMAL.replaceAll(/(?<=<\/?)instance(?=>)/g, 'com.netflix.appinfo.InstanceInfo')}`,
        'text/xml; charset=utf-8',
      ],
    ] as const) {
      const stage = new EurekaStage();
      expect([body, await post(stage, body, type)]).toEqual([body, [204, '']]);
      expect((await stage.list()).application).toHaveLength(1);
    }
  });
});

it('[I10] no request causes a 5xx', async () => {
  const stage = new EurekaStage();
  await stage.register();
  const segment = fc.constantFrom(
    'apps',
    'delta',
    'ORDERS',
    SPRING_INSTANCE.instanceId,
    'status',
    'metadata',
    'vips',
    'svips',
    'instances',
    '%',
    '%00',
    '..',
    '',
    'a%2Fb',
    '%F0%9F%98%80',
    '__proto__',
    'x'.repeat(300),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH'),
      fc.array(segment, { maxLength: 5 }),
      fc.constantFrom('', '?value=UP', '?value=%', '?lastDirtyTimestamp=1e9', '?__proto__=1', '?a=%F', '?=&&'),
      fc.option(fc.oneof(fc.json(), fc.string(), fc.constant(MINIMAL)), { nil: undefined }),
      async (method, segments, query, body) => {
        const path = `/eureka/${segments.join('/')}${query}`;
        const init = body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body };
        const { status } = await stage.send(method, path, init);
        expect([path, status < 500]).toEqual([path, true]);
      },
    ),
    { numRuns: 150 },
  );
});

it('[F10] peer replication, AWS groups and other missing routes are 404', async () => {
  const stage = new EurekaStage();
  for (const [method, path] of [
    ['POST', '/eureka/peerreplication/batch'],
    ['PUT', '/eureka/asg/x/status?value=UP'],
    ['GET', '/eureka'],
    ['GET', '/v2/nothing'],
    ['GET', '/serverinfo'],
  ] as const) {
    expect([path, ...(await stage.brief(method, path))]).toEqual([path, 404, '']);
  }
  expect((await stage.send('PATCH', INSTANCE_PATH)).status).toBe(405);
});
