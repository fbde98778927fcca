import { expect, test } from 'vitest';
import { eachRow } from '../../test/fixtures/every-row';
import { domainProblem } from '../http/pipeline/router';
import { originsProblem } from '../http/response/cors';
import { LOG_THRESHOLDS } from '../model/log';
import type { LaunchError } from './launch-error';
import { LOG_LEVELS, parseServeOptions } from './serve-options';

test('defaults: loopback, port 8787, data/, a generated token', () => {
  expect(parseServeOptions({}, {})).toEqual({
    host: '127.0.0.1',
    port: 8787,
    data: 'data',
    rootToken: undefined,
    corsOrigins: [],
    namespaceDomain: undefined,
    tls: undefined,
    trustedProxy: false,
    logLevel: 'warn',
  });
});

test('the environment applies, and flags take precedence', () => {
  const env = { PORT: '9000', ROLLCALL_DATA: '/var/lib/rollcall', ROLLCALL_ROOT_TOKEN: 'given' };
  expect(parseServeOptions({}, env)).toMatchObject({ port: 9000, data: '/var/lib/rollcall', rootToken: 'given' });
  const flags = { port: '0', data: 'elsewhere', host: '::1' };
  expect(parseServeOptions(flags, env)).toMatchObject({ host: '::1', port: 0, data: 'elsewhere', rootToken: 'given' });
});

test('origins come from the environment, or instead from one or more flags', () => {
  const env = { ROLLCALL_CORS_ORIGINS: 'https://a.test, http://localhost:5173' };
  expect(parseServeOptions({}, env).corsOrigins).toEqual(['https://a.test', 'http://localhost:5173']);
  const corsOrigin = ['https://b.test', 'https://c.test:8443'];
  expect(parseServeOptions({ corsOrigin }, env).corsOrigins).toEqual(corsOrigin);
});

test('an origin accepted here is accepted by the registry', () => {
  for (const origin of [
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
  ]) {
    const parse = () => parseServeOptions({ corsOrigin: [origin] }, {});
    if (originsProblem([origin]) === undefined) expect(parse().corsOrigins).toEqual([origin]);
    else expect(parse).toThrow('--cors-origin must be an origin');
  }
});

test('the domain of namespaces comes from the environment, or instead from the flag', () => {
  const env = { ROLLCALL_NAMESPACE_DOMAIN: 'a.test' };
  expect(parseServeOptions({}, env).namespaceDomain).toBe('a.test');
  expect(parseServeOptions({ namespaceDomain: 'b.test' }, env).namespaceDomain).toBe('b.test');
  expect(parseServeOptions({}, { ROLLCALL_NAMESPACE_DOMAIN: '' }).namespaceDomain).toBeUndefined();
});

test('a domain accepted here is accepted by the registry', () => {
  for (const namespaceDomain of [
    'registry.example.com',
    'localhost',
    'A.test',
    '*.a.test',
    '.a.test',
    'a.test.',
    'a.test:80',
    '127.0.0.1',
    'a b',
  ]) {
    const parse = () => parseServeOptions({ namespaceDomain }, {});
    if (domainProblem(namespaceDomain) === undefined) expect(parse().namespaceDomain).toBe(namespaceDomain);
    else expect(parse).toThrow('--namespace-domain must be a host name');
  }
});

test('the log levels here are those of the registry', () => {
  expect(LOG_LEVELS).toEqual(LOG_THRESHOLDS);
  for (const logLevel of LOG_LEVELS) expect(parseServeOptions({ logLevel }, {}).logLevel).toBe(logLevel);
  expect(parseServeOptions({}, { ROLLCALL_LOG_LEVEL: 'info' }).logLevel).toBe('info');
  expect(parseServeOptions({}, { ROLLCALL_LOG_LEVEL: '' }).logLevel).toBe('warn');
});

test('the port for clients of Consul comes from the flag, or else from the environment', () => {
  const env = { ROLLCALL_CONSUL_PORT: '8500' };
  expect(parseServeOptions({}, env).consulPort).toBe(8500);
  expect(parseServeOptions({ consulPort: '0' }, env).consulPort).toBe(0);
  expect(parseServeOptions({}, { ROLLCALL_CONSUL_PORT: '' }).consulPort).toBeUndefined();
});

test('a certificate requires its key, and a proxy is trusted only if configured', () => {
  const tls = { certPath: 'a.pem', keyPath: 'b.pem' };
  expect(parseServeOptions({ tlsCert: 'a.pem', tlsKey: 'b.pem' }, {}).tls).toEqual(tls);
  expect(parseServeOptions({}, { ROLLCALL_TLS_CERT: 'a.pem', ROLLCALL_TLS_KEY: 'b.pem' }).tls).toEqual(tls);
  expect(parseServeOptions({ trustedProxy: true }, {}).trustedProxy).toBe(true);
  expect(parseServeOptions({}, { ROLLCALL_TRUSTED_PROXY: 'true' }).trustedProxy).toBe(true);
});

test('an IPv6 address may have brackets', () => {
  expect(parseServeOptions({ host: '[fe80::1]' }, {}).host).toBe('fe80::1');
});

test('an invalid value is a usage error', () =>
  eachRow(
    [
      [{ port: '65536' }, {}, '--port must be a port from 0 to 65535, not "65536"'],
      [{ port: '-1' }, {}, 'not "-1"'],
      [{ port: '80a' }, {}, 'not "80a"'],
      [{ port: '' }, {}, 'not ""'],
      [{}, { PORT: '8787.5' }, 'PORT must be a port from 0 to 65535, not "8787.5"'],
      [{ consulPort: 'x' }, {}, '--consul-port must be a port from 0 to 65535, not "x"'],
      [{}, { ROLLCALL_CONSUL_PORT: '-1' }, 'ROLLCALL_CONSUL_PORT must be a port'],
      [{ host: 'a b' }, {}, '--host must be an address or a host name, not "a b"'],
      [{ host: 'host:80' }, {}, 'not "host:80"'],
      [{ host: '' }, {}, 'not ""'],
      [{ data: '' }, {}, '--data must name a folder'],
      [{ logLevel: 'debug' }, {}, '--log-level must be one of off, error, warn, info, not "debug"'],
      [{}, { ROLLCALL_LOG_LEVEL: 'x' }, 'ROLLCALL_LOG_LEVEL must be'],
      [{ tlsCert: 'a' }, {}, '--tls-cert and --tls-key belong together'],
      [{ tlsKey: 'a' }, {}, '--tls-cert and --tls-key belong together'],
      [{}, { ROLLCALL_TRUSTED_PROXY: '1' }, 'ROLLCALL_TRUSTED_PROXY must be true or false, not "1"'],
      [{ corsOrigin: ['*'] }, {}, '--cors-origin must be an origin in the form that browsers send'],
      [{}, { ROLLCALL_CORS_ORIGINS: 'https://a.test *' }, 'ROLLCALL_CORS_ORIGINS must be an origin'],
      [
        { namespaceDomain: 'https://a.test' },
        {},
        '--namespace-domain must be a host name such as registry.example.com',
      ],
      [{}, { ROLLCALL_NAMESPACE_DOMAIN: '*.a.test' }, 'ROLLCALL_NAMESPACE_DOMAIN must be a host name'],
      [{}, { ROLLCALL_DATA: '' }, 'ROLLCALL_DATA must name a folder'],
    ],
    (flags, env, message) => {
      const parse = () => parseServeOptions(flags, env);
      expect(parse).toThrow(message);
      expect(parse).toThrow(
        expect.objectContaining({ name: 'LaunchError', exitCode: 2 } satisfies Partial<LaunchError>),
      );
    },
  ));
