import { describe, expect, it } from 'vitest';
import { Address, InstanceDefinition, InstancePatch, Location, Port, Weight } from './instance';
import { EXTENSIONS_MAX_BYTES, PORTS_MAX_COUNT, TAGS_MAX_COUNT, URL_MAX_BYTES, WEIGHT_MAX } from './limits';

const place = { address: '10.0.0.7', port: 8080 };

const problems = (definition: unknown): string[] =>
  InstanceDefinition.safeParse(definition).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ??
  [];

const unknownMembers = (definition: unknown): unknown[] =>
  InstanceDefinition.safeParse(definition).error?.issues.map((issue) => ({
    path: issue.path,
    keys: issue.code === 'unrecognized_keys' ? issue.keys : undefined,
  })) ?? [];

describe('InstanceDefinition', () => {
  it('[R6] fills in omitted members', () => {
    expect(InstanceDefinition.parse(place)).toEqual({
      ...place,
      cluster: 'DEFAULT',
      ports: {},
      weight: 1,
      status: 'up',
      ephemeral: true,
      metadata: {},
      tags: [],
      extensions: {},
      lease: { ttlMs: 30_000, removeAfterMs: 30_000, intervalMs: 10_000 },
    });
  });

  it('[R7] requires an address or a url', () => {
    const problem = [': an instance needs address and port, or url'];
    expect(problems({})).toEqual(problem);
    expect(problems({ address: '10.0.0.7' })).toEqual(problem);
    expect(problems({ port: 8080 })).toEqual(problem);
    expect(problems({ url: 'https://orders.example' })).toEqual([]);
    expect(problems({ url: 'https://orders.example', ...place })).toEqual([]);
  });

  it('[R5] refuses unknown members at every depth', () => {
    expect(unknownMembers({ ...place, adress: 1 })).toEqual([{ path: [], keys: ['adress'] }]);
    expect(unknownMembers({ ...place, lease: { ttl: 30 } })).toEqual([{ path: ['lease'], keys: ['ttl'] }]);
    expect(unknownMembers({ ...place, location: { city: 'x' } })).toEqual([{ path: ['location'], keys: ['city'] }]);
    expect(unknownMembers({ ...place, ports: { admin: { port: 1, tls: true } } })).toEqual([
      { path: ['ports', 'admin'], keys: ['tls'] },
    ]);
    expect(problems(JSON.parse('{"address":"a","port":1,"__proto__":{}}'))).not.toEqual([]);
  });

  it('has a lease exactly if it is ephemeral', () => {
    expect(InstanceDefinition.parse({ ...place, ephemeral: false }).lease).toBeNull();
    expect(InstanceDefinition.parse({ ...place, ephemeral: false, lease: null }).lease).toBeNull();
    expect(problems({ ...place, ephemeral: false, lease: {} })).toEqual([
      ': an instance with ephemeral: false has no lease; omit lease',
    ]);
    expect(problems({ ...place, lease: null })).toEqual([
      ': an ephemeral instance has a lease; omit lease for the default, or set ephemeral: false',
    ]);
  });

  it('[R14] accepts lists and texts up to their limits', () => {
    const tags = (count: number) => ({ ...place, tags: Array.from({ length: count }, (_, index) => `t${index}`) });
    expect(problems(tags(TAGS_MAX_COUNT))).toEqual([]);
    expect(problems(tags(TAGS_MAX_COUNT + 1))).toHaveLength(1);
    const ports = (count: number) => ({
      ...place,
      ports: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, { port: index + 1 }])),
    });
    expect(problems(ports(PORTS_MAX_COUNT))).toEqual([]);
    expect(problems(ports(PORTS_MAX_COUNT + 1))).toHaveLength(1);
    const url = (bytes: number) => ({ url: 'https://a.example/'.padEnd(bytes, 'x') });
    expect(problems(url(URL_MAX_BYTES))).toEqual([]);
    expect(problems(url(URL_MAX_BYTES + 1))).toEqual([`url: a url must be at most ${URL_MAX_BYTES} bytes`]);
    const extensions = (bytes: number) => ({
      ...place,
      extensions: { nacos: 'x'.repeat(bytes - '{"nacos":""}'.length) },
    });
    expect(problems(extensions(EXTENSIONS_MAX_BYTES))).toEqual([]);
    expect(problems(extensions(EXTENSIONS_MAX_BYTES + 1))).toHaveLength(1);
  });

  it('keeps extensions unchanged, and accepts only JSON', () => {
    const extensions = { eureka: { nested: [1, null, { a: 'b' }] } };
    expect(InstanceDefinition.parse({ ...place, extensions }).extensions).toEqual(extensions);
    const deep = JSON.parse(`{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`);
    expect(problems({ ...place, extensions: deep })[0]).toContain('levels deep');
    expect(problems({ ...place, extensions: JSON.parse('{"a":{"__proto__":1}}') })).toHaveLength(1);
    expect(problems({ ...place, extensions: JSON.parse('{"__proto__":1}') })).toHaveLength(1);
  });

  it('refuses invalid urls', () => {
    for (const url of [
      '/path',
      'orders.example',
      'https://',
      'https:///x',
      'mailto:a@b',
      'javascript:alert(1)',
      'http://[',
      ' https://a',
      'https://a/\ud800',
      '',
    ]) {
      expect(problems({ url }), JSON.stringify(url)).toHaveLength(1);
    }
  });

  it('accepts urls', () => {
    for (const url of ['https://a', 'grpc://orders:50051', 'tcp://10.0.0.7:6379', 'http://[2001:db8::1]:80/x?y#z']) {
      expect(problems({ url }), JSON.stringify(url)).toEqual([]);
    }
  });
});

