import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveInstanceId } from './derived-id';
import { RegistryError } from './errors';
import { InstanceDefinition } from './instance';
import { NAME_MAX_BYTES } from './limits';
import { InstanceId } from './names';

describe('deriveInstanceId', () => {
  it.each([
    [{ address: '10.0.0.7', port: 8080 }, '10.0.0.7:8080'],
    [{ address: 'Orders.Internal', port: 80 }, 'orders.internal:80'],
    [{ address: '2001:DB8:0:0::7', port: 80 }, '[2001:db8::7]:80'],
    [{ address: '::ffff:10.0.0.7', port: 1 }, '[::ffff:a00:7]:1'],
    [{ url: 'https://Orders.Example' }, 'https://orders.example'],
    [{ url: 'https://orders.example:443/' }, 'https://orders.example'],
    [{ url: 'https://orders.example/api/' }, 'https://orders.example/api/'],
    [{ url: 'https://orders.example/?' }, 'https://orders.example/?'],
    [{ url: 'https://orders.example/?a' }, 'https://orders.example/?a'],
    [{ url: 'grpc://orders:50051' }, 'grpc://orders:50051'],
    [{ url: 'https://orders.example', address: '10.0.0.7', port: 80 }, '10.0.0.7:80'],
    [{ url: 'https://orders.example', port: 80 }, 'https://orders.example'],
  ])('[R4] derives from %j the id %s', (place, id) => expect(deriveInstanceId(place)).toBe(id));

  it('[R4] derives a valid and stable id for every valid address', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
    const place = fc.oneof(
      fc.record({ address, port: fc.integer({ min: 1, max: 65_535 }) }),
      fc.record({ url: fc.webUrl({ withQueryParameters: true, withFragments: true }) }),
    );
    fc.assert(
      fc.property(place, (reachable) => {
        const parsed = InstanceDefinition.safeParse(reachable);
        fc.pre(parsed.success && (parsed.data.url?.length ?? 0) < NAME_MAX_BYTES);
        const id = deriveInstanceId(parsed.data);
        expect(InstanceId.parse(id)).toBe(id);
        expect(deriveInstanceId(parsed.data)).toBe(id);
      }),
    );
  });

  it('distinguishes two addresses', () => {
    const ids = ['a:80', 'https://a', 'https://a/b', 'https://a/b/', 'https://a:80'].map((url) =>
      deriveInstanceId(url.startsWith('https') ? { url } : { address: 'a', port: 80 }),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refuses a url that is too long for a name', () => {
    const url = `https://a.example/${'x'.repeat(NAME_MAX_BYTES)}`;
    expect(() => deriveInstanceId({ url })).toThrowError(RegistryError);
    expect(() => deriveInstanceId({ url })).toThrowError(/register it with PUT/);
  });
});
