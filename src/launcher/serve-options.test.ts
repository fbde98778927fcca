import { expect, test } from 'vitest';
import { originsProblem } from '../http/cors';
import { domainProblem } from '../http/namespace-host';
import type { LaunchError } from './launch-error';
import { parseServeOptions } from './serve-options';

test('defaults: loopback, port 8787, data/, a token of its own', () => {
  expect(parseServeOptions({}, {})).toEqual({
    host: '127.0.0.1',
    port: 8787,
    data: 'data',
    rootToken: undefined,
    corsOrigins: [],
    namespaceDomain: undefined,
  });
});

test('the environment counts, and flags win over it', () => {
  const env = { PORT: '9000', ROLLCALL_DATA: '/var/lib/rollcall', ROLLCALL_ROOT_TOKEN: 'given' };
  expect(parseServeOptions({}, env)).toMatchObject({ port: 9000, data: '/var/lib/rollcall', rootToken: 'given' });
  const flags = { port: '0', data: 'elsewhere', host: '::1' };
  expect(parseServeOptions(flags, env)).toMatchObject({ host: '::1', port: 0, data: 'elsewhere', rootToken: 'given' });
});

test('origins come from the environment, or instead from as many flags as there are', () => {
  const env = { ROLLCALL_CORS_ORIGINS: 'https://a.test, http://localhost:5173' };
  expect(parseServeOptions({}, env).corsOrigins).toEqual(['https://a.test', 'http://localhost:5173']);
  const corsOrigin = ['https://b.test', 'https://c.test:8443'];
  expect(parseServeOptions({ corsOrigin }, env).corsOrigins).toEqual(corsOrigin);
});

test.each([
  'https://a.test',
  'http://localhost:5173',
  'https://[::1]:8443',
  '*',
  'null',
  'a.test',
  'https://a.test/',
  'https://a.test:443',
  'https://*.a.test',
  'HTTPS://a.test',
  'ftp://a.test',
  'file:///x',
])('an origin here is one to the registry: %s', (origin) => {
  const parse = () => parseServeOptions({ corsOrigin: [origin] }, {});
  if (originsProblem([origin]) === undefined) expect(parse().corsOrigins).toEqual([origin]);
  else expect(parse).toThrow('--cors-origin must be an origin');
});

test('the domain of namespaces comes from the environment, or instead from the flag', () => {
  const env = { ROLLCALL_NAMESPACE_DOMAIN: 'a.test' };
  expect(parseServeOptions({}, env).namespaceDomain).toBe('a.test');
  expect(parseServeOptions({ namespaceDomain: 'b.test' }, env).namespaceDomain).toBe('b.test');
  expect(parseServeOptions({}, { ROLLCALL_NAMESPACE_DOMAIN: '' }).namespaceDomain).toBeUndefined();
});

test.each([
  'registry.example.com',
  'localhost',
  'A.test',
  '*.a.test',
  '.a.test',
  'a.test.',
  'a.test:80',
  '127.0.0.1',
  'a b',
])('a domain here is one to the registry: %s', (namespaceDomain) => {
  const parse = () => parseServeOptions({ namespaceDomain }, {});
  if (domainProblem(namespaceDomain) === undefined) expect(parse().namespaceDomain).toBe(namespaceDomain);
  else expect(parse).toThrow('--namespace-domain must be a host name');
});

test('an IPv6 address may stand in brackets', () => {
  expect(parseServeOptions({ host: '[fe80::1]' }, {}).host).toBe('fe80::1');
});

test.each([
  [{ port: '65536' }, {}, '--port must be a port from 0 to 65535, not "65536"'],
  [{ port: '-1' }, {}, 'not "-1"'],
  [{ port: '80a' }, {}, 'not "80a"'],
  [{ port: '' }, {}, 'not ""'],
  [{}, { PORT: '8787.5' }, 'PORT must be a port from 0 to 65535, not "8787.5"'],
  [{ host: 'a b' }, {}, '--host must be an address or a host name, not "a b"'],
  [{ host: 'host:80' }, {}, 'not "host:80"'],
  [{ host: '' }, {}, 'not ""'],
  [{ data: '' }, {}, '--data must name a folder'],
  [{ corsOrigin: ['*'] }, {}, '--cors-origin must be an origin as a browser sends it'],
  [{}, { ROLLCALL_CORS_ORIGINS: 'https://a.test *' }, 'ROLLCALL_CORS_ORIGINS must be an origin'],
  [{ namespaceDomain: 'https://a.test' }, {}, '--namespace-domain must be a host name such as registry.example.com'],
  [{}, { ROLLCALL_NAMESPACE_DOMAIN: '*.a.test' }, 'ROLLCALL_NAMESPACE_DOMAIN must be a host name'],
  [{}, { ROLLCALL_DATA: '' }, 'ROLLCALL_DATA must name a folder'],
])('%j with %j is a usage error', (flags, env, message) => {
  const parse = () => parseServeOptions(flags, env);
  expect(parse).toThrow(message);
  expect(parse).toThrow(expect.objectContaining({ name: 'LaunchError', exitCode: 2 } satisfies Partial<LaunchError>));
});
