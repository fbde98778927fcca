import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { addressOf, isSamePlace, placeOf } from './node';

describe('placeOf', () => {
  it('[X4] parses an address, and formats it back', () =>
    eachRow(
      [
        ['10.0.0.5:41873', { address: '10.0.0.5', port: 41873 }],
        ['[2001:db8::7]:8080', { address: '2001:db8::7', port: 8080 }],
        ['greeter.internal:80', { address: 'greeter.internal', port: 80 }],
        ['_INBOX.x7', { url: 'micro://_INBOX.x7' }],
        ['greeter', { url: 'micro://greeter' }],
        ['a queue/with:words', { url: 'micro://a%20queue%2Fwith%3Awords' }],
      ],
      (address, place) => {
        expect(placeOf(address)).toEqual(place);
        expect(addressOf(place)).toBe(address);
      },
    ));

  it('[X4] refuses what is not an address', () => {
    for (const address of [
      '',
      ':8080',
      '10.0.0.5:0',
      '10.0.0.5:65536',
      '10.0.0.999x/:80',
      '2001:db8::7:8080',
      '[10.0.0.5]:80',
      '[x:80',
    ]) {
      expect(() => placeOf(address)).toThrow(JSON.stringify(address));
    }
  });

  it('[X4] restores any name of a queue', () => {
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
  it('[X4] formats the place of a url', () =>
    eachRow(
      [
        ['https://orders.example/api', 'orders.example:443'],
        ['http://orders.example', 'orders.example:80'],
        ['https://orders.example:8443/', 'orders.example:8443'],
        ['wss://[2001:db8::7]/', '[2001:db8::7]:443'],
        ['tcp://db:5432', 'db:5432'],
        ['tcp://db', 'db'],
        ['micro://%zz', '%zz'],
      ],
      (url, address) => {
        expect(addressOf({ url })).toBe(address);
      },
    ));

  it('[X4] prefers address and port', () => {
    expect(addressOf({ address: '10.0.0.5', port: 1, url: 'https://orders.example' })).toBe('10.0.0.5:1');
  });
});

it('[X4] two spellings of a place are distinguished from two places', () => {
  expect(isSamePlace('10.0.0.5:0080', '10.0.0.5:80')).toBe(true);
  expect(isSamePlace('10.0.0.6:80', '10.0.0.5:80')).toBe(false);
  expect(isSamePlace(':', '10.0.0.5:80')).toBe(false);
  expect(isSamePlace(':80', '10.0.0.5:80')).toBe(false);
});
