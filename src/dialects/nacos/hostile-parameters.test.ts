import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BY_ROOT } from '../../../test/contracts/directory/test-directory';
import { NodeDirectory } from '../../../test/fixtures/node-directory';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { ROOT_TOKEN, TestApp } from '../../../test/fixtures/test-app';
import { readJsonText } from '../../model/json';
import { nacos } from './nacos';

/** Every parameter that a route reads, and some that none reads. */
const NAMES = [
  ...[
    'namespaceId',
    'serviceName',
    'groupName',
    'clusterName',
    'cluster',
    'clusters',
    'ip',
    'port',
    'weight',
    'healthy',
  ],
  ...['valid', 'enabled', 'enable', 'ephemeral', 'metadata', 'instances', 'consistencyType', 'beat', 'key', 'selector'],
  ...['protectThreshold', 'pageNo', 'pageSize', 'expr', 'healthyOnly', 'enabledOnly', 'udpPort', 'clientIP', 'app'],
  ...[
    'serviceNameParam',
    'groupNameParam',
    'hasIpCount',
    'withInstances',
    'ignoreEmptyService',
    'heartBeat',
    'clientId',
  ],
  ...['namespaceName', 'namespaceShowName', 'customNamespaceId', 'namespace', 'show', 'checkNamespaceIdExist'],
  ...['entry', 'value', 'onlyStatus', 'logName', 'username', 'aggregation', 'encoding', '__proto__', 'constructor', ''],
];

const VALUES = [
  ...['', ' ', '0', '-1', '1', '80', '65536', '1e3', 'NaN', '1.5', '2147483647', '9'.repeat(15), '9'.repeat(400)],
  ...[
    'true',
    'false',
    'yes',
    'all',
    'public',
    'gone',
    'a b',
    'x'.repeat(300),
    '..',
    '%',
    '%zz',
    '\u0000',
    '\ud800',
    '漢字',
  ],
  ...[
    'orders',
    'g@@orders',
    '@@',
    'g@@',
    '@@orders',
    'a@@b@@c',
    'public##g@@orders',
    '##',
    'DEFAULT',
    'DEFAULT,EU',
    ',',
  ],
  ...['10.0.0.7', '10.0.0.7.8', '::1', '[::1]', '999.1.1.1', 'host', '10.0.0.7:80#true', 'http://x'],
  ...['{}', '[]', 'null', '1', '"', '{', 'a=b', 'a=', 'a=b=c', '{"a":"b"}', '{"a":{"b":1}}', '{"__proto__":"x"}'],
  ...[
    '{"ip":"10.0.0.7","port":80,"cluster":"DEFAULT"}',
    '{"ip":1,"port":"x","metadata":[]}',
    '{"ip":"10.0.0.7","port":80,"weight":"x"}',
  ],
  ...[
    '[{"ip":"10.0.0.7","port":80}]',
    '[{"ip":null,"port":{}}]',
    '[1]',
    '{"type":"label"}',
    '{"type":"label","expression":1}',
  ],
  ...['%7B%22type%22%3A%22none%22%7D', '{"preserved.heart.beat.timeout":"1"}', '[[[[', '{"a":'.repeat(100)],
  ...['lightBeatEnabled', 'persist', '.*(a+)+$', '*'.repeat(200)],
];

/** Most requests name their target, so that more than the first parameter is checked. */
const USUAL: [string, string][] = [
  ['serviceName', 'g@@orders'],
  ['ip', '10.0.0.7'],
  ['port', '80'],
  ['namespaceId', 'public'],
  ['metadata', '{"a":"b"}'],
  ['protectThreshold', '0'],
  ['clusterName', 'DEFAULT'],
  ['pageNo', '1'],
  ['pageSize', '10'],
];

const hostileValue = fc.oneof(fc.constantFrom(...VALUES), fc.string());
const parameter = fc.tuple(fc.constantFrom(...NAMES), hostileValue);
const usual = fc.tuple(
  ...USUAL.map(([name, value]) =>
    fc.tuple(fc.constant(name), fc.oneof({ arbitrary: fc.constant(value), weight: 9 }, hostileValue)),
  ),
);
const encoded = (pairs: [string, string][]): string =>
  pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
/** Encoded as in browsers; half of a surrogate pair has no code of its own. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed()).replaceAll('%20', '+');

it('[Y1, Y8, I10] no parameters in any place and order cause a fault, and refused ones change nothing', async () => {
  const namespace = new NodeNamespace();
  const directory = new NodeDirectory().api;
  const app = new TestApp({ dialects: [nacos], directory, calls: namespace.api });
  const revision = async () => readJsonText((await namespace.api.stats()).body).revision;
  const namespaces = async () => JSON.stringify(await directory.listNamespaces(BY_ROOT, {}));
  const accepted = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...app.app.dialectRoutes),
      usual,
      fc.array(parameter, { maxLength: 5 }),
      fc.boolean(),
      fc.nat(),
      async ({ operation, method, path }, usual, hostile, isHostileFirst, cut) => {
        const pairs = isHostileFirst ? [...hostile, ...usual] : [...usual, ...hostile];
        const inQuery = cut % (pairs.length + 1);
        // Any other call by an administrator creates the namespace that it names.
        const written = async () => [await revision(), operation.includes('namespace') ? await namespaces() : ''];
        const before = await written();
        const isForm = method !== 'get';
        const query = encoded(isForm ? pairs.slice(0, inQuery) : pairs);
        const response = await app.send(method.toUpperCase(), `${path.replace(':key', 'g%40%40orders')}?${query}`, {
          headers: { accessToken: ROOT_TOKEN, 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
          ...(isForm ? { body: encoded(pairs.slice(inQuery)) } : {}),
        });
        const { status } = response;
        expect([200, 400, 403, 404, 409], `${operation}: ${await response.text()}`).toContain(status);
        if (status === 200) accepted.add(operation);
        else expect(await written(), operation).toEqual(before);
      },
    ),
    { numRuns: 600 },
  );
  // A run in which every request is refused proves little.
  expect(accepted.size).toBeGreaterThan(app.app.dialectRoutes.length / 3);
}, 30_000);
