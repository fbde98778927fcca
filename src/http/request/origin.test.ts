import { describe, expect, it } from 'vitest';
import { originOf, placeOf } from './origin';

/** A request as Cloudflare hands it over: with what it knows of the connection. */
const onCloudflare = (cf: unknown, headers: Record<string, string> = {}): Request =>
  Object.assign(new Request('http://a/', { headers }), { cf });

describe('placeOf', () => {
  it('is what the platform knows', () => {
    const cf = { latitude: '52.5', longitude: '13.4', colo: 'TXL', region: 'Berlin', asn: 1 };
    expect(placeOf(onCloudflare(cf))).toEqual({ latitude: 52.5, longitude: 13.4, colo: 'TXL', region: 'Berlin' });
    expect(placeOf(onCloudflare({ colo: 'TXL' }))).toEqual({ colo: 'TXL' });
  });

  it.each([
    undefined,
    null,
    {},
    'x',
    { latitude: '52.5' },
    { latitude: '', longitude: '' },
    { latitude: 'x', longitude: '1' },
    { latitude: '91', longitude: '1' },
    { colo: 7, region: '' },
  ])('is not known from %j', (cf) => expect(placeOf(onCloudflare(cf))).toBeUndefined());

  it('is not known on one machine', () => {
    expect(placeOf(new Request('http://a/'))).toBeUndefined();
  });
});

describe('originOf', () => {
  const written = { 'cf-connecting-ip': '203.0.113.1', 'x-forwarded-for': '198.51.100.1, 192.0.2.7' };

  it('takes the address that Cloudflare tells', () => {
    expect(originOf(onCloudflare({ colo: 'TXL' }, written), true).address).toBe('203.0.113.1');
  });

  it('believes no header of a client', () => {
    expect(originOf(new Request('http://a/', { headers: written }), false)).toEqual({});
  });

  it('believes none on plain workerd either, which tells the other end in cf', () => {
    const cf = { clientIp: '127.0.0.1:59498' };
    expect(originOf(onCloudflare(cf, written), false)).toEqual({});
    expect(originOf(onCloudflare(cf, written), true).address).toBe('192.0.2.7');
  });

  it('takes the last address behind a trusted proxy: the one that this proxy saw', () => {
    expect(originOf(new Request('http://a/', { headers: written }), true).address).toBe('192.0.2.7');
    expect(originOf(new Request('http://a/', { headers: { 'x-forwarded-for': ' 192.0.2.8 ' } }), true).address).toBe(
      '192.0.2.8',
    );
    expect(originOf(new Request('http://a/'), true).address).toBeUndefined();
  });
});
