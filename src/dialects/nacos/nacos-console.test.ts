import { beforeEach, expect, it } from 'vitest';
import { NacosStage } from '../../../test/fixtures/nacos-stage';

/**
 * The calls of the console of Nacos 2.5.1, page by page, as its sources send them: a form with `POST` and `PUT`, the token
 * in a header, the namespace and the user in the query.
 */

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

let stage: NacosStage;
let headers: Record<string, string>;
beforeEach(() => {
  stage = new NacosStage();
  headers = { AccessToken: stage.token };
});

const encoded = (data: Record<string, unknown>): string =>
  new URLSearchParams(Object.entries(data).map(([name, value]): [string, string] => [name, String(value)])).toString();

async function call(method: string, url: string, data: Record<string, unknown> = {}): Promise<[number, string]> {
  const isForm = method === 'POST' || method === 'PUT';
  const query = encoded({ username: 'nacos', namespaceId: '', ...(isForm ? {} : data) });
  const response = await stage.app.send(method, `/nacos/${url}${url.includes('?') ? '&' : '?'}${query}`, {
    headers: isForm ? { ...FORM, ...headers } : headers,
    ...(isForm ? { body: encoded(data) } : {}),
  });
  return [response.status, await response.text()];
}

async function read<T>(url: string, data: Record<string, unknown> = {}): Promise<T> {
  const [status, text] = await call('GET', url, data);
  expect(status, url).toBe(200);
  return JSON.parse(text) as T; // `as`: tests look at the members one by one
}

/** Requests of an SDK at the same time. */
const register = () => stage.send('POST', '/nacos/v1/ns/instance?serviceName=orders&ip=10.0.0.7&port=80&weight=1');
const listed = () => stage.hosts('/nacos/v1/ns/instance/list?serviceName=orders');

const SERVICE = { serviceName: 'orders', groupName: 'DEFAULT_GROUP' };
const PAGE = { pageSize: 10, pageNo: 1 };

interface Row {
  ip: string;
  port: number;
  ephemeral: boolean;
  weight: number;
  enabled: boolean;
  metadata: Record<string, string>;
}
const rows = async (): Promise<Row[]> =>
  (await read<{ list: Row[] }>('v1/ns/catalog/instances', { ...SERVICE, clusterName: 'DEFAULT', ...PAGE })).list;

/** The buttons of a row: online, offline, and the dialog that edits it. */
const put = ({ ip, port, ephemeral, weight, enabled, metadata }: Row) =>
  call('PUT', 'v1/ns/instance', {
    ...SERVICE,
    clusterName: 'DEFAULT',
    ...{ ip, port, ephemeral, weight, enabled, metadata: JSON.stringify(metadata) },
  });

async function row(): Promise<Row> {
  const [first] = await rows();
  if (first === undefined) throw new Error('the list of instances is empty');
  return first;
}

it('[Y11, Y14] the login page and the frame around all pages', async () => {
  headers = {};
  const [status, text] = await call('POST', 'v1/auth/users/login', { username: 'nacos', password: stage.token });
  expect([status, JSON.parse(text)]).toMatchObject([200, { accessToken: stage.token, globalAdmin: false }]);
  headers = { accessToken: JSON.parse(text).accessToken };
  expect(await read('v1/console/server/state')).toMatchObject({ version: '2.5.1', login_page_enabled: 'true' });
  expect(await read('v1/console/server/announcement?language=en-US')).toMatchObject({ code: 200 });
  expect(await read('v1/console/server/guide')).toMatchObject({ code: 200 });
  const { data } = await read<{ data: object[] }>('v1/core/cluster/nodes?withInstances=false&pageNo=1&pageSize=10');
  expect(data).toHaveLength(1);
});

it('[Y8, Y11] a token that is no longer valid sends users back to the login', async () => {
  headers = { accessToken: 'gone' };
  const [status, text] = await call('GET', 'v1/ns/catalog/services', PAGE);
  // The console compares this message.
  expect([status, JSON.parse(text).message]).toEqual([403, 'token invalid!']);
});

