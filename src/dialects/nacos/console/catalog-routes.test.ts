import { beforeEach, describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';
import { InstanceDefinition } from '../../../model/instance';

/** Calls of the console of Nacos 1 and 2, as its pages send them. */

const V1 = '/nacos/v1/ns/catalog';
const CONSOLE = '&namespaceId=';

let stage: NacosStage;
beforeEach(async () => {
  stage = new NacosStage();
  const register = (service: string, ip: string, more = '') =>
    stage.send('POST', `/nacos/v1/ns/instance?serviceName=${encodeURIComponent(service)}&ip=${ip}&port=80${more}`);
  await register('orders', '10.0.0.1', '&metadata=v%3D1');
  await register('orders', '10.0.0.2', '&clusterName=EU&enabled=false&ephemeral=false');
  await register('billing@@invoices', '10.0.0.3', '&healthy=false&ephemeral=false');
  await stage.namespace.api.putService(
    { tokenId: 'root', operates: true },
    {
      group: 'billing',
      service: 'empty',
      definition: { metadata: { a: 'b' }, protectThreshold: 0.5 },
      precondition: {},
    },
  );
  await stage.namespace.api.putService(
    { tokenId: 'root', operates: true },
    {
      group: 'billing',
      service: 'invoices',
      definition: { metadata: {}, protectThreshold: 0.5, selector: { type: 'label', expression: 'a = b' } },
      precondition: {},
    },
  );
});

const line = (name: string, groupName: string, ipCount: number, more: object = {}) => {
  const clusterCount = ipCount;
  return { name, groupName, clusterCount, ipCount, healthyInstanceCount: ipCount, triggerFlag: 'false', ...more };
};
const ORDERS = line('orders', 'DEFAULT_GROUP', 2);
const INVOICES = line('invoices', 'billing', 1, { healthyInstanceCount: 0, triggerFlag: 'true' });
const EMPTY = line('empty', 'billing', 0);

describe('the page of services', () => {
  const services = (query: string) => stage.read(`${V1}/services?${query}${CONSOLE}`);

  it('[Y15] lists all services, with errors as text', async () => {
    const shown = await services('hasIpCount=false&withInstances=false&pageNo=1&pageSize=10&serviceNameParam=');
    expect(shown).toEqual({ count: 3, serviceList: expect.arrayContaining([ORDERS, INVOICES, EMPTY]) });
  });

  it('[Y15] filters by its parameters', () =>
    eachRow(
      [
        ['hasIpCount=true&pageNo=1&pageSize=10', 2, [INVOICES, ORDERS]],
        ['serviceNameParam=rde&groupNameParam=&pageNo=1&pageSize=10', 1, [ORDERS]],
        ['groupNameParam=billing&pageNo=1&pageSize=10', 2, [EMPTY, INVOICES]],
        ['groupNameParam=billing&serviceNameParam=in&pageNo=1&pageSize=10', 1, [INVOICES]],
        ['serviceNameParam=x.*&pageNo=1&pageSize=10', 0, []],
        ['serviceNameParam=ord*s&pageNo=1&pageSize=10', 1, [ORDERS]],
        ['pageNo=4&pageSize=1', 3, []],
        ['pageNo=0&pageSize=2147483647&serviceNameParam=orders', 1, [ORDERS]],
        ['', 3, []],
      ],
      async (query, count, expected) => {
        const { count: counted, serviceList } = (await services(query)) as { count: number; serviceList: unknown[] };
        expect([counted, serviceList.length]).toEqual([count, expected.length]);
        expect(serviceList).toEqual(expect.arrayContaining(expected));
      },
    ));

  it('[Y15] is split into pages', async () => {
    const names = async (pageNo: number) => {
      const page = (await services(`pageNo=${pageNo}&pageSize=2`)) as { serviceList: { name: string }[] };
      return page.serviceList.map(({ name }) => name);
    };
    const [first, second] = [await names(1), await names(2)];
    expect([first.length, second.length]).toEqual([2, 1]);
    expect([...first, ...second].sort()).toEqual(['empty', 'invoices', 'orders']);
  });

  it('[Y15] shows instances on request, by cluster', async () => {
    const shown = await services('withInstances=true&pageNo=1&pageSize=10&serviceNameParam=orders');
    const host = { port: 80, weight: 1, valid: true, metadata: {} };
    expect(shown).toEqual([
      {
        serviceName: 'orders',
        groupName: 'DEFAULT_GROUP',
        clusterMap: {
          DEFAULT: { hosts: [{ ...host, ip: '10.0.0.1', enabled: true, metadata: { v: '1' } }] },
          EU: { hosts: [{ ...host, ip: '10.0.0.2', enabled: false }] },
        },
        metadata: {},
      },
    ]);
  });

  it('[Y15] reads a namespace in parts', async () => {
    const { api } = stage.namespace;
    const operations = Array.from({ length: 600 }, (_, port) => ({
      op: 'register' as const,
      key: { group: 'DEFAULT_GROUP', service: 'many', id: String(port) },
      definition: InstanceDefinition.parse({
        address: '10.0.0.9',
        port: port + 1,
        cluster: `C${port % 3}`,
        metadata: { text: 'x'.repeat(8_000) },
      }),
      precondition: {},
    }));
    await api.batch({ tokenId: 'root', operates: true }, operations);
    const first = await api.snapshot({});
    expect(first.body).toContain('"next"');
    const shown = await services('pageNo=1&pageSize=10&serviceNameParam=many');
    const many = line('many', 'DEFAULT_GROUP', 600, { clusterCount: 3 });
    expect(shown).toEqual({ count: 1, serviceList: [many] });
    const whole = await services('pageNo=1&pageSize=10&withInstances=true&serviceNameParam=many');
    const [{ clusterMap }] = whole as [{ clusterMap: Record<string, { hosts: unknown[] }> }];
    expect(Object.values(clusterMap).map(({ hosts }) => hosts.length)).toEqual([200, 200, 200]);
  });
});

describe('the page of a service', () => {
  it('[Y15] shows it with the clusters that have instances', async () => {
    const cluster = {
      serviceName: 'DEFAULT_GROUP@@orders',
      name: 'DEFAULT',
      healthChecker: { type: 'TCP' },
      defaultPort: 80,
      defaultCheckPort: 80,
      useIPPort4Check: true,
      metadata: {},
    };
    const service = { name: 'orders', groupName: 'DEFAULT_GROUP', protectThreshold: 0, metadata: {} };
    expect(await stage.read(`${V1}/service?serviceName=orders&groupName=DEFAULT_GROUP${CONSOLE}`)).toEqual({
      service: { ...service, selector: { type: 'none', contextType: 'NONE' } },
      clusters: [cluster, { ...cluster, name: 'EU' }],
    });
    expect(await stage.read(`${V1}/service?serviceName=billing%40%40empty`)).toEqual({
      service: expect.objectContaining({ name: 'empty', protectThreshold: 0.5, metadata: { a: 'b' } }),
      clusters: [],
    });
    expect(await stage.read(`${V1}/service?serviceName=billing%40%40invoices`)).toMatchObject({
      service: { selector: { type: 'label', expression: 'a = b' } },
    });
  });

  it('[Y15] shows the instances of a cluster, including those without traffic', async () => {
    const instances = (more: string) =>
      stage.read(`${V1}/instances?serviceName=DEFAULT_GROUP%40%40orders&pageSize=10&pageNo=1${CONSOLE}&${more}`);
    expect(await instances('clusterName=DEFAULT')).toMatchObject({ list: [{ ip: '10.0.0.1' }], count: 1 });
    const shown = (await instances('clusterName=EU')) as { list: object[]; count: number };
    expect(shown).toMatchObject({ list: [{ ip: '10.0.0.2', enabled: false, ephemeral: false }], count: 1 });
    expect(shown.list[0]).toHaveProperty('instanceId', '10.0.0.2#80#EU#DEFAULT_GROUP@@orders');
  });

  it('[Y15, Y8] refuses unknown services and invalid requests', () =>
    eachRow(
      [
        [`${V1}/service?serviceName=unknown`, 404, 'service DEFAULT_GROUP@@unknown is not found!'],
        [`${V1}/service`, 400, "Param 'serviceName' is required."],
        [
          `${V1}/instances?serviceName=unknown&clusterName=DEFAULT`,
          404,
          'service DEFAULT_GROUP@@unknown is not found!',
        ],
        [`${V1}/instances?serviceName=orders&clusterName=X`, 404, 'cluster X is not found!'],
        [`${V1}/instances?serviceName=orders&pageNo=one`, 400, "Param 'pageNo' is illegal"],
        [`${V1}/services?pageSize=1e3`, 400, "Param 'pageSize' is illegal"],
        [`${V1}/services?namespaceId=a%20b`, 400, "Param 'namespaceId/tenant' is illegal"],
      ],
      async (path, status, words) => {
        const [got, text] = await stage.send('GET', path);
        expect([got, text.startsWith(words)]).toEqual([status, true]);
      },
    ));
});

describe('the page of instances in v2', () => {
  it('[Y15, Y12] shows instances filtered by its parameters', () =>
    eachRow(
      [
        ['', ['10.0.0.1', '10.0.0.2']],
        ['&enabledOnly=true', ['10.0.0.1']],
        ['&enabledOnly=false', ['10.0.0.2']],
        ['&healthyOnly=true', ['10.0.0.1', '10.0.0.2']],
        ['&healthyOnly=false', []],
      ],
      async (more, ips) => {
        const path = `/nacos/v2/ns/catalog/instances?serviceName=DEFAULT_GROUP%40%40orders&pageNo=1&pageSize=10${more}`;
        const { data } = (await stage.read(path)) as { data: { instances: { ip: string }[]; count: number } };
        expect([data.instances.map(({ ip }) => ip), data.count]).toEqual([ips, ips.length]);
      },
    ));
});
