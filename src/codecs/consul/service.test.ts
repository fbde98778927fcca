import { describe, expect, it } from 'vitest';
import { refusalOfCall } from '../../../test/fixtures/consul-refusal';
import { eachRow } from '../../../test/fixtures/every-row';
import { parseBody } from './members';
import { readServiceRegistration } from './service';

const register = (body: unknown) => readServiceRegistration(parseBody(JSON.stringify(body)));

describe('the registration of a service', () => {
  it('is read from the Go client, which sends null for what it leaves out', () => {
    const registration = register({
      ID: 'web-1',
      Name: 'web',
      Tags: ['b', 'a', 'b'],
      Port: 8080,
      Address: '10.0.0.5',
      TaggedAddresses: { wan: { Address: '1.2.3.4', Port: 80 } },
      Meta: { env: 'prod' },
      Weights: { Passing: 10, Warning: 0 },
      Check: {
        HTTP: 'http://10.0.0.5:8080/health',
        Header: { 'X-A': ['1', '2'] },
        Interval: '10s',
        Timeout: '1s',
        DeregisterCriticalServiceAfter: '1m35s',
      },
      Checks: null,
      Proxy: null,
    });
    expect(registration).toMatchObject({
      id: 'web-1',
      name: 'web',
      tags: ['b', 'a', 'b'],
      port: 8080,
      address: '10.0.0.5',
      taggedAddresses: { wan: { address: '1.2.3.4', port: 80 } },
      meta: { env: 'prod' },
      weights: { passing: 10, warning: 0 },
      kind: '',
      hasSidecar: false,
    });
    expect(registration.checks).toMatchObject([
      {
        id: 'service:web-1',
        name: "Service 'web' check",
        kind: 'http',
        http: 'http://10.0.0.5:8080/health',
        header: { 'X-A': ['1', '2'] },
        interval: 10e9,
        timeout: 1e9,
        deregisterAfter: 95e9,
        status: '',
      },
    ]);
  });

  it('is read from python-consul, which writes all keys in lower case', () => {
    const registration = register({ name: 'web', enabletagoverride: true, check: { ttl: '10s' } });
    expect(registration).toMatchObject({ id: 'web', name: 'web', port: 0, tags: [], enableTagOverride: true });
    expect(registration.checks).toMatchObject([{ id: 'service:web', kind: 'ttl', ttl: 10e9 }]);
  });

  it('is read from go-micro, whose tags hold its data', () => {
    const tags = ['t-789cab562a', `v-${'0123456789abcdef'.repeat(40)}`];
    const check = { ttl: '1m30s', deregister_critical_service_after: '1m35s' };
    expect(register({ ID: 'a', Name: 'b', Tags: tags, Check: check })).toMatchObject({
      tags,
      checks: [{ ttl: 90e9, deregisterAfter: 95e9 }],
    });
  });

  it('numbers several checks, keeps their own ids, and ignores a single one that is empty', () => {
    const checks = [{ TTL: '1s' }, { CheckID: 'mine', Name: 'My check', TTL: 2e9, Status: 'passing' }];
    expect(register({ Name: 'web', Check: { TTL: '3s' }, Checks: checks }).checks).toMatchObject([
      { id: 'service:web:1', ttl: 3e9, status: '' },
      { id: 'service:web:2', ttl: 1e9 },
      { id: 'mine', name: 'My check', ttl: 2e9, status: 'passing' },
    ]);
    expect(register({ Name: 'web', Check: { Header: {}, Args: [], Interval: '' } }).checks).toEqual([]);
    expect(register({ Name: 'web', Check: null }).checks).toEqual([]);
  });

  it('has aliases in snake case', () => {
    const registration = register({
      name: 'web',
      tagged_addresses: { lan: { address: '10.0.0.1', port: 1 } },
      enable_tag_override: true,
      connect: { sidecar_service: {} },
      checks: [
        { args: ['a', 'b'], interval: '1s', docker_container_id: 'c' },
        { grpc: 'a:1', grpc_use_tls: true, tls_server_name: 's', tls_skip_verify: true, interval: '1s' },
        { h2ping: 'a:1', h2ping_use_tls: false, interval: '1s' },
        { h2ping: 'a:1', interval: '1s' },
      ],
    });
    expect(registration).toMatchObject({
      taggedAddresses: { lan: { address: '10.0.0.1', port: 1 } },
      enableTagOverride: true,
      hasSidecar: true,
    });
    expect(registration.checks).toMatchObject([
      { kind: 'docker', scriptArgs: ['a', 'b'], dockerContainerId: 'c' },
      { kind: 'grpc', grpcUseTls: true, tlsServerName: 's', tlsSkipVerify: true },
      { kind: 'h2ping', h2pingUseTls: false },
      { kind: 'h2ping', h2pingUseTls: true },
    ]);
  });

  it('accepts unknown members, and dots in meta', () => {
    expect(register({ Name: 'web', Script: 'x', Meta: { 'a.b': 'c' } }).meta).toEqual({ 'a.b': 'c' });
  });

  it('is refused with the texts of Consul', () =>
    eachRow(
      [
        [{}, '400 Missing service name'],
        [{ ID: 'a' }, '400 Missing service name'],
        [
          { Name: 7 },
          '400 Request decode failed: json: cannot unmarshal number 7 into Go struct field ServiceDefinition.Name of type string',
        ],
        [
          { Name: 'a', Port: '80' },
          '400 Request decode failed: json: cannot unmarshal string into Go struct field ServiceDefinition.Port of type int',
        ],
        [[], '400 Request decode failed: json: cannot unmarshal array into Go value of type structs.ServiceDefinition'],
        [{ Name: 'a', Check: { TTL: '10' } }, '400 Request decode failed: time: missing unit in duration "10"'],
        [{ Name: 'a', Address: '[::]' }, '400 Invalid service address'],
        [{ Name: 'a', Weights: { Passing: 0 } }, '400 Invalid Weights: Passing must be greater than 0'],
        [
          { Name: 'a', Weights: { Passing: 1, Warning: -1 } },
          '400 Invalid Weights: Warning must be greater or equal than 0',
        ],
        [{ Name: 'a', Weights: { Passing: 65_536 } }, '400 Invalid Weights: DNS Weight must be between 0 and 65535'],
        [
          { Name: 'a', Meta: { 'b c': 'd' } },
          "400 Invalid Service Meta: Couldn't load metadata pair ('b c', 'd'): Key contains invalid characters",
        ],
        [
          { Name: 'a', Meta: { 'consul-x': 'd' } },
          "400 Invalid Service Meta: Couldn't load metadata pair ('consul-x', 'd'): Key prefix 'consul-' is reserved for internal use",
        ],
        [
          { Name: 'a', Meta: Object.fromEntries(Array.from({ length: 65 }, (_, key) => [`k${key}`, ''])) },
          '400 Invalid Service Meta: Node metadata cannot contain more than 64 key/value pairs',
        ],
        [{ Name: 'a', Port: 65_536 }, '400 Validation failed: Port must be between 0 and 65535, got 65536'],
        [
          { Name: 'a', Check: { TTL: '1s', Interval: '1s' } },
          '400 Invalid check: Interval and TTL cannot both be specified',
        ],
        [
          { Name: 'a', Check: { HTTP: 'http://a' } },
          '400 Invalid check: Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService checks',
        ],
        [{ Name: 'a', Check: { script: 'x', interval: '1s' } }, '400 Invalid check: TTL must be > 0 for TTL checks'],
        [
          { Name: 'a', Check: { AliasService: 'b', TTL: '1s' } },
          '400 Invalid check: TTL must be not be set for Alias checks',
        ],
        [
          { Name: 'a', Check: { TTL: '1s', FailuresBeforeWarning: 2 } },
          "400 Invalid check: FailuresBeforeWarning can't be higher than FailuresBeforeCritical",
        ],
        [
          { Name: 'a', Check: { TTL: '1s', Status: 'up' } },
          "400 Status for checks must 'passing', 'warning', 'critical'",
        ],
      ],
      (body, expected) => {
        expect(refusalOfCall(() => register(body))).toBe(expected);
      },
    ));
});

it('a body that is no JSON is refused', () => {
  expect(refusalOfCall(() => parseBody(' '))).toBe('400 Request decode failed: EOF');
  expect(refusalOfCall(() => parseBody('{'))).toMatch(/^400 Request decode failed: /);
  expect(refusalOfCall(() => parseBody('{"a":1,"a":2}'))).toMatch(
    /^400 Request decode failed: the key "a" appears twice/,
  );
  const deep = `${'['.repeat(200_000)}1234567890123456789${']'.repeat(200_000)}`;
  expect(refusalOfCall(() => parseBody(deep))).toBe('400 Request decode failed: exceeded max depth');
});
