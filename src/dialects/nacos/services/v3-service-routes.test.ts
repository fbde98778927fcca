import { beforeEach, describe, expect, it } from 'vitest';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';

const ADMIN = '/nacos/v3/admin/ns';

let stage: NacosStage;
beforeEach(async () => {
  stage = new NacosStage();
  await stage.send('POST', `${ADMIN}/instance`, 'serviceName=orders&groupName=g&ip=10.0.0.7&port=80');
  await stage.send('POST', `${ADMIN}/service`, 'serviceName=empty&groupName=g');
});

const data = async (path: string): Promise<unknown> => ((await stage.read(ADMIN + path)) as { data: unknown }).data;

const LINE = { groupName: 'g', triggerFlag: 'false' };
const ORDERS = { ...LINE, name: 'orders', clusterCount: 1, ipCount: 1, healthyInstanceCount: 1 };
const EMPTY = { ...LINE, name: 'empty', clusterCount: 0, ipCount: 0, healthyInstanceCount: 0 };

describe('the list of services in v3', () => {
  it.each([
    ['', [1, 2, 1], [EMPTY, ORDERS]],
    ['?pageNo=1&pageSize=1', [1, 2, 2], undefined],
    ['?pageNo=3&pageSize=1', [3, 2, 2], []],
    ['?ignoreEmptyService=true', [1, 1, 1], [ORDERS]],
    ['?serviceNameParam=rde&groupNameParam=g', [1, 1, 1], [ORDERS]],
    ['?groupNameParam=h', [1, 0, 0], []],
  ])('[Y16, Y15] %s has page %j', async (query, [pageNumber, totalCount, pagesAvailable], items) => {
    const page = (await data(`/service/list${query}`)) as { pageItems: unknown[] };
    expect(page).toMatchObject({ pageNumber, totalCount, pagesAvailable });
    if (items === undefined) expect(page.pageItems).toHaveLength(1);
    else expect(page.pageItems).toEqual(expect.arrayContaining(items));
    if (items !== undefined) expect(page.pageItems).toHaveLength(items.length);
  });

  it('[Y16] shows instances on request', async () => {
    expect(await data('/service/list?withInstances=true&serviceNameParam=orders')).toMatchObject({
      totalCount: 1,
      pageItems: [
        {
          serviceName: 'orders',
          groupName: 'g',
          clusterMap: { DEFAULT: { hosts: [{ ip: '10.0.0.7', port: 80 }] } },
          metadata: {},
        },
      ],
    });
  });

  it('[Y16, Y8] refuses invalid page numbers', async () => {
    for (const query of ['pageNo=0', 'pageNo=-1', 'pageSize=0', 'pageSize=x']) {
      const [status, text] = await stage.send('GET', `${ADMIN}/service/list?${query}`);
      expect([status, JSON.parse(text)]).toMatchObject([400, { code: 20_002 }]);
    }
  });
});

it('[Y16] subscribers are listed by v3 in its own format', async () => {
  const poll = '/nacos/v1/ns/instance/list?serviceName=g%40%40orders&clientIP=10.0.0.9&udpPort=5000';
  await stage.app.send('GET', poll, {
    headers: { accessToken: stage.token, 'user-agent': 'Nacos-Java-Client:v1.4.8' },
  });
  expect(await data('/service/subscribers?serviceName=orders&groupName=g')).toEqual({
    pageNumber: 1,
    totalCount: 1,
    pagesAvailable: 1,
    pageItems: [
      {
        namespaceId: 'public',
        groupName: 'g',
        serviceName: 'orders',
        ip: '10.0.0.9',
        port: 5000,
        agent: 'Nacos-Java-Client:v1.4.8',
        appName: 'unknown',
      },
    ],
  });
});

it('[Y16] there are two kinds of selectors', async () => {
  expect(await data('/service/selector/types')).toEqual(['none', 'label']);
});

it.each([
  ['serviceName=orders&groupName=g&clusterName=EU&checkPort=80&healthChecker=%7B%22type%22%3A%22TCP%22%7D', 200, 0],
  ['serviceName=orders&groupName=g', 400, 10_000],
  ['serviceName=unknown&clusterName=EU', 400, 21_008],
])('[Y16] settings of a cluster by %s return %d with %d', async (parameters, status, code) => {
  const [got, text] = await stage.send('PUT', `${ADMIN}/cluster`, parameters);
  expect([got, JSON.parse(text).code]).toEqual([status, code]);
});
