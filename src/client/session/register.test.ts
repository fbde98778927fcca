import { describe, expect, it } from 'vitest';
import { deriveInstanceId } from '../../model/derived-id';
import { derivedId } from './register';

describe('an id', () => {
  it.each([
    { address: '10.0.0.7', port: 8080 },
    { address: 'Orders.Example', port: 80 },
    { address: '2001:DB8:0:0:0:0:0:1', port: 443 },
    { address: '10.0.0.7', port: 8080, url: 'https://orders.example' },
    { url: 'https://Orders.example/' },
    { url: 'https://orders.example/api/' },
    { url: 'https://orders.example/?' },
    { url: 'https://orders.example:443/#' },
    { address: '10.0.0.7', url: 'https://orders.example/api?x=1' },
  ])('of %j equals that of the registry', (place) => {
    expect(derivedId(place)).toBe(deriveInstanceId(place));
  });

  it.each([{}, { address: '10.0.0.7' }, { port: 80 }, { url: 'orders' }])("can't be derived from %j", (place) => {
    expect(derivedId(place)).toBeUndefined();
  });

  it('of an invalid address is left to the registry to refuse', () => {
    expect(derivedId({ address: 'a:b', port: 80 })).toBe('a:b:80');
  });
});
