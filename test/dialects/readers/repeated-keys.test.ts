import { describe, expect, it } from 'vitest';
import { everyRow } from '../../fixtures/every-row';
import { MatrixStage } from '../matrix/matrix-stage';

const JSON_TYPE = { 'content-type': 'application/json' };
const SERVICE = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders';
const PLACE = '"address":"10.0.0.7","port":80';
const OPERATION = `"op":"register","key":{"group":"DEFAULT_GROUP","service":"orders","id":"a"}`;
const EUREKA = '"app":"ORDERS","hostName":"h","ipAddr":"10.0.0.7","dataCenterInfo":{"name":"MyOwn"}';
const NODE = '"id":"a","address":"10.0.0.7:80"';

const form = (parameters: Record<string, string>): string => String(new URLSearchParams(parameters));
const PLACE_PARAMETERS = { serviceName: 'orders', ip: '10.0.0.7', port: '80' };

describe('a repeated key', () => {
  it.each<[method: string, path: string, body: string, at: string]>([
    ['PUT', `${SERVICE}/instances/a`, `{${PLACE},"weight":1,"weight":100}`, 'weight'],
    ['PUT', `${SERVICE}/instances/a`, `{${PLACE},"metadata":{"a":"1","\\u0061":"2"}}`, 'metadata.a'],
    ['PUT', SERVICE, '{"protectThreshold":0,"protectThreshold":1}', 'protectThreshold'],
    [
      'POST',
      '/api/v1/ns/public/batch',
      `{"operations":[{${OPERATION},"definition":{${PLACE},"port":81}}]}`,
      'operations.0.definition.port',
    ],
    ['POST', '/api/v1/tokens', '{"name":"x","grants":[{"scope":"read","scope":"admin","ns":"*"}]}', 'grants.0.scope'],
    ['POST', '/eureka/apps/ORDERS', `{"instance":{${EUREKA},"ipAddr":"10.0.0.8"}}`, 'instance.ipAddr'],
    ['POST', '/registry', `{"name":"orders","nodes":[{${NODE},"address":"10.0.0.8:80"}]}`, 'nodes.0.address'],
    ['POST', '/registry', `{"name":"orders","nodes":[{${NODE},"Address":"10.0.0.8:80"}]}`, 'nodes.0.address'],
  ])('[H10] is refused and named by its path: %s %s %s', async (method, path, body, at) => {
    const stage = new MatrixStage();
    const { status, text } = await stage.attempt(method, path, { body, headers: JSON_TYPE });
    expect([status, text]).toEqual([400, expect.stringContaining(at)]);
    expect(text).toContain('appears twice in one object');
    expect(stage.namespace.state.journal.revision).toBe(0);
  });

  it('[H10] is refused in the JSON of a parameter', () =>
    everyRow(
      [
        ['POST', '/nacos/v1/ns/instance', { ...PLACE_PARAMETERS, metadata: '{"a":"1","a":"2"}' }, 'a'],
        [
          'PUT',
          '/nacos/v1/ns/instance/beat',
          { serviceName: 'orders', beat: '{"ip":"10.0.0.7","port":1,"port":80}' },
          'port',
        ],
        [
          'PUT',
          '/nacos/v1/ns/instance/metadata/batch',
          { serviceName: 'orders', metadata: '{"a":"1"}', instances: '[{"ip":"10.0.0.7","ip":"10.0.0.8","port":80}]' },
          '0.ip',
        ],
      ],
      async ([method, path, parameters, at]) => {
        const stage = new MatrixStage();
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        const { status, text } = await stage.attempt(method, path, { body: form(parameters), headers });
        expect([status, text]).toEqual([400, expect.stringContaining(`appears twice in one object, at ${at};`)]);
        expect(stage.namespace.state.journal.revision).toBe(0);
      },
    ));

  it('[H10] is refused in a line of an import, with the line number', async () => {
    const stage = new MatrixStage();
    const body = '{"kind":"header","kind":"end"}\n';
    const headers = { 'content-type': 'application/x-ndjson' };
    const { text } = await stage.attempt('POST', '/api/v1/ns/public/import?mode=merge', { body, headers });
    expect(text).toMatch(/line 1.*the key \\"kind\\" appears twice in one object/);
    expect(stage.namespace.state.journal.revision).toBe(0);
  });
});
