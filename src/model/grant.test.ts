import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Grant, matchesGroup, matchesService, ServicePattern } from './grant';

const orders = { group: 'DEFAULT_GROUP', service: 'orders' };

describe('ServicePattern', () => {
  it.each(['*', 'g*', 'g@@*', 'g@@orders', 'g@@orders*', 'g@@@a', 'g@a@@b', 'DEFAULT_GROUP@@orders.v1*'])(
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
    'g@@a@@b',
    'g@@a@@*',
    'g@*',
    'DEFAULT_GROUP@*',
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
    ['DEFAULT_GROUP@*', false],
  ])('[A4] %j of orders: %j', (pattern, matches) => {
    expect(matchesService(pattern, orders)).toBe(matches);
  });
});

describe('group and service apart', () => {
  it.each([
    ['DEFAULT_GROUP@@*', { group: 'DEFAULT_GROUP@', service: 'orders' }],
    ['a@@@b', { group: 'a@', service: 'b' }],
    ['a@@@*', { group: 'a@', service: 'b' }],
    ['a@@b@@*', { group: 'a@@b', service: 'c' }],
    ['eu@@orders', { group: 'DEFAULT_GROUP', service: 'eu@@orders' }],
  ])('[A50] %j does not reach %j', (pattern, key) => {
    expect(matchesService(pattern, key)).toBe(false);
    expect(matchesGroup(pattern, key.group)).toBe(false);
  });

  it('[A51] reaches a group of an earlier version that ends in @ by what it begins with', () => {
    expect(matchesService('a*', { group: 'a@', service: 'b' })).toBe(true);
    expect(matchesGroup('a*', 'a@')).toBe(true);
  });

  const text = fc.string({ unit: fc.constantFrom('@', '@@', 'a', 'b', '*'), maxLength: 8 });

  it('[A50] gives no pattern, accepted or stored, what it did not name while names were compared joined', () => {
    const reached = (pattern: string, name: string) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
    fc.assert(
      fc.property(text, text, text, (pattern, group, service) => {
        if (matchesService(pattern, { group, service })) expect(reached(pattern, `${group}@@${service}`)).toBe(true);
        if (matchesGroup(pattern, group)) expect(pattern.endsWith('*') && reached(pattern, `${group}@@`)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
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

it.each([
  { scope: 'admin', ns: '*' },
  { scope: 'read', ns: 'shop' },
  { scope: 'register', ns: 'shop', services: ['DEFAULT_GROUP@@orders*'] },
])('[A4] takes %j', (grant) => expect(Grant.parse(grant)).toEqual(grant));

it.each([
  { scope: 'write', ns: 'shop' },
  { scope: 'read' },
  { scope: 'read', ns: '' },
  { scope: 'read', ns: 'sh*' },
  { scope: 'read', ns: 'shop', services: [] },
  { scope: 'read', ns: 'shop', services: ['orders'] },
  { scope: 'read', ns: 'shop', service: ['g@@orders'] },
  { scope: 'admin', ns: 'shop', services: ['g@@orders'] },
  { scope: 'metrics', ns: 'shop', services: ['g@@orders'] },
])('[A4] refuses %j', (grant) => expect(Grant.safeParse(grant).success).toBe(false));
