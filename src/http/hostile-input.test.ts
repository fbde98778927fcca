import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ROOT_TOKEN, TestApp } from '../../test/fixtures/test-app';

/** Texts that have broken somebody's parser before. */
const HOSTILE = [
  '',
  ' ',
  '.',
  '..',
  '...',
  '%',
  '%2e',
  '%2E%2e',
  '%2F',
  '%00',
  '%0a',
  '%ff',
  '%25',
  '%zz',
  '%C3',
  '%ED%A0%80',
  '/',
  '//',
  '\\',
  '?',
  '#',
  '&',
  '=',
  ';',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  '-1',
  '1e309',
  '0x10',
  '*',
  '@@',
  'a@@b',
  "'; DROP TABLE record; --",
  '<script>',
  '{{7*7}}',
  '\u0000',
  '\u202e',
  '\ufeff',
  'ü',
  '🦆',
  '\ud800',
  'x'.repeat(255),
  'x'.repeat(256),
  'x'.repeat(10_000),
];

/** Values that have broken somebody's validation before. */
const VALUES: unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  '',
  'x',
  [],
  {},
  [[]],
  [null],
  { a: null },
  ...HOSTILE,
  JSON.parse('{"__proto__":{"admin":true}}'),
  JSON.parse(`${'['.repeat(3_000)}${']'.repeat(3_000)}`),
  Array(2_000).fill(0),
];

const MEMBERS = [
  'address',
  'port',
  'url',
  'ports',
  'weight',
  'status',
  'ephemeral',
  'metadata',
  'tags',
  'version',
  'location',
  'incarnation',
  'lease',
  'extensions',
  'cluster',
  'node',
  'ttlMs',
  'removeAfterMs',
  'operations',
  'op',
  'group',
  'service',
  'id',
  'instances',
  'enabled',
  'quarantine',
  'until',
  'protectThreshold',
  'selector',
  'ifRevision',
  'ifAbsent',
  '__proto__',
  'constructor',
];

const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ maxLength: 20 }),
);
const value = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...VALUES) }, { weight: 1, arbitrary: fc.jsonValue() });
const object = fc
  .array(fc.tuple(fc.constantFrom(...MEMBERS), fc.oneof(value, fc.dictionary(fc.constantFrom(...MEMBERS), value))), {
    maxLength: 6,
  })
  .map(
    (entries) =>
      `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${JSON.stringify(member) ?? 'null'}`).join()}}`,
  );
const body = fc.oneof(
  object,
  object.map((one) => `{"operations":[${one}],"instances":[${one}]}`),
  value.map((one) => JSON.stringify(one) ?? ''),
  fc.string(),
);
const parameter = fc.tuple(
  fc.constantFrom(
    'near',
    'limit',
    'after',
    'consistency',
    'maxAge',
    'wait',
    'grace',
    'force',
    'cluster',
    'tag',
    'status',
    'available',
    'metadata',
    'metadata.a',
    'metadata.__proto__',
    '__proto__',
    'group',
    'prefix',
    '%zz',
  ),
  text,
);
const header = fc.tuple(
  fc.constantFrom(
    'if-match',
    'if-none-match',
    'content-type',
    'content-length',
    'content-encoding',
    'x-forwarded-for',
    'cf-connecting-ip',
    'accept',
    'prefer',
  ),
  fc.oneof(
    fc.constantFrom('*', '"c"', 'W/"c"', '"', 'application/json', 'gzip', '0', '-1', '99999999999'),
    fc.string({ maxLength: 20 }),
  ),
);

/** A URL takes no half of a surrogate pair; a client can send one only as bytes that are no UTF-8. */
const encoded = (name: string): string => (name.isWellFormed() ? encodeURIComponent(name) : '%ED%A0%80');

const routes = new TestApp().app.routes;
const request = fc.record({
  route: fc.constantFrom(...routes),
  method: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom('GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS') },
  ),
  names: fc.array(fc.oneof({ weight: 2, arbitrary: fc.constant('x') }, { weight: 1, arbitrary: text }), {
    minLength: 3,
    maxLength: 3,
  }),
  raw: fc.boolean(),
  parameters: fc.array(parameter, { maxLength: 3 }),
  headers: fc.array(header, { maxLength: 3 }),
  body,
});

describe('hostile input', () => {
  const logged = vi.fn();
  beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(logged));
  afterAll(() => void vi.restoreAllMocks());

  it('[I10] never gets a 5xx or a hang, whatever it is', async () => {
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(request, async ({ route, method, names, raw, parameters, headers, body }) => {
        const left = [...names];
        const path = route.path.replace(':ns', 'public').replace(/:\w+/g, () => {
          const name = left.shift() ?? 'x';
          return raw && /^[\x21-\x7e]*$/.test(name) ? name : encoded(name);
        });
        const query = parameters
          .map(([name, given]) => `${name}=${raw ? encoded(given) : encodeURI(given.toWellFormed())}`)
          .join('&');
        const used = method ?? route.method.toUpperCase();
        const sent = new Headers({ 'content-type': 'application/json' });
        for (const [name, given] of headers) if (/^[\x20-\x7e]*$/.test(given)) sent.set(name, given);
        sent.set('authorization', `Bearer ${ROOT_TOKEN}`);
        const test = new TestApp({ trustedProxy: true });
        test.namespace.answer.body = '{"journal":{},"sinceWake":{}}';
        const hasBody = used !== 'GET' && used !== 'HEAD';
        const response = await test.send(used, `${path}?${query}`, { headers: sent, ...(hasBody ? { body } : {}) });
        await response.text();
        seen.add(response.status);
        expect(response.status, `${used} ${path}?${query} ${body}`).toBeLessThan(500);
        expect(response.headers.get('rollcall-api')).toBe('1.0');
        if (response.status >= 400) expect(test.namespace.calls).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
    expect(logged).not.toHaveBeenCalled();
    // The property would hold as well if nothing came through.
    expect([...seen].sort()).toEqual(expect.arrayContaining([200, 204, 400, 404, 405, 415]));
  });
});
