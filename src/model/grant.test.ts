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
