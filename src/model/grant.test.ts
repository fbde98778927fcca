import { describe, expect, it } from 'vitest';
import { Grant, ServicePattern } from './grant';

describe('ServicePattern', () => {
  it('accepts valid patterns', () => {
    for (const text of ['*', 'g*', 'g@@*', 'g@@orders', 'g@@orders*', 'g@@@a', 'g@a@@b', 'DEFAULT_GROUP@@orders.v1*']) {
      expect(ServicePattern.parse(text), JSON.stringify(text)).toBe(text);
    }
  });

  it('refuses invalid patterns', () => {
    for (const text of [
      '',
      'orders',
      '**',
      '*orders',
      'g@@*orders',
      'g@@o*s',
      'g@@',
      '@@orders',
      'g@@..',
      'g@@a\nb',
      'g@@a@@b',
      'g@@a@@*',
      'g@*',
      'DEFAULT_GROUP@*',
      'x'.repeat(600),
    ]) {
      expect(ServicePattern.safeParse(text).success, JSON.stringify(text)).toBe(false);
    }
  });
});

it('[A4] a valid grant is accepted', () => {
  for (const grant of [
    { scope: 'admin', ns: '*' },
    { scope: 'read', ns: 'shop' },
    { scope: 'register', ns: 'shop', services: ['DEFAULT_GROUP@@orders*'] },
  ]) {
    expect(Grant.parse(grant), JSON.stringify(grant)).toEqual(grant);
  }
});

it('[A4] an invalid grant is refused', () => {
  for (const grant of [
    { scope: 'write', ns: 'shop' },
    { scope: 'read' },
    { scope: 'read', ns: '' },
    { scope: 'read', ns: 'sh*' },
    { scope: 'read', ns: 'shop', services: [] },
    { scope: 'read', ns: 'shop', services: ['orders'] },
    { scope: 'read', ns: 'shop', service: ['g@@orders'] },
    { scope: 'admin', ns: 'shop', services: ['g@@orders'] },
    { scope: 'metrics', ns: 'shop', services: ['g@@orders'] },
  ]) {
    expect(Grant.safeParse(grant).success, JSON.stringify(grant)).toBe(false);
  }
});

describe('keys of a grant', () => {
  const grant = (more: object) => Grant.safeParse({ scope: 'read', ns: 'shop', ...more });

  it('[KV12] are patterns of keys, exact or with a trailing *', () => {
    for (const keys of [['config/*'], ['*'], ['a', 'b\u0000', 'größe*']]) expect(grant({ keys }).success).toBe(true);
    for (const keys of [[], [''], ['a*b'], ['**'], ['\ud800'], ['k'.repeat(4_097)]]) {
      expect(grant({ keys }).success, JSON.stringify(keys).slice(0, 20)).toBe(false);
    }
    expect(grant({ keys: ['a'], scope: 'admin' }).success).toBe(false);
    expect(grant({ services: [] }).success).toBe(false);
  });

  it('[KV12, U9] give an earlier version, which ignores them, no access to services', () => {
    expect(grant({ keys: ['a'] }).data).toEqual({ scope: 'read', ns: 'shop', services: [], keys: ['a'] });
    const both = { scope: 'read', ns: 'shop', services: ['g@@s'], keys: ['a'] };
    expect(grant(both).data).toEqual(both);
    expect(grant({}).data).toEqual({ scope: 'read', ns: 'shop' });
  });
});
