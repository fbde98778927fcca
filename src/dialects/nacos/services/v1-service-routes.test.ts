import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';
import { fits } from './catalog';

const SERVICE = '/nacos/v1/ns/service';
const INSTANCE = '/nacos/v1/ns/instance';

describe('services', () => {
  it('[Y10] are created, read, changed and removed', async () => {
    const stage = new NacosStage();
    const named = 'serviceName=orders&groupName=g';
    const selector = encodeURIComponent(
      encodeURIComponent('{"type":"label","expression":"CONSUMER.label.x = PROVIDER.label.x"}'),
    );
    const create = `${named}&protectThreshold=0.5&metadata=a%3D1&selector=${selector}`;
    expect(await stage.send('POST', SERVICE, create)).toEqual([200, 'ok']);
    expect(await stage.send('POST', SERVICE, create)).toEqual([400, 'specified service g@@orders already exists!']);
    await stage.send('POST', `${INSTANCE}?${named}&ip=10.0.0.7&port=1&clusterName=c`);
    expect(await stage.read(`${SERVICE}?${named}`)).toEqual({
      namespaceId: 'public',
      groupName: 'g',
      name: 'orders',
      protectThreshold: 0.5,
      metadata: { a: '1' },
      selector: { type: 'label', contextType: 'CMDB', expression: 'CONSUMER.label.x = PROVIDER.label.x' },
      clusters: [{ name: 'c', healthChecker: { type: 'TCP' }, metadata: {} }],
    });
    expect(await stage.send('PUT', `${SERVICE}?${named}&protectThreshold=0`)).toEqual([200, 'ok']);
    expect(await stage.read(`${SERVICE}?${named}`)).toMatchObject({
      protectThreshold: 0,
      metadata: {},
      selector: { type: 'none', contextType: 'NONE' },
    });
    expect(await stage.send('DELETE', `${SERVICE}?${named}`)).toEqual([
      400,
      "Service g@@orders is not empty, can't be delete. Please unregister instance first",
    ]);
    await stage.send('DELETE', `${INSTANCE}?${named}&ip=10.0.0.7&port=1`);
    expect(await stage.send('DELETE', `${SERVICE}?${named}`)).toEqual([200, 'ok']);
    expect(await stage.send('DELETE', `${SERVICE}?${named}`)).toEqual([400, 'service g@@orders not found!']);
  });

  it('[Y10] are refused with 400 if a parameter is missing or invalid', () =>
    eachRow(
      [
        ['POST', SERVICE, 'serviceName=a&protectThreshold=2', "Param 'protectThreshold' is illegal"],
        ['POST', SERVICE, 'serviceName=a&metadata=x', 'metadata format incorrect:x'],
        ['POST', SERVICE, 'serviceName=a&selector=%7B%7D', 'not match any type of selector!'],
        ['PUT', SERVICE, 'serviceName=a', "Param 'protectThreshold' is required."],
        ['PUT', SERVICE, 'serviceName=a&protectThreshold=0', 'service DEFAULT_GROUP@@a not found!'],
        ['GET', SERVICE, 'serviceName=a', 'service not found, namespace: public, serviceName: DEFAULT_GROUP@@a'],
        ['GET', `${SERVICE}/list`, 'pageSize=1', "Param 'pageNo' is required."],
        ['GET', `${SERVICE}/list`, 'pageNo=1&pageSize=x', "Param 'pageSize' is illegal"],
        ['PUT', '/nacos/v1/ns/cluster', 'serviceName=a&clusterName=DEFAULT', 'service DEFAULT_GROUP@@a not found!'],
        ['PUT', '/nacos/v1/ns/cluster', 'serviceName=a', "Param 'clusterName' is required."],
      ],
      async (method, path, query, words) => {
        const [status, text] = await new NacosStage().send(method, `${path}?${query}`);
        expect([status, text]).toEqual([400, expect.stringContaining(words)]);
      },
    ));

  it('[Y10] are listed by plain names, page by page, and completely for Spring and Dubbo', async () => {
    const stage = new NacosStage();
    const dubbo = 'providers:com.foo.Bar:1.0.0:';
    for (const service of ['b', 'a', dubbo]) {
      await stage.send('POST', `${INSTANCE}?serviceName=${encodeURIComponent(service)}&ip=10.0.0.7&port=1`);
    }
    await stage.send('POST', `${INSTANCE}?serviceName=g%40%40other&ip=10.0.0.7&port=1`);
    const all = { count: 3, doms: ['a', 'b', dubbo] };
    expect(await stage.read(`${SERVICE}/list?pageNo=1&pageSize=2147483647`)).toEqual(all);
    expect(await stage.read(`${SERVICE}/list?pageNo=0&pageSize=2147483647`)).toEqual(all);
    expect(await stage.read(`${SERVICE}/list?pageNo=2&pageSize=2`)).toEqual({ count: 3, doms: [dubbo] });
    expect(await stage.read(`${SERVICE}/list?pageNo=1&pageSize=9&groupName=g`)).toEqual({ count: 1, doms: ['other'] });
    const names = { public: ['DEFAULT_GROUP@@a', 'DEFAULT_GROUP@@b', 'g@@other', `DEFAULT_GROUP@@${dubbo}`] };
    expect(await stage.read(`${SERVICE}/names`)).toMatchObject({ services: names, count: 4 });
    expect(await stage.json('POST', `${SERVICE}/names?expr=G.*oth`)).toMatchObject({ count: 0 });
    expect(await stage.read(`${SERVICE}/names?expr=g%40.*oth`)).toMatchObject({ services: { public: ['g@@other'] } });
    const [host] = await stage.hosts(`${INSTANCE}/list?serviceName=${encodeURIComponent(dubbo)}`);
    expect(host?.serviceName).toBe(`DEFAULT_GROUP@@${dubbo}`);
  });

  it('[Y10] list their pollers while they poll', async () => {
    const stage = new NacosStage();
    await stage.send('POST', `${INSTANCE}?serviceName=orders&ip=10.0.0.7&port=1`);
    const subscribers = `${SERVICE}/subscribers?serviceName=orders`;
    await stage.hosts(`${INSTANCE}/list?serviceName=orders&clientIP=10.0.0.2&udpPort=0`);
    expect(await stage.read(subscribers)).toEqual({ subscribers: [], count: 0 });
    await stage.hosts(`${INSTANCE}/list?serviceName=orders&clientIP=10.0.0.2&udpPort=45678`);
    expect(await stage.read(subscribers)).toEqual({
      subscribers: [
        {
          addrStr: '10.0.0.2:45678',
          agent: 'Nacos-Java-Client:v1.0.0',
          app: 'unknown',
          ip: '10.0.0.2',
          port: 45_678,
          namespaceId: 'public',
          serviceName: 'DEFAULT_GROUP@@orders',
          cluster: '',
        },
      ],
      count: 1,
    });
    await stage.namespace.pass(60_000);
    expect(await stage.read(subscribers)).toMatchObject({ count: 0 });
  });

  it('[Y10] have two kinds of selectors, and clusters whose checkers have no effect where nothing runs checks', async () => {
    const stage = new NacosStage();
    expect(await stage.read(`${SERVICE}/selector/types`)).toEqual({
      code: 200,
      message: null,
      data: ['none', 'label'],
    });
    await stage.send('POST', `${SERVICE}?serviceName=a`);
    const checker = encodeURIComponent('{"type":"TCP"}');
    const cluster = `serviceName=a&clusterName=DEFAULT&checkPort=80&useInstancePort4Check=true&healthChecker=${checker}`;
    expect(await stage.send('PUT', `/nacos/v1/ns/cluster?${cluster}`)).toEqual([200, 'ok']);
  });
});

it('[Y10] an expression matches names that contain its parts, in order', () =>
  eachRow(
    [
      ['g@@orders', '', true],
      ['g@@orders', 'ord', true],
      ['g@@orders', 'g.*ers', true],
      ['g@@orders', '*rs*', true],
      ['g@@orders', 'ers.*g', false],
    ],
    (name, expression, expected) => {
      expect(fits(name, expression)).toBe(expected);
    },
  ));
