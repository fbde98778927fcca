import { describe, expect, it } from 'vitest';
import { CLOSE_CODES, ClientFrame, ServiceRef, WatchScope } from './frames';
import { LEASE_TTL_MAX_MS, WATCH_SCOPE_NAMES_MAX_COUNT } from './limits';

const parses = (frame: object) => ClientFrame.safeParse(frame).success;

describe('ClientFrame', () => {
  it.each([
    { type: 'session', id: '1' },
    { type: 'session', id: '1', session: 'key.secret', ttlMs: 5_000 },
    { type: 'batch', id: '1', operations: [{ op: 'deregister', service: 'orders', id: 'a' }] },
    { type: 'transaction', id: '1', transaction: { do: [{ op: 'put', key: 'a', value: 'b' }] } },
    { type: 'grant-lease', id: '1', ttlMs: null, alias: '7', lockDelayMs: 0 },
    { type: 'renew-leases', id: '1', leases: [{ lease: '7', ageMs: 100 }, { lease: '8' }] },
    { type: 'read-lease', id: '1', lease: '7' },
    { type: 'revoke-lease', id: '1', lease: '7' },
    { type: 'watch', id: '1', watch: 'w', scope: {} },
    { type: 'watch', id: '1', watch: 'w', scope: { groups: ['shop'], services: ['orders'] }, cursor: 'cx.1.1' },
    { type: 'unwatch', id: '1', watch: 'w' },
    { type: 'sync', id: '1', watch: 'w' },
    { type: 'resolve', id: '1', service: 'shop@@orders', cluster: 'c', tag: 't', limit: 3 },
    { type: 'ack', watch: 'w', cursor: 'cx.1.1' },
    { type: 'credit', bytes: 1 },
    { type: 'end' },
  ])('accepts $type', (frame) => {
    expect(ClientFrame.safeParse(frame)).toMatchObject({ success: true, data: { type: frame.type } });
    expect(parses({ ...frame, extra: 1 })).toBe(false);
  });

  it('refuses invalid frames', () => {
    for (const frame of [
      {},
      { type: 'snapshot' },
      { type: 'session' },
      { type: 'session', id: '' },
      { type: 'session', id: 'x'.repeat(33) },
      { type: 'session', id: '1', ttlMs: LEASE_TTL_MAX_MS + 1 },
      { type: 'watch', id: '1', watch: 'w' },
      { type: 'watch', id: '1', watch: 'w', scope: { services: [''] } },
      { type: 'watch', id: '1', watch: 'w', scope: { service: 'orders' } },
      { type: 'transaction', id: '1', do: [] },
      { type: 'transaction', id: '1', transaction: { do: [{ op: 'put', key: 'a' }] } },
      { type: 'grant-lease', id: '1' },
      { type: 'renew-leases', id: '1', leases: [] },
      { type: 'renew-leases', id: '1', leases: [{ lease: '7', ageMs: -1 }] },
      { type: 'read-lease', id: '1', lease: 'seven' },
      { type: 'credit', bytes: 0 },
      { type: 'credit', bytes: 1.5 },
      { type: 'resolve', id: '1', service: 'orders', limit: 0 },
    ]) {
      expect(parses(frame), JSON.stringify(frame)).toBe(false);
    }
  });
});

describe('WatchScope', () => {
  it('reads services in the default group and in others', () => {
    expect(ServiceRef.parse('orders')).toEqual({ group: 'DEFAULT_GROUP', service: 'orders' });
    expect(ServiceRef.parse('shop@@orders')).toEqual({ group: 'shop', service: 'orders' });
  });

  it('is the whole namespace if it names nothing', () => {
    expect(WatchScope.parse({})).toEqual({ groups: [], services: [] });
  });

  it('[R14] accepts names up to the limit, and no more', () => {
    const services = Array.from({ length: WATCH_SCOPE_NAMES_MAX_COUNT }, (_, index) => `s${index}`);
    expect(WatchScope.safeParse({ services }).success).toBe(true);
    expect(WatchScope.safeParse({ services: [...services, 'more'] }).success).toBe(false);
  });
});

describe('CLOSE_CODES', () => {
  it('are in the range for applications, each for one reason', () => {
    const codes = Object.values(CLOSE_CODES);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code >= 4_000 && code <= 4_999).toBe(true);
  });
});
