import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, isSamePlace, placeOf } from './node-address';

describe('placeOf', () => {
  it.each([
    ['10.0.0.5:41873', { address: '10.0.0.5', port: 41873 }],
    ['[2001:db8::7]:8080', { address: '2001:db8::7', port: 8080 }],
    ['greeter.internal:80', { address: 'greeter.internal', port: 80 }],
    ['_INBOX.x7', { url: 'micro://_INBOX.x7' }],
    ['greeter', { url: 'micro://greeter' }],
    ['a queue/with:words', { url: 'micro://a%20queue%2Fwith%3Awords' }],
  ])('[X4] of %s is %j, and back', (address, place) => {
    expect(placeOf(address)).toEqual(place);
    expect(addressOf(place)).toBe(address);
  });

  it.each([
    '',
    ':8080',
    '10.0.0.5:0',
    '10.0.0.5:65536',
    '10.0.0.999x/:80',
    '2001:db8::7:8080',
    '[10.0.0.5]:80',
    '[x:80',
  ])('[X4] refuses %j', (address) => expect(() => placeOf(address)).toThrow(JSON.stringify(address)));

  it('[X4] any name of a queue comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (name) => {
        fc.pre(name.isWellFormed() && !/:\d+$/.test(name));
        const place = placeOf(name);
        expect('url' in place && URL.canParse(place.url)).toBe(true);
        expect(addressOf(place)).toBe(name);
      }),
    );
  });
});

describe('addressOf', () => {
  it.each([
    ['https://orders.example/api', 'orders.example:443'],
    ['http://orders.example', 'orders.example:80'],
    ['https://orders.example:8443/', 'orders.example:8443'],
    ['wss://[2001:db8::7]/', '[2001:db8::7]:443'],
    ['tcp://db:5432', 'db:5432'],
    ['tcp://db', 'db'],
    ['micro://%zz', '%zz'],
  ])('[X4] of %s is %s', (url, address) => expect(addressOf({ url })).toBe(address));

  it('[X4] goes by address and port first', () => {
    expect(addressOf({ address: '10.0.0.5', port: 1, url: 'https://orders.example' })).toBe('10.0.0.5:1');
  });
});

it('[X4] two ways to write a place are told from two places', () => {
  expect(isSamePlace('10.0.0.5:0080', '10.0.0.5:80')).toBe(true);
  expect(isSamePlace('10.0.0.6:80', '10.0.0.5:80')).toBe(false);
  expect(isSamePlace(':', '10.0.0.5:80')).toBe(false);
  expect(isSamePlace(':80', '10.0.0.5:80')).toBe(false);
});
