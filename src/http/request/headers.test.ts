import { describe, expect, it } from 'vitest';
import { READ_WAIT_DEFAULT_MS, WAIT_MAX_MS } from '../../model/limits';
import { originOf, placeOf, preferredWaitMs, readCondition, readPrecondition } from './headers';

describe('readCondition', () => {
  it.each([
    [{}, undefined],
    [{ 'if-none-match': '"cE.1.x"' }, 'cE.1.x'],
    [{ 'if-none-match': ' W/"cE.1.x" ' }, 'cE.1.x'],
    [{ 'if-match': '"cE.1.x"' }, undefined],
  ])('reads %j as %j', (headers, cursor) => expect(readCondition(new Headers(headers))).toBe(cursor));

  it.each(['cE.1.x', '*', '', '""', '"a", "b"', '"a', "'a'", 'w/"a"', '"a"b'])('refuses If-None-Match: %s', (tag) =>
    expect(() => readCondition(new Headers({ 'if-none-match': tag }))).toThrowError(
      /If-None-Match: must be one entity tag/,
    ),
  );
});

describe('readPrecondition', () => {
  it.each([
    [{}, {}],
    [{ 'if-match': '"cE.1.x"' }, { cursor: 'cE.1.x' }],
    [{ 'if-match': 'W/"cE.1.x"' }, { cursor: 'cE.1.x' }],
    [{ 'if-match': '*' }, { absent: false }],
    [{ 'if-none-match': '*' }, { absent: true }],
  ])('[Q4] reads %j as %j', (headers, precondition) =>
    expect(readPrecondition(new Headers(headers))).toEqual(precondition),
  );

  it.each([
    [{ 'if-none-match': '"cE.1.x"' }, 'must be * for a change'],
    [{ 'if-match': 'cE.1.x' }, 'must be one entity tag'],
    [{ 'if-match': '"a", "b"' }, 'must be one entity tag'],
    [{ 'if-match': '' }, 'must be one entity tag'],
    [{ 'if-match': '*', 'if-none-match': '*' }, 'contradicts If-Match'],
  ])('[Q4] refuses %j: %s', (headers, expected) =>
    expect(() => readPrecondition(new Headers(headers))).toThrowError(expected),
  );
});

describe('preferredWaitMs', () => {
  const preferred = (prefer: string) => preferredWaitMs(new Headers({ prefer }));

  it('[P2] reads a wait in seconds among other preferences', () => {
    for (const [prefer, waitMs] of [
      ['wait=30', 30_000],
      ['wait=0', 0],
      ['Wait = 5', 5_000],
      ['wait="7"', 7_000],
      ['respond-async, wait=10', 10_000],
      ['wait=10;why=slow, handling=lenient', 10_000],
      ['wait', READ_WAIT_DEFAULT_MS],
      ['wait=999999999', WAIT_MAX_MS],
    ] as const) {
      expect(preferred(prefer), prefer).toBe(waitMs);
    }
  });

  it('[P2] ignores anything else', () => {
    for (const prefer of [
      '',
      'return=minimal',
      'wait=soon',
      'wait=-1',
      'wait=1.5',
      'await=5',
      'x=wait',
      'wait=5 minutes',
    ]) {
      expect(preferred(prefer), prefer).toBeUndefined();
    }
  });

  it('[P3] returns no wait without the header', () => {
    expect(preferredWaitMs(new Headers())).toBeUndefined();
  });
});

/** A request as Cloudflare hands it over: with what it knows of the connection. */
const onCloudflare = (cf: unknown, headers: Record<string, string> = {}): Request =>
  Object.assign(new Request('http://a/', { headers }), { cf });

describe('placeOf', () => {
  it('returns the place that the platform reports', () => {
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
  ])('is undefined for %j', (cf) => expect(placeOf(onCloudflare(cf))).toBeUndefined());

  it('is undefined on a single machine', () => {
    expect(placeOf(new Request('http://a/'))).toBeUndefined();
  });
});

describe('originOf', () => {
  const written = { 'cf-connecting-ip': '203.0.113.1', 'x-forwarded-for': '198.51.100.1, 192.0.2.7' };

  it('reads the address that Cloudflare sends', () => {
    expect(originOf(onCloudflare({ colo: 'TXL' }, written), { trustedProxy: true }).address).toBe('203.0.113.1');
  });

  it('ignores headers of a client', () => {
    expect(originOf(new Request('http://a/', { headers: written }), { trustedProxy: false })).toEqual({});
  });

  it('ignores them on plain workerd too, which reports the peer in cf', () => {
    const cf = { clientIp: '127.0.0.1:59498' };
    expect(originOf(onCloudflare(cf, written), { trustedProxy: false })).toEqual({});
    expect(originOf(onCloudflare(cf, written), { trustedProxy: true }).address).toBe('192.0.2.7');
  });

  it('reads the last address behind a trusted proxy: the one that this proxy saw', () => {
    expect(originOf(new Request('http://a/', { headers: written }), { trustedProxy: true }).address).toBe('192.0.2.7');
    expect(
      originOf(new Request('http://a/', { headers: { 'x-forwarded-for': ' 192.0.2.8 ' } }), { trustedProxy: true })
        .address,
    ).toBe('192.0.2.8');
    expect(originOf(new Request('http://a/'), { trustedProxy: true }).address).toBeUndefined();
  });
});