describe('Address', () => {
  it('accepts valid addresses', () => {
    for (const address of [
      '10.0.0.7',
      '::1',
      '2001:db8::7',
      'localhost',
      'orders-1.internal',
      'with_underscore',
      'a.',
      '1e100',
      'xn--bcher-kva.example',
    ]) {
      expect(Address.safeParse(address).success, JSON.stringify(address)).toBe(true);
    }
  });

  it('refuses invalid addresses', () => {
    for (const address of [
      '',
      ' ',
      'a b',
      '[::1]',
      '10.0.0.7:80',
      'a/b',
      '-a',
      'a..b',
      'ü.example',
      'x'.repeat(64),
      `${'a.'.repeat(130)}b`,
      '10.0.0.7\n',
      7,
      null,
    ]) {
      expect(Address.safeParse(address).success, JSON.stringify(address)).toBe(false);
    }
  });
});

describe('numbers', () => {
  it('accepts ports at both bounds', () => {
    for (const port of [1, 65_535]) {
      expect(Port.safeParse(port).success, JSON.stringify(port)).toBe(true);
    }
  });
  it('refuses other ports', () => {
    for (const port of [0, -1, 65_536, 1.5, Number.NaN, '80', null]) {
      expect(Port.safeParse(port).success, JSON.stringify(port)).toBe(false);
    }
  });
  it('accepts weights at both bounds', () => {
    for (const weight of [0, 0.5, WEIGHT_MAX]) {
      expect(Weight.safeParse(weight).success, JSON.stringify(weight)).toBe(true);
    }
  });
  it('refuses other weights', () => {
    for (const weight of [-1, WEIGHT_MAX + 1, Number.NaN, Number.POSITIVE_INFINITY, '1']) {
      expect(Weight.safeParse(weight).success, JSON.stringify(weight)).toBe(false);
    }
  });
});

describe('Location', () => {
  it('has both of latitude and longitude, or neither', () => {
    expect(Location.safeParse({}).success).toBe(true);
    expect(Location.safeParse({ latitude: 90, longitude: -180 }).success).toBe(true);
    expect(Location.safeParse({ latitude: 1 }).success).toBe(false);
    expect(Location.safeParse({ longitude: 1 }).success).toBe(false);
    expect(Location.safeParse({ latitude: 90.1, longitude: 0 }).success).toBe(false);
  });
});

describe('InstancePatch', () => {
  it('requires a change', () => {
    expect(InstancePatch.safeParse({}).success).toBe(false);
    expect(InstancePatch.parse({ metadata: { a: null } })).toEqual({ metadata: { a: null } });
  });

  it('refuses invalid patches', () => {
    for (const patch of [{ address: 'a' }, { lease: {} }, { weight: -1 }, { tags: 'a' }, { status: 'UP' }, [[]]]) {
      expect(InstancePatch.safeParse(patch).success, JSON.stringify(patch)).toBe(false);
    }
  });
});
