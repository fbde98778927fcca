import { describe, expect, it } from 'vitest';
import { matchesGroup, matchesService, ServicePattern } from './service-pattern';

const orders = { group: 'DEFAULT_GROUP', service: 'orders' };

describe('ServicePattern', () => {
  it.each(['*', 'g*', 'g@@*', 'g@@orders', 'g@@orders*', 'g@@a@@b', 'DEFAULT_GROUP@@orders.v1*'])(
    'takes %j',
    (text) => {
      expect(ServicePattern.parse(text)).toBe(text);
    },
  );

  it.each([
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
    'x'.repeat(600),
  ])('refuses %j', (text) => expect(ServicePattern.safeParse(text).success).toBe(false));
});

describe('matchesService', () => {
  it.each([
    ['*', true],
    ['DEFAULT_*', true],
    ['DEFAULT_GROUP@@*', true],
    ['DEFAULT_GROUP@@orders', true],
    ['DEFAULT_GROUP@@orders*', true],
    ['DEFAULT_GROUP@@order', false],
    ['DEFAULT_GROUP@@order*', true],
    ['DEFAULT_GROUP@@orders-eu*', false],
    ['DEFAULT_GROUP@@Orders', false],
    ['other@@orders', false],
    ['other*', false],
  ])('[A4] %j of orders: %j', (pattern, matches) => {
    expect(matchesService(pattern, orders)).toBe(matches);
  });
});

describe('matchesGroup', () => {
  it.each([
    ['*', true],
    ['DEF*', true],
    ['DEFAULT_GROUP@@*', true],
    ['DEFAULT_GROUP*', true],
    ['DEFAULT_GROUP@@o*', false],
    ['DEFAULT_GROUP@@orders', false],
    ['other@@*', false],
  ])('[A4] %j of the whole default group: %j', (pattern, matches) => {
    expect(matchesGroup(pattern, 'DEFAULT_GROUP')).toBe(matches);
  });
});