it('[Y15] the offline button outlasts heartbeats and registrations, and the online button reverts it', async () => {
  await register();
  expect(await listed()).toHaveLength(1);
  expect(await put({ ...(await row()), enabled: false })).toEqual([200, 'ok']);
  expect(await listed()).toEqual([]);
  expect(await row()).toMatchObject({ enabled: false, weight: 1 });
  const beat = encodeURIComponent(JSON.stringify({ ip: '10.0.0.7', port: 80, serviceName: 'DEFAULT_GROUP@@orders' }));
  await stage.send('PUT', `/nacos/v1/ns/instance/beat?serviceName=orders&beat=${beat}`);
  await register();
  expect(await listed()).toEqual([]);
  expect(await put({ ...(await row()), enabled: true })).toEqual([200, 'ok']);
  expect(await listed()).toHaveLength(1);
});

it('[Y15] the dialog of an instance sets weight and metadata, which the SDK does not revert', async () => {
  await register();
  expect(await put({ ...(await row()), weight: 0, metadata: { zone: 'a' } })).toEqual([200, 'ok']);
  await register();
  expect(await listed()).toMatchObject([{ weight: 0, metadata: { zone: 'a' } }]);
  const text = { ...SERVICE, clusterName: 'DEFAULT', ip: '10.0.0.7', port: 80, weight: 'heavy', enabled: true };
  const [status, message] = await call('PUT', 'v1/ns/instance', text);
  expect([status, message]).toEqual([400, expect.stringContaining('weight')]);
});

it('[Y15] the service pages create, edit and delete one', async () => {
  const asked = { ...SERVICE, metadata: 'team=a', selector: '{"type":"none"}' };
  expect(await call('POST', 'v1/ns/service', { ...asked, protectThreshold: '0' })).toEqual([200, 'ok']);
  const services = () => read<{ count: number; serviceList: { name: string }[] }>('v1/ns/catalog/services', PAGE);
  expect(await services()).toMatchObject({ count: 1, serviceList: [{ name: 'orders', ipCount: 0 }] });
  expect(await read('v1/ns/service/selector/types')).toEqual({ code: 200, message: null, data: ['none', 'label'] });
  expect(await call('PUT', 'v1/ns/service', { ...asked, protectThreshold: '0.5' })).toEqual([200, 'ok']);
  await register();
  expect(await read(`v1/ns/catalog/service?serviceName=orders&groupName=DEFAULT_GROUP`)).toMatchObject({
    service: { name: 'orders', protectThreshold: 0.5, metadata: { team: 'a' } },
    clusters: [{ name: 'DEFAULT' }],
  });
  const cluster = {
    ...{ serviceName: 'orders', groupName: 'DEFAULT_GROUP', clusterName: 'DEFAULT', metadata: '' },
    ...{ checkPort: 80, useInstancePort4Check: true, healthChecker: '{"type":"TCP"}' },
  };
  expect(await call('PUT', 'v1/ns/cluster', cluster)).toEqual([200, 'ok']);
  const remove = () => call('DELETE', 'v1/ns/service?serviceName=orders&groupName=DEFAULT_GROUP');
  expect(await remove()).toEqual([400, expect.stringContaining('is not empty')]);
  await stage.send('DELETE', '/nacos/v1/ns/instance?serviceName=orders&ip=10.0.0.7&port=80');
  expect(await remove()).toEqual([200, 'ok']);
  expect(await services()).toEqual({ count: 0, serviceList: [] });
});

it('[Y15] the subscriber page shows pollers', async () => {
  await register();
  await stage.read('/nacos/v1/ns/instance/list?serviceName=orders&clientIP=10.0.0.9&udpPort=5000');
  const asked = { ...SERVICE, pageNo: 1, pageSize: 10 };
  expect(await read('v1/ns/service/subscribers', asked)).toMatchObject({
    count: 1,
    subscribers: [{ ip: '10.0.0.9', port: 5000, app: 'unknown' }],
  });
});
