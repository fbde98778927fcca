import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../../package.json';
import { TestApp } from '../../../test/fixtures/test-app';
import type { ApiDocument, Operation } from './api-document';
import { openApiDocument } from './openapi';

const { routes } = new TestApp().app;
let document: ApiDocument;
let operations: [name: string, operation: Operation][];

beforeAll(async () => {
  // `as`: made by the very function under test; what is read of it is checked below.
  document = (await openApiDocument(routes, version)) as unknown as ApiDocument;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );
});

describe('the OpenAPI document', () => {
  it('[H1] is the committed one: after a change of routes or schemas, run npm run openapi', async () => {
    const committed = JSON.parse(await readFile('docs/openapi.json', 'utf8'));
    expect(document).toEqual(committed);
  });

  it('[H1] lists every route', () => {
    const expected = routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(operations.map(([name]) => name).sort()).toEqual(expected.sort());
  });

  it('names each operation once, and describes it', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [name, { summary, tags }] of operations) {
      expect(summary, name).not.toBe('');
      expect(document.tags.map((tag) => tag.name)).toEqual(expect.arrayContaining(tags));
    }
  });

  it('has a parameter for each name in a path', () => {
    for (const [name, { parameters }] of operations) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
      expect(inPath, name).toEqual([...name.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
    }
  });

  it('has no broken reference', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(10);
    for (const [, name = ''] of references) expect(Object.keys(document.components.schemas)).toContain(name);
  });

  it('states the required scope of each operation, and that open doors need none', () => {
    for (const { method, path, scope } of routes) {
      const operation = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method];
      expect(operation?.['x-scope'], path).toBe(scope === 'open' ? undefined : scope);
    }
  });

  it('[A9] lists the carriers of credentials of each operation', () => {
    const taken = Object.fromEntries(operations.map(([name, { security }]) => [name, JSON.stringify(security)]));
    expect(taken['get /api/v1/ns/{ns}/services']).toBe('[{"token":[]}]');
    expect(taken['get /api/v1/ns/{ns}/watch']).toBe('[{"token":[]},{"ticket":[]}]');
    expect(taken['get /api/v1/ns/{ns}/socket']).toBe('[{"token":[]},{"ticket":[]}]');
    expect(taken['get /health']).toBe('[]');
  });

  it('has examples that match their schemas', () => {
    for (const { input, example, operation } of routes) {
      if (input.body === undefined) continue;
      expect(input.body.safeParse(example).error?.issues ?? [], operation).toEqual([]);
    }
  });
});
