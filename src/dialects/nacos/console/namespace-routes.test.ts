import { beforeEach, describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { NodeDirectory } from '../../../../test/fixtures/node-directory';
import { ROOT_TOKEN, TestApp } from '../../../../test/fixtures/test-app';
import { nacos } from '../nacos';

let app: TestApp;
beforeEach(() => {
  app = new TestApp({ dialects: [nacos], directory: new NodeDirectory().api });
});

async function send(method: string, path: string, parameters = ''): Promise<[number, string]> {
  const isForm = method === 'POST' || method === 'PUT';
  const response = await app.send(method, isForm || parameters === '' ? path : `${path}?${parameters}`, {
    headers: { accessToken: ROOT_TOKEN, ...(isForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) },
    ...(isForm ? { body: parameters } : {}),
  });
  return [response.status, await response.text()];
}

const json = async (method: string, path: string, parameters?: string): Promise<unknown> =>
  JSON.parse((await send(method, path, parameters))[1]);

const V1 = '/nacos/v1/console/namespaces';
const PUBLIC = { namespaceShowName: 'public', namespaceDesc: 'Default Namespace', quota: 200, configCount: 0, type: 0 };
const DEV = { namespace: 'dev', namespaceShowName: 'Dev', namespaceDesc: '', quota: 200, configCount: 0, type: 2 };

describe('namespaces of the console of v1', () => {
  it('[Y13] are created, listed, renamed and removed with the calls of Nacos 2.5', async () => {
    const made = 'customNamespaceId=dev&namespaceName=Dev&namespaceDesc=for%20development&namespaceId=';
    expect(await send('POST', V1, made)).toEqual([200, 'true']);
    expect(await send('POST', V1, made)).toEqual([200, 'false']);
    expect(await json('GET', V1)).toEqual({
      code: 200,
      message: null,
      data: [{ namespace: '', ...PUBLIC }, DEV],
    });
    expect(await json('GET', V1, 'show=all&namespaceId=dev')).toEqual(DEV);
    expect(await json('GET', V1, 'show=all&namespaceId=')).toEqual({ namespace: '', ...PUBLIC });
    expect(await send('GET', V1, 'checkNamespaceIdExist=true&customNamespaceId=dev')).toEqual([200, 'true']);
    expect(await send('GET', V1, 'checkNamespaceIdExist=true&customNamespaceId=x')).toEqual([200, 'false']);
    expect(await send('GET', V1, 'checkNamespaceIdExist=true&customNamespaceId=')).toEqual([200, 'false']);
    const renamed = 'namespace=dev&namespaceShowName=Development&namespaceDesc=x';
    expect(await send('PUT', V1, renamed)).toEqual([200, 'true']);
    expect(await json('GET', V1, 'show=all&namespaceId=dev')).toMatchObject({ namespaceShowName: 'Development' });
    expect(await send('DELETE', V1, 'namespaceId=dev')).toEqual([200, 'true']);
    expect(await send('GET', V1, 'checkNamespaceIdExist=true&customNamespaceId=dev')).toEqual([200, 'false']);
  });

  it('[Y13] are refused in v1 without a reason', () =>
    eachRow(
      [
        ['POST', 'customNamespaceId=a%20b&namespaceName=x', [200, 'false']],
        ['POST', 'customNamespaceId=a&namespaceName=x%40y', [200, 'false']],
        ['POST', 'customNamespaceId=public&namespaceName=x', [200, 'false']],
        ['PUT', 'namespace=gone&namespaceShowName=x', [200, 'false']],
        ['DELETE', 'namespaceId=public', [200, 'false']],
        ['DELETE', 'namespaceId=gone', [200, 'true']],
        ['POST', 'customNamespaceId=a', [400, "Param 'namespaceName' is required."]],
        ['DELETE', '', [400, "Param 'namespaceId' is required."]],
        ['GET', 'show=all&namespaceId=gone', [404, 'namespaceId [ gone ] not exist']],
      ],
      async (method, parameters, expected) => {
        expect(await send(method, V1, parameters)).toEqual(expected);
      },
    ));
});

describe.each([
  ['/nacos/v2/console/namespace', ''],
  ['/nacos/v3/admin/core/namespace', 'public'],
])('namespaces at %s', (path, publicId) => {
  it('[Y13, Y12] are created, listed, renamed and removed', async () => {
    const success = (data: unknown) => ({ code: 0, message: 'success', data });
    expect(await json('POST', path, 'namespaceId=dev&namespaceName=Dev&namespaceDesc=')).toEqual(success(true));
    expect(await json('GET', `${path}/list`)).toEqual(success([{ namespace: publicId, ...PUBLIC }, DEV]));
    expect(await json('GET', path, 'namespaceId=dev')).toEqual(success(DEV));
    expect(await json('PUT', path, 'namespaceId=dev&namespaceName=Other')).toEqual(success(true));
    expect(await json('GET', path, 'namespaceId=dev')).toMatchObject({ data: { namespaceShowName: 'Other' } });
    expect(await json('DELETE', path, 'namespaceId=dev')).toEqual(success(true));
    expect(await json('GET', `${path}/list`)).toEqual(success([{ namespace: publicId, ...PUBLIC }]));
  });

  it('[Y13, Y8] are refused with the status and code of Nacos', () =>
    eachRow(
      [
        ['POST', 'namespaceId=a%20b&namespaceName=x', 400, 22_000],
        ['POST', 'namespaceId=a&namespaceName=%23', 400, 22_000],
        ['POST', 'customNamespaceId=public&namespaceName=x', 400, 22_002],
        ['POST', 'namespaceId=a', 400, 10_000],
        ['PUT', 'namespaceId=gone&namespaceName=x', 404, 22_001],
        ['GET', 'namespaceId=gone', 404, 22_001],
        ['DELETE', 'namespaceId=public', 409, 20_005],
        ['DELETE', '', 400, 10_000],
      ],
      async (method, parameters, status, code) => {
        const [got, text] = await send(method, path, parameters);
        expect([got, JSON.parse(text)]).toEqual([
          status,
          { code, message: expect.any(String), data: expect.any(String) },
        ]);
      },
    ));
});

it('[Y13] v3 counts namespaces by id', async () => {
  const path = '/nacos/v3/admin/core/namespace/check';
  expect(await json('GET', path, 'namespaceId=public')).toMatchObject({ data: 1 });
  expect(await json('GET', path, 'namespaceId=gone')).toMatchObject({ data: 0 });
});
