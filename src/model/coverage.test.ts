import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGroup, matchesService } from './coverage';

const orders = { group: 'DEFAULT_GROUP', service: 'orders' };

describe('matchesService', () => {
  it('[A4] decides which patterns match a service', () => {
    for (const [pattern, matches] of [
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
    ] as const) {
      expect(matchesService(pattern, orders), JSON.stringify(pattern)).toBe(matches);
    }
  });
});

describe('separate group and service', () => {
  it('[A50] compares group and service separately', () => {
    for (const [pattern, key] of [
      ['DEFAULT_GROUP@@*', { group: 'DEFAULT_GROUP@', service: 'orders' }],
      ['a@@@b', { group: 'a@', service: 'b' }],
      ['a@@@*', { group: 'a@', service: 'b' }],
      ['a@@b@@*', { group: 'a@@b', service: 'c' }],
      ['eu@@orders', { group: 'DEFAULT_GROUP', service: 'eu@@orders' }],
    ] as const) {
      expect(matchesService(pattern, key), JSON.stringify(pattern)).toBe(false);
      expect(matchesGroup(pattern, key.group)).toBe(false);
    }
  });

  it('[A51] matches a group of an earlier version that ends in @ by its prefix', () => {
    expect(matchesService('a*', { group: 'a@', service: 'b' })).toBe(true);
    expect(matchesGroup('a*', 'a@')).toBe(true);
  });

  const text = fc.string({ unit: fc.constantFrom('@', '@@', 'a', 'b', '*'), maxLength: 8 });

  it('[A50] gives no pattern, accepted or stored, more than it matched when names were compared joined', () => {
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
  it('[A4] decides which patterns match a whole group', () => {
    for (const [pattern, matches] of [
      ['*', true],
      ['DEF*', true],
      ['DEFAULT_GROUP@@*', true],
      ['DEFAULT_GROUP*', true],
      ['DEFAULT_GROUP@@o*', false],
      ['DEFAULT_GROUP@@orders', false],
      ['other@@*', false],
    ] as const) {
      expect(matchesGroup(pattern, 'DEFAULT_GROUP'), JSON.stringify(pattern)).toBe(matches);
    }
  });
});
